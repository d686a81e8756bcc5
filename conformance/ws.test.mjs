// The stock graphql-ws client against the real binary: it is told of what
// happens, misses nothing over a restart, and never storms.
import { after, afterEach, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { customer, install, post, signIn, staff, start } from './server.mjs';

// connect makes a stock client that counts what it does; options are its own.
function connect(url, connectionParams, options = {}) {
  const seen = { connecting: 0, opened: 0, closed: [] };
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams,
    on: {
      connecting: () => seen.connecting++,
      opened: () => seen.opened++,
      closed: (event) => seen.closed.push(event.code),
    },
    ...options,
  });
  return { client, seen };
}

async function until(what, look, timeout = 30_000) {
  const end = Date.now() + timeout;
  while (!look()) {
    if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${what}`);
    await sleep(50);
  }
}

describe('refused sign-in', () => {
  let site;
  let server;
  const clients = [];
  before(async () => {
    site = await install();
    server = await start(site);
  });
  afterEach(() => clients.splice(0).forEach((c) => c.dispose()));
  after(async () => {
    await server?.stop();
    await site?.remove();
  });

  test('a token nobody knows ends the client after one attempt, with 4401', async () => {
    const { client, seen } = connect(server.socketURL, { authorization: 'Bearer nobody-knows-this-token' });
    clients.push(client);
    const failure = await new Promise((resolve, reject) =>
      client.subscribe({ query: '{ __typename }' }, { next: reject, error: resolve, complete: reject }),
    );
    assert.equal(failure.code, 4401);
    await sleep(3000);
    assert.equal(seen.connecting, 1);
    assert.deepEqual(seen.closed, [4401]);
  });

  test('a malformed connection_init ends the client after one attempt, with 4400', async () => {
    const { client, seen } = connect(server.socketURL, { authorization: 42 });
    clients.push(client);
    const failure = await new Promise((resolve, reject) =>
      client.subscribe({ query: '{ __typename }' }, { next: reject, error: resolve, complete: reject }),
    );
    assert.equal(failure.code, 4400);
    await sleep(2000);
    assert.equal(seen.connecting, 1);
  });

  test('a query over the socket is answered and completed', async () => {
    const { client } = connect(server.socketURL);
    clients.push(client);
    const answers = [];
    for await (const answer of client.iterate({ query: '{ __typename }' })) answers.push(answer);
    assert.deepEqual(answers, [{ data: { __typename: 'Query' } }]);
  });
});

// The example server of internal/web knows neither sign-in nor notifications.
const whole = !process.env.KABINET_EXAMPLE;

describe('notifications', { skip: !whole && 'the example server has no accounts' }, () => {
  let site;
  let server;
  let token;
  let staffToken;
  let ticketId;
  let cursorType;

  before(async () => {
    site = await install();
    server = await start(site);
    token = await signIn(server.url, customer);
    staffToken = await signIn(server.url, staff);
    const opened = await post(
      server.url,
      'mutation { openTicket(input: {subject: "Conformance", body: "Please answer", orderId: null}) { ticket { id } userErrors { code } } }',
      {},
      token,
    );
    ticketId = opened.data?.openTicket?.ticket?.id;
    assert.ok(ticketId, JSON.stringify(opened));
    const schema = await post(
      server.url,
      '{ __type(name: "Subscription") { fields { name args { name type { name } } } } }',
      {},
      token,
    );
    const field = schema.data.__type.fields.find((f) => f.name === 'notificationAdded');
    cursorType = field.args.find((a) => a.name === 'after').type.name;
  });

  after(async () => {
    await server?.stop();
    await site?.remove();
  });

  async function reply(body) {
    const answer = await post(
      server.url,
      'mutation ($id: ID!, $body: String!) { replyToTicket(input: {ticketId: $id, body: $body}) { message { id } userErrors { code } } }',
      { id: ticketId, body },
      staffToken,
    );
    assert.ok(answer.data?.replyToTicket?.message?.id, JSON.stringify(answer));
  }

  // listen follows notificationAdded and keeps variables.after up to date: the
  // client sends the same object again when it comes back.
  function listen(bearer, options) {
    const { client, seen } = connect(server.socketURL, { authorization: `Bearer ${bearer}` }, options);
    const got = [];
    const end = {};
    const variables = { after: null };
    client.subscribe(
      {
        query: `subscription ($after: ${cursorType}) {
          notificationAdded(after: $after) { cursor unreadCount notification { id topic title body createdAt } }
        }`,
        variables,
      },
      {
        next: ({ data, errors }) => {
          if (errors) end.errors = errors;
          const added = data?.notificationAdded;
          if (!added) return;
          variables.after = added.cursor;
          if (added.notification) got.push(added);
        },
        error: (error) => (end.error = error),
        complete: () => (end.complete = true),
      },
    );
    return { client, seen, got, end };
  }

  const ids = (got) => got.map((g) => g.notification.id);

  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`nothing is missed or repeated when the server is ended by ${signal}`, async () => {
      const stream = listen(token, { retryAttempts: 10 });
      try {
        await until('the first connection', () => stream.seen.opened === 1);
        await sleep(500);
        await reply(`before ${signal}`);
        await until('the first notification', () => stream.got.length === 1);

        const left = await server.stop(signal);
        if (signal === 'SIGTERM') {
          assert.equal(left.code, 0, 'a drained server leaves with 0');
          assert.deepEqual(stream.seen.closed, [1012], 'a drain is a restart, not an end');
        }
        assert.equal(stream.end.complete, undefined, 'a drain must not complete streams');

        server = await start(site);
        // While the client is still waiting to come back.
        await reply(`between ${signal} one`);
        await reply(`between ${signal} two`);
        await until('the missed notifications', () => stream.got.length >= 3, 60_000);
        await reply(`after ${signal}`);
        await until('the newest notification', () => stream.got.length >= 4);
        await sleep(1000);

        assert.equal(stream.got.length, 4);
        assert.equal(new Set(ids(stream.got)).size, 4, 'nothing comes twice');
        assert.deepEqual(stream.end, {});
        assert.ok(stream.seen.connecting <= 6, `${stream.seen.connecting} connections: a storm`);
      } finally {
        await stream.client.dispose();
      }
    });
  }

  test('a sign-out ends the stream within five seconds, and without a storm', async () => {
    const bearer = await signIn(server.url, customer);
    const stream = listen(bearer);
    try {
      await until('the connection', () => stream.seen.opened === 1);
      await sleep(500);
      await post(server.url, 'mutation { signOut { __typename } }', {}, bearer);
      await until('the end of the stream', () => stream.seen.closed.length > 0, 5000);
      assert.equal(stream.seen.closed[0], 4401);
      await sleep(3000);
      assert.equal(stream.seen.connecting, 1);
      assert.ok(stream.end.error, 'the sink hears of it');
    } finally {
      await stream.client.dispose();
    }
  });
});
