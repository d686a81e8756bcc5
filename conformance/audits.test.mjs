// All audits of the npm package graphql-http, none left out: 61 of 61.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { serverAudits } from 'graphql-http';
import { install, start } from './server.mjs';

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

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => server.url, fetchFn: fetch });

  test('there are 61 audits', () => assert.equal(audits.length, 61));

  for (const audit of audits) {
    test(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      assert.equal(result.status, 'ok', result.reason);
    });
  }
});
