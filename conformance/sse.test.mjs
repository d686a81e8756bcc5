// The stock graphql-sse client, and the EventSource of a browser, against the
// real binary: both miss nothing over a restart, and neither storms.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-sse';
import { launch, signInByCookie, visit } from './chromium.mjs';
import { customer, install, post, signIn, start } from './server.mjs';
import { openTicket, reply, subscription, until } from './tickets.mjs';

const retry = () => sleep(300);

describe('graphql-sse', { skip: process.env.KABINET_EXAMPLE && 'the example server has no accounts' }, () => {
  let site;
  let server;
  let ticket;

  before(async () => {
    site = await install();
    server = await start(site);
    ticket = await openTicket(server.url);
  });
  after(async () => {
    await server?.stop();
    await site?.remove();
  });

  // listen keeps variables.after up to date: the client sends the same object
  // again when it comes back.
  function listen(token, options) {
    const seen = { connecting: 0, connected: 0 };
    const got = [];
    const end = {};
    const client = createClient({
      url: server.url,
      headers: { authorization: `Bearer ${token}` },
      retryAttempts: 40,
      retry,
      on: { connecting: () => seen.connecting++, connected: () => seen.connected++ },
      ...options,
    });
    const variables = { after: null };
    client.subscribe(
      { query: subscription, variables },
      {
        next: ({ data, errors }) => {
          if (errors) end.errors = errors;
          const added = data?.notificationAdded;
          if (!added) return;
          variables.after = added.cursor;
          got.push(added.notification.id);
        },
        error: (error) => (end.error = error),
        complete: () => (end.complete = true),
      },
    );
    return { client, seen, got, end };
  }

  test('a query and a mutation are answered and completed', async () => {
    const client = createClient({ url: server.url, headers: { authorization: `Bearer ${ticket.token}` } });
    const answers = [];
    for await (const answer of client.iterate({ query: '{ me { displayName } }' })) answers.push(answer);
    assert.equal(answers.length, 1);
    assert.ok(answers[0].data.me.displayName);
    for await (const answer of client.iterate({ query: 'mutation { markAllNotificationsRead(input: {}) { __typename } }' })) answers.push(answer);
    assert.equal(answers.length, 2);
    client.dispose();
  });

  test('what cannot be run, and who may not, is told once and not asked again', async () => {
    for (const [token, query, code] of [
      [ticket.token, 'subscription { nothing }', 'INVALID_REQUEST'],
      ['nobody-knows-this-token', subscription, 'UNAUTHENTICATED'],
    ]) {
      let connecting = 0;
      const client = createClient({ url: server.url, headers: { authorization: `Bearer ${token}` }, retry, on: { connecting: () => connecting++ } });
      const answers = [];
      for await (const answer of client.iterate({ query })) answers.push(answer);
      assert.deepEqual(answers.map((a) => a.errors?.[0]?.extensions?.code), [code]);
      await sleep(1000);
      assert.equal(connecting, 1);
      client.dispose();
    }
  });

  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`nothing is missed or repeated when the server is ended by ${signal}`, async () => {
      const stream = listen(ticket.token);
      try {
        await until('the connection', () => stream.seen.connected === 1);
        await reply(server.url, ticket, `before ${signal}`);
        await until('the first notification', () => stream.got.length === 1);
        const left = await server.stop(signal);
        if (signal === 'SIGTERM') assert.equal(left.code, 0, 'a drained server leaves with 0');
        assert.deepEqual(stream.end, {}, 'a drain completes no stream');
        server = await start(site);
        await reply(server.url, ticket, `between ${signal} one`);
        await reply(server.url, ticket, `between ${signal} two`);
        await until('the missed notifications', () => stream.got.length >= 3, 60_000);
        await reply(server.url, ticket, `after ${signal}`);
        await until('the newest notification', () => stream.got.length >= 4);
        await sleep(1000);
        assert.equal(stream.got.length, 4);
        assert.equal(new Set(stream.got).size, 4, 'nothing comes twice');
        assert.deepEqual(stream.end, {});
      } finally {
        stream.client.dispose();
      }
    });
  }

  test('a sign-out ends the stream within five seconds, for good', async () => {
    const token = await signIn(server.url, customer);
    const stream = listen(token);
    try {
      await until('the connection', () => stream.seen.connected === 1);
      await post(server.url, 'mutation { signOut { __typename } }', {}, token);
      await until('the end of the stream', () => stream.end.complete, 5000);
      assert.equal(stream.end.errors?.[0]?.extensions?.code, 'UNAUTHENTICATED');
      await sleep(2000);
      assert.equal(stream.seen.connecting, 1);
    } finally {
      stream.client.dispose();
    }
  });
});

describe('EventSource in Chromium', { skip: process.env.KABINET_EXAMPLE && 'the example server has no accounts' }, () => {
  let site;
  let server;
  let browser;
  let page;
  let ticket;

  before(async () => {
    site = await install();
    server = await start(site);
    ticket = await openTicket(server.url);
    browser = await launch();
    page = await visit(browser, server.url);
    assert.ok(await signInByCookie(page, customer), 'the cookie is taken');
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await site?.remove();
  });

  const got = () => page.evaluate(() => window.got);

  test('goes on after a restart by Last-Event-ID, with the cookie and an address that never changes', async () => {
    await page.evaluate((query) => {
      window.got = [];
      window.ends = { opened: 0, completed: 0 };
      const source = new EventSource(`/graphql?query=${encodeURIComponent(query)}`);
      source.onopen = () => window.ends.opened++;
      source.addEventListener('next', (event) => {
        const added = JSON.parse(event.data).data.notificationAdded;
        window.got.push({ id: added.notification.id, same: event.lastEventId === added.cursor });
      });
      source.addEventListener('complete', () => window.ends.completed++);
      window.source = source;
    }, subscription);
    await until('the stream', () => page.evaluate(() => window.ends.opened === 1));
    await reply(server.url, ticket, 'before');
    await until('the first notification', async () => (await got()).length === 1);
    await server.stop();
    server = await start(site);
    await reply(server.url, ticket, 'between one');
    await reply(server.url, ticket, 'between two');
    await until('the missed notifications', async () => (await got()).length >= 3, 60_000);
    await reply(server.url, ticket, 'after');
    await until('the newest notification', async () => (await got()).length >= 4);
    await sleep(1000);
    const all = await got();
    assert.equal(all.length, 4);
    assert.equal(new Set(all.map((n) => n.id)).size, 4, 'nothing comes twice');
    assert.ok(all.every((n) => n.same), 'the id of each event is its cursor');
    assert.equal(await page.evaluate(() => window.ends.completed), 0);
  });

  test('hears "complete" when its session ends, and may close', async () => {
    const last = page.evaluate(
      () =>
        new Promise((resolve) => {
          let code;
          window.source.addEventListener('next', (event) => {
            code = JSON.parse(event.data).errors?.[0]?.extensions?.code ?? code;
          });
          window.source.addEventListener('complete', () => {
            window.source.close();
            resolve(code);
          });
        }),
    );
    await page.evaluate(() =>
      fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: 'mutation { signOut { __typename } }' }) }),
    );
    assert.equal(await Promise.race([last, sleep(8000)]), 'UNAUTHENTICATED');
  });
});
