import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createLive } from '../dist/index.js';
import { parser } from '../dist/parser.js';
import { settle, sink, sockets, streams, world } from './world.mjs';

const url = 'https://account.example.com/graphql';
const query = 'subscription ($after: StreamCursor) { added(after: $after) { cursor n } }';

function begin(options = {}) {
  const w = world();
  const ws = sockets();
  const es = streams();
  const live = createLive({ url, WebSocket: ws.Socket, fetch: es.fetch, surroundings: w.surroundings, ...options });
  return { w, ws, es, live };
}

test('events are read however they are cut', () => {
  const text = ': hello\r\nretry: 5\n\nevent: next\nid: 1\ndata: {"a":\ndata: "é"}\n\n:\n\nevent:complete\r\ndata:\r\n\r\nevent: torn';
  const want = [{ event: 'next', data: '{"a":\n"é"}' }, { event: 'complete', data: '' }];
  assert.deepEqual(parser()(text), want);
  for (let size = 1; size < 9; size++) {
    const parse = parser();
    const got = [];
    for (let i = 0; i < text.length; i += size) got.push(...parse(text.slice(i, i + size)));
    assert.deepEqual(got, want, `in pieces of ${size}`);
  }
});

test('where no socket opens, event streams are used, with the same cursor', async () => {
  const { ws, es, live, w } = begin({ getToken: () => 'secret', company: 'comp_1' });
  const one = sink();
  const two = sink();
  live.subscribe({ query, after: 'c0' }, one);
  const second = live.subscribe({ query }, two);
  await settle();
  ws.last().end(1006);
  await w.pass(1000);
  ws.last().end(1006);
  await w.pass(2000);
  assert.equal(ws.all.length, 2);
  assert.equal(es.all.length, 2, 'a stream each');
  const [a, b] = es.all;
  assert.equal(a.url, url);
  assert.deepEqual({ ...a.init.headers }, { accept: 'text/event-stream', 'content-type': 'application/json', authorization: 'Bearer secret', 'x-kabinet-company': 'comp_1' });
  assert.equal(a.init.credentials, 'include');
  assert.deepEqual(a.body, { query, variables: { after: 'c0' } });
  a.open();
  b.open();
  await settle();
  assert.equal(live.state, 'open');
  a.next('c1');
  a.say(':\n\n');
  await settle();
  assert.deepEqual(one.got.values, ['c1']);
  second.unsubscribe();
  assert.ok(b.aborted);
  a.end(); // a restart
  await w.pass(2000);
  assert.equal(ws.all.length, 3, 'a socket has one chance');
  ws.last().end(1006);
  await w.pass(5000);
  assert.equal(es.all.length, 3);
  assert.equal(es.last().body.variables.after, 'c1');
  es.last().open();
  await settle();
  es.last().next('c1'); // told before
  es.last().next('c2');
  await settle();
  assert.deepEqual(one.got.values, ['c1', 'c2']);
  // The network changes: a socket may open now.
  es.last().end();
  await settle();
  w.online();
  await settle();
  assert.equal(ws.all.length, 4);
});

// onEvents begins with subscriptions over event streams, for no socket opens.
async function onEvents(n, options) {
  const begun = begin(options);
  const sinks = [];
  for (let i = 0; i < n; i++) begun.live.subscribe({ query }, (sinks[i] = sink()));
  await settle();
  for (let i = 0; i < 2; i++) {
    begun.ws.last().end(1006);
    await begun.w.pass(2000);
  }
  assert.equal(begun.es.all.length, n);
  return { ...begun, sinks };
}

test('what the server itself says to a socket does not lead to event streams', async () => {
  for (const code of [1012, 1013, 4403, 4408, 4429]) {
    const { ws, es, live, w } = begin();
    live.subscribe({ query }, sink());
    await settle();
    for (let i = 1; i <= 5; i++) {
      assert.equal(ws.all.length, i);
      ws.last().end(code); // before it was acknowledged
      for (let s = 0; s < 40 && ws.all.length === i; s++) await w.pass(1000);
    }
    assert.equal(ws.all.length, 6);
    assert.equal(es.all.length, 0, `${code}`);
  }
});

test('where a socket opens again, it takes over from the event streams', async () => {
  const { ws, es, live, w, sinks: [one] } = await onEvents(1, { times: { retry: 20_000 } });
  es.last().open();
  await settle();
  es.last().next('c1');
  await w.pass(20_000);
  assert.equal(ws.all.length, 3);
  ws.last().end(1006); // not yet
  await settle();
  es.last().next('c2');
  await settle();
  assert.equal(live.state, 'open', 'the event stream runs on');
  await w.pass(20_000);
  assert.equal(ws.all.length, 4);
  es.last().next('c3');
  await settle();
  ws.last().open();
  await settle();
  assert.ok(es.last().aborted);
  const [run] = ws.last().subscribed();
  assert.equal(run.payload.variables.after, 'c3');
  ws.last().next(run.id, 'c4');
  assert.deepEqual(one.got.values, ['c1', 'c2', 'c3', 'c4']);
  await w.pass(20_000);
  assert.equal(ws.all.length, 4);
  live.close();
  assert.equal(w.timers(), 0);
});

test('an attempt at a socket goes with the event streams it was made beside', async () => {
  const { ws, es, live, w } = await onEvents(1, { times: { retry: 20_000 } });
  es.last().open();
  await w.pass(20_000);
  assert.equal(ws.all.length, 3);
  live.close();
  await settle();
  assert.equal(ws.last().closed, 1000);
  assert.equal(w.timers(), 0);
});

test('a stream that finds no place waits alone, the others run on', async () => {
  const { es, live, w, sinks } = await onEvents(4);
  const [a, full, down, queued] = es.all;
  a.open();
  full.refuse(429, 'RATE_LIMITED', { 'retry-after': '20' });
  down.refuse(503, 'UNAVAILABLE');
  await settle();
  assert.equal(live.state, 'open');
  await w.pass(1000);
  assert.equal(es.all.length, 5, 'one soon');
  const again = es.last();
  again.open();
  await w.pass(7000);
  assert.equal(es.all.length, 5);
  await w.pass(1000); // ten seconds in all
  assert.ok(queued.aborted, 'a browser has six connections');
  a.say(':\n\n');
  again.next('d1');
  await w.pass(9000);
  assert.equal(es.all.length, 6, 'the queued one');
  es.last().open();
  await w.pass(1000);
  assert.equal(es.all.length, 6, 'the other as long as it was told');
  for (let i = 0; i < 4; i++) {
    for (const one of [a, again, es.all[5]]) one.say(':\n\n');
    await w.pass(5000);
  }
  assert.equal(es.all.length, 7, 'and a long wait besides');
  es.last().open();
  await settle();
  a.next('c1');
  es.last().next('b1');
  await settle();
  assert.deepEqual(sinks.map((s) => s.got.values), [['c1'], ['b1'], ['d1'], []]);
  assert.deepEqual(sinks.map((s) => s.got.error), [null, null, null, null]);
  assert.ok(!a.aborted && !again.aborted && !es.all[5].aborted, 'nobody was torn');
});

test('when none has a place, all wait as long as they are told', async () => {
  const { ws, es, live, w } = await onEvents(2);
  for (const one of es.all) one.refuse(429, 'RATE_LIMITED', { 'retry-after': '20' });
  await settle();
  assert.equal(live.state, 'waiting');
  const n = ws.all.length;
  await w.pass(20_000);
  assert.equal(ws.all.length, n);
  await w.pass(17_000);
  assert.equal(ws.all.length, n + 1, 'a socket takes one place for both');
});

test('a socket that may not even be made is one that does not open', async () => {
  const { ws, es, live, w } = begin();
  ws.Socket.forbidden = true;
  live.subscribe({ query }, sink());
  await w.pass(10_000);
  assert.equal(es.all.length, 1);
  es.last().lose(); // neither way: a socket is tried again
  ws.Socket.forbidden = false;
  await w.pass(10_000);
  assert.equal(ws.all.length, 1);
});

test('errors, ends and refusals', async () => {
  const cases = {
    UNAUTHENTICATED: (s) => (s.open(), settle().then(() => s.fail('UNAUTHENTICATED'))),
    FORBIDDEN: (s) => s.refuse(403, 'FORBIDDEN'),
    INVALID_REQUEST: (s) => s.refuse(400, 'INVALID_REQUEST'),
  };
  for (const [code, happens] of Object.entries(cases)) {
    const { es, live, w } = begin({ ws: false });
    const one = sink();
    live.subscribe({ query }, one);
    await settle();
    await happens(es.last());
    await w.pass(600_000);
    assert.equal(one.got.error?.code, code);
    assert.equal(es.all.length, 1, `${code} is not tried again`);
  }
  const { es, live, w } = begin({ ws: false });
  const one = sink();
  live.subscribe({ query }, one);
  await settle();
  es.last().refuse(429, 'RATE_LIMITED', { 'retry-after': '20' });
  await w.pass(19_000);
  assert.equal(es.all.length, 1);
  await w.pass(17_000); // what it was told, and a long wait besides
  assert.equal(es.all.length, 2);
  es.last().refuse(503, 'UNAVAILABLE');
  await w.pass(16_000);
  es.last().open();
  await settle();
  es.last().say('event: complete\ndata:\n\n');
  await settle();
  assert.ok(one.got.completed);
  assert.equal(live.state, 'idle');
});

test('a locked session asks for another token', async () => {
  const asked = [];
  const { es, live, w } = begin({ ws: false, getToken: ({ refresh }) => `token${asked.push(refresh)}` });
  const one = sink();
  live.subscribe({ query }, one);
  await settle();
  es.last().open();
  await settle();
  es.last().fail('SESSION_LOCKED');
  await w.pass(2000);
  assert.deepEqual(asked, [false, true]);
  assert.equal(es.last().init.headers.authorization, 'Bearer token2');
  assert.equal(one.got.error, null);
});

test('a silent stream is given up, one that only breathes is not', async () => {
  const { es, live, w } = begin({ ws: false });
  live.subscribe({ query }, sink());
  await w.pass(10_000); // not even an answer
  assert.ok(es.all[0].aborted);
  await w.pass(1000);
  const second = es.last();
  second.open();
  for (let i = 0; i < 10; i++) {
    await w.pass(25_000);
    second.say(':\n\n');
    await settle();
  }
  assert.ok(!second.aborted);
  await w.pass(60_000);
  assert.ok(second.aborted);
  await w.pass(5000);
  assert.equal(es.all.length, 3);
});
