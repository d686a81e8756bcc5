// The stock graphql-ws client names documents of the manifest that
// graphql-codegen wrote, on a server that takes no others.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { customer, install, post, signIn, start } from './server.mjs';

const manifest = fileURLToPath(new URL('../graph/testdata/trusted/codegen.json', import.meta.url));
const documents = JSON.parse(readFileSync(manifest, 'utf8'));
const idOf = (name) => Object.keys(documents).find((id) => documents[id].includes(` ${name}`));

describe('trusted documents', { skip: process.env.KABINET_EXAMPLE && 'the example server has no accounts' }, () => {
  let site;
  let server;
  let client;
  before(async () => {
    site = await install();
    server = await start(site);
    const token = await signIn(server.url, customer);
    await server.stop();
    server = await start(site, { env: { KABINET_TRUSTED_DOCUMENTS: manifest, KABINET_TRUSTED_DOCUMENTS_ONLY: 'true' } });
    client = createClient({ url: server.socketURL, webSocketImpl: WebSocket, connectionParams: { authorization: `Bearer ${token}` } });
  });
  after(async () => {
    client?.dispose();
    await server?.stop();
    await site?.remove();
  });

  const first = async (payload) => {
    for await (const answer of client.iterate(payload)) return answer;
    return undefined;
  };

  // The client wants a query in each payload; an empty one is none.
  test('documentId over the socket', async () => {
    const { data, errors } = await first({ query: '', documentId: idOf('Dashboard'), variables: { orders: 1 } });
    assert.equal(errors, undefined);
    assert.equal(data.me.orders.nodes.length, 1);
  });

  test('the extension of Apollo over the socket', async () => {
    const sha256Hash = idOf('Dashboard').replace('sha256:', '');
    const { data } = await first({ query: '', extensions: { persistedQuery: { version: 1, sha256Hash } } });
    assert.ok(data.me.displayName);
  });

  test('any other text is refused, on socket and HTTP', async () => {
    await assert.rejects(
      () => first({ query: '{ __typename }' }),
      (errors) => errors[0].extensions.code === 'INVALID_REQUEST',
    );
    const answer = await post(server.url, '{ __typename }');
    assert.equal(answer.errors[0].extensions.code, 'INVALID_REQUEST');
  });
});
