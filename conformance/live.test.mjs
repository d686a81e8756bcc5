// clients/live in Chromium, through a wire that is cut again and again and over
// restarts of the server: every event once, in order; and the list is read
// again when the log does not reach back to the cursor.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, visit } from './chromium.mjs';
import { install, post, start } from './server.mjs';
import { openTicket, reply, subscription, until } from './tickets.mjs';

// wire is a way to the server that tests can cut.
async function wire(to) {
  const ends = new Set();
  let cuts = 0;
  const server = createServer((client) => {
    const { hostname, port } = new URL(to());
    const upstream = connect(Number(port), hostname);
    for (const end of [client, upstream]) {
      ends.add(end);
      end.on('error', () => {});
      end.on('close', () => {
        ends.delete(end);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    cut() {
      cuts++;
      for (const end of ends) end.destroy();
    },
    get cuts() {
      return cuts;
    },
    close() {
      for (const end of ends) end.destroy();
      server.close();
    },
  };
}

// crc32c is the checksum of a cursor.
function crc32c(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

// ofAnotherLog makes a cursor into one of a log that is gone, such as that of a
// database restored from before.
function ofAnotherLog(cursor) {
  const bytes = Buffer.from(cursor, 'base64url');
  bytes[2] = bytes[2] === 0x30 ? 0x31 : 0x30; // the first letter of the log's name
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes.toString('base64url');
}

describe('clients/live in Chromium', { skip: process.env.KABINET_EXAMPLE && 'the example server has no accounts' }, () => {
  let site;
  let server;
  let browser;
  let line;
  let ticket;
  const wrong = [];

  before(async () => {
    site = await install();
    server = await start(site);
    ticket = await openTicket(server.url);
    line = await wire(() => server.url);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    line?.close();
    await server?.stop();
    await site?.remove();
  });

  // listen begins a page that shows a list and follows what comes after it.
  async function listen(cursor, options = {}) {
    const page = await visit(browser, line.origin);
    page.on('pageerror', (error) => wrong.push(String(error)));
    await page.evaluate(
      async ({ token, cursor, options, query }) => {
        const { createLive, memoryStorage } = await import('/page/live/index.js');
        Object.assign(window, { events: [], reads: 0, from: null, ends: [], transports: [] });
        // Position first, list second: what comes between them comes twice at worst, and here not at all.
        const read = async () => {
          const response = await fetch('/graphql', {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
            body: JSON.stringify({ query: '{ me { streamPosition notifications(first: 1) { nodes { id } } } }' }),
          });
          const { data } = await response.json();
          window.reads++;
          window.events = [];
          window.from = data.me.notifications.nodes[0]?.id ?? null;
          return data.me.streamPosition;
        };
        const storage = memoryStorage();
        if (cursor) storage.set('feed', cursor);
        window.live = createLive({
          url: '/graphql', getToken: () => token, storage, times: { base: 200, ceiling: 1000 }, ...options,
          onState: (state, transport) => transport && window.transports.push(transport),
        });
        window.live.subscribe(
          { query, key: 'feed', after: read, onExpired: read },
          {
            next: ({ data }) => window.events.push(data.notificationAdded.notification.id),
            error: (error) => window.ends.push(`${error.code} ${error.message}`),
            complete: () => window.ends.push('complete'),
          },
        );
      },
      { token: ticket.token, cursor, options, query: subscription },
    );
    await until('the stream', () => page.evaluate(() => window.live.state === 'open' && window.reads > 0));
    return page;
  }

  // told are the ids of what came after one that is known, oldest first.
  async function told(from) {
    const { data } = await post(server.url, '{ me { notifications(first: 100) { nodes { id } } } }', {}, ticket.token);
    const ids = data.me.notifications.nodes.map((n) => n.id);
    return ids.slice(0, from ? ids.indexOf(from) : ids.length).reverse();
  }

  // write has staff answer until it worked.
  async function write(body) {
    for (;;) {
      try {
        await reply(server.url, ticket, body);
        return;
      } catch (error) {
        if (!/fetch failed|terminated|UNAVAILABLE/.test(String(error))) throw error;
        await sleep(100);
      }
    }
  }

  test('a cursor of a log that is gone has the list read, and the stream goes on', async () => {
    const { data } = await post(server.url, '{ me { streamPosition } }', {}, ticket.token);
    const page = await listen(ofAnotherLog(data.me.streamPosition));
    assert.equal(await page.evaluate(() => window.reads), 1);
    await write('after the list');
    await until('the event', () => page.evaluate(() => window.events.length === 1));
    assert.deepEqual(await page.evaluate(() => window.ends), []);
    await page.context().close();
  });

  test('every event once and in order, over cuts, a drain and a kill', async () => {
    const page = await listen(null);
    let writing = true;
    const writer = (async () => {
      for (let i = 0; writing && i < 90; i++) {
        await write(`number ${i}`);
        await sleep(60);
      }
    })();
    for (const harm of ['cut', 'cut', 'SIGTERM', 'cut', 'SIGKILL', 'cut', 'cut']) {
      await sleep(800);
      if (harm === 'cut') {
        line.cut();
        continue;
      }
      await server.stop(harm);
      await sleep(300);
      server = await start(site);
    }
    await sleep(500);
    writing = false;
    await writer;
    const from = await page.evaluate(() => window.from);
    const want = await told(from);
    assert.ok(want.length > 20, `${want.length} events prove little`);
    await until('the last event', () => page.evaluate((n) => window.events.length >= n, want.length));
    await sleep(500);
    assert.deepEqual(await page.evaluate(() => window.events), want);
    assert.equal(await page.evaluate(() => window.reads), 1, 'no list was read to come back');
    assert.deepEqual(await page.evaluate(() => window.ends), []);
    assert.equal(line.cuts, 5);
    await page.context().close();
  });

  test('where no WebSocket opens, event streams do', async () => {
    const page = await listen(null, { ws: 'ws://127.0.0.1:9/graphql' });
    assert.deepEqual(await page.evaluate(() => [...new Set(window.transports)]), ['sse']);
    await write('by event stream one');
    await until('the event', () => page.evaluate(() => window.events.length === 1));
    line.cut();
    await write('by event stream two');
    await until('the event after a cut', () => page.evaluate(() => window.events.length === 2));
    assert.deepEqual(await page.evaluate(() => window.events), await told(await page.evaluate(() => window.from)));
    await page.context().close();
  });

  test('nothing went wrong on the pages', () => assert.deepEqual(wrong, []));
});
