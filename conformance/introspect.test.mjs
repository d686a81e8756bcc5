// In development the standard introspection query of every client passes the
// limits: GraphiQL and code generators send it.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { buildClientSchema, getIntrospectionQuery } from 'graphql';
import { install, post, start } from './server.mjs';

let site;
let server;

before(async () => {
  site = await install();
  server = await start(site);
});

after(async () => {
  await server?.stop();
  await site?.remove();
});

test('the introspection query of graphql-js is answered', async () => {
  const query = getIntrospectionQuery({
    descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true,
  });
  const { data, errors } = await post(server.url, query);
  assert.deepEqual(errors, undefined);
  if (process.env.KABINET_EXAMPLE) return; // it has no introspection to answer with
  const schema = buildClientSchema(data);
  assert.ok(schema.getQueryType().getFields().me);
});

test('the page of GraphiQL and its assets are served', async () => {
  const root = server.url.replace('/graphql', '/');
  const page = await (await fetch(root)).text();
  for (const [path] of page.matchAll(/\/graphiql\/[a-z.]+/g)) {
    const asset = await fetch(new URL(path, root));
    assert.equal(asset.status, 200);
    assert.ok((await asset.text()).length > 100_000);
  }
});
