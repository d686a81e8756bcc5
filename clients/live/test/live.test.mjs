import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createLive, LiveError, memoryStorage, webStorage } from '../dist/index.js';
import { settle, sink, sockets, streams, world } from './world.mjs';

const url = 'https://account.example.com/graphql';
const query = 'subscription ($after: StreamCursor) { added(after: $after) { cursor n } }';

function begin(options = {}, around = {}) {
  const w = world(around);
  const ws = sockets();
  const es = streams();
  const states = [];
  const live = createLive({
    url, WebSocket: ws.Socket, fetch: es.fetch, surroundings: w.surroundings, onState: (state, transport) => states.push(transport ? `${state} ${transport}` : state), ...options,
  });
  return { w, ws, es, live, states };
}

test('several streams share one socket, which signs in once and is closed with the last', async () => {
  const { ws, live, w, states } = begin({ getToken: () => 'secret', company: 'comp_1' });
  const one = sink();
  const two = sink();
  const first = live.subscribe({ query, variables: { x: 1 }, operationName: 'A', extensions: { e: 1 } }, one);
  const second = live.subscribe({ query }, two);
  await settle();
  assert.equal(ws.all.length, 1);
  const socket = ws.last();
  assert.equal(socket.url, 'wss://account.example.com/graphql');
  assert.equal(socket.protocol, 'graphql-transport-ws');
  socket.open();
  await settle();
  assert.deepEqual(socket.sent[0], { type: 'connection_init', payload: { authorization: 'Bearer secret', company: 'comp_1' } });
  const [a, b] = socket.subscribed();
  assert.deepEqual(a.payload, { query, variables: { x: 1 }, operationName: 'A', extensions: { e: 1 } });
  assert.deepEqual(b.payload, { query, variables: {} });
  socket.next(a.id, 'c1');
  socket.next(b.id, 'd1');
  socket.next('99', 'x');
  assert.deepEqual([one.got.values, two.got.values], [['c1'], ['d1']]);
  assert.equal(first.cursor, 'c1');
  socket.say({ type: 'ping' });
  assert.deepEqual(socket.sent.at(-1), { type: 'pong' });
  first.unsubscribe();
  assert.deepEqual(socket.sent.at(-1), { id: a.id, type: 'complete' });
  socket.next(a.id, 'c2');
  assert.deepEqual(one.got.values, ['c1']);
  assert.equal(socket.closed, null);
  second.unsubscribe();
  assert.equal(socket.closed, 1000);
  assert.deepEqual(states, ['connecting', 'open ws', 'idle']);
  assert.equal(w.timers(), 0, 'nothing is left behind');
  assert.equal(w.watched, 0);
});

test('a cut is mended with the cursor, and nothing is told twice', async () => {
  const { ws, live, w } = begin();
  const one = sink();
  live.subscribe({ query, after: () => Promise.resolve('c0') }, one);
  await settle();
  ws.last().open();
  await settle();
  let [run] = ws.last().subscribed();
  assert.equal(run.payload.variables.after, 'c0');
  const old = ws.last();
  old.next(run.id, 'c1');
  old.next(run.id, 'c2');
  old.next(run.id, 'c2', 'a signal, which moves no cursor');
  old.next(run.id, 'c2', 'a signal, which moves no cursor');
  const late = old.onmessage;
  old.end(1012);
  late({ data: JSON.stringify({ id: run.id, type: 'next', payload: { data: { added: { cursor: 'c3', n: 'too late' } } } }) });
  await w.pass(500); // half of the first second
  assert.equal(ws.all.length, 2);
  ws.last().open();
  await settle();
  [run] = ws.last().subscribed();
  assert.equal(run.payload.variables.after, 'c2');
  ws.last().next(run.id, 'c2'); // a server that repeats itself
  ws.last().next(run.id, 'c2', 'another signal');
  ws.last().next(run.id, 'c3');
  assert.deepEqual(one.got.values, ['c1', 'c2', 'a signal, which moves no cursor', 'a signal, which moves no cursor', 'another signal', 'c3']);
});

test('waits double under a ceiling, by lot, and are short again after a good connection', async () => {
  const { ws, live, w } = begin({ sse: false, times: { ceiling: 8000 } }, { random: 0.999 });
  live.subscribe({ query }, sink());
  await settle();
  for (const most of [1000, 2000, 4000, 8000, 8000]) {
    const n = ws.all.length;
    ws.last().end(1006);
    await w.pass(most * 0.99);
    assert.equal(ws.all.length, n, `before ${most}`);
    await w.pass(most * 0.01);
    assert.equal(ws.all.length, n + 1, `after ${most}`);
  }
  ws.last().open();
  await w.pass(29_000);
  ws.last().end(1006); // not yet a good one
  await w.pass(7900);
  const n = ws.all.length;
  await w.pass(100);
  assert.equal(ws.all.length, n + 1);
  ws.last().open();
  ws.last().say({ type: 'pong' });
  await w.pass(30_000);
  ws.last().end(1012);
  await w.pass(1000);
  assert.equal(ws.all.length, n + 2);
});

test('the network that comes back is tried at once', async () => {
  const { ws, live, w } = begin({ sse: false });
  live.subscribe({ query }, sink());
  await settle();
  for (let i = 0; i < 6; i++) {
    ws.last().end(1006);
    if (i < 5) await w.pass(30_000);
  }
  const n = ws.all.length;
  w.online();
  await settle();
  assert.equal(ws.all.length, n + 1);
  w.online(); // there is a connection already
  await settle();
  assert.equal(ws.all.length, n + 1);
});

test('a tab hidden for half a minute is parked, and goes on when it is seen', async () => {
  const { ws, live, w, states } = begin();
  const one = sink();
  live.subscribe({ query }, one);
  await settle();
  ws.last().open();
  await settle();
  ws.last().next(ws.last().subscribed()[0].id, 'c1');
  await w.show(true);
  await w.pass(29_000);
  await w.show(false); // seen in time
  await w.show(true);
  await w.pass(29_000);
  assert.equal(ws.last().closed, null);
  await w.pass(1000);
  assert.equal(ws.last().closed, 1000);
  assert.equal(live.state, 'parked');
  w.online();
  await w.pass(600_000);
  assert.equal(ws.all.length, 1, 'a parked tab does nothing');
  await w.show(false);
  assert.equal(ws.all.length, 2);
  ws.last().open();
  await settle();
  assert.equal(ws.last().subscribed()[0].payload.variables.after, 'c1');
  assert.deepEqual(states, ['connecting', 'open ws', 'parked', 'connecting', 'open ws']);
});

test('an expired cursor has the list read anew', async () => {
  const { ws, live, w } = begin();
  const one = sink();
  let reads = 0;
  const storage = memoryStorage();
  storage.set('k', 'old');
  live.subscribe({ query, key: 'k', onExpired: async () => (++reads === 1 ? Promise.reject(new Error('offline')) : `read${reads}`) }, one);
  await settle();
  ws.last().open();
  await settle();
  const { live: second, ws: ws2, w: w2 } = begin({ storage });
  const two = sink();
  second.subscribe({ query, key: 'k', onExpired: async () => (++reads === 1 ? Promise.reject(new Error('offline')) : `read${reads}`) }, two);
  await settle();
  ws2.last().open();
  await settle();
  const [run] = ws2.last().subscribed();
  assert.equal(run.payload.variables.after, 'old', 'the storage says where to go on');
  ws2.last().fail(run.id, 'CURSOR_EXPIRED');
  await w2.pass(10_000); // the first reading fails, and is tried again
  const again = ws2.last().subscribed()[1];
  assert.equal(again.payload.variables.after, 'read2');
  assert.equal(storage.get('k'), 'read2');
  ws2.last().next(again.id, 'c9');
  assert.deepEqual(two.got.values, ['c9']);
  assert.equal(two.got.error, null);
  assert.equal(ws2.all.length, 1, 'the socket stays');

  // Without somebody to read it, it is the end.
  const [plain] = ws.last().subscribed();
  assert.ok(plain);
  await w.pass(0);
  const { live: third, ws: ws3 } = begin({ storage });
  const three = sink();
  third.subscribe({ query, key: 'k' }, three);
  await settle();
  ws3.last().open();
  await settle();
  ws3.last().fail(ws3.last().subscribed()[0].id, 'CURSOR_EXPIRED');
  assert.equal(three.got.error.code, 'CURSOR_EXPIRED');
  assert.equal(storage.get('k'), undefined);
  assert.equal(third.state, 'idle');
});

test('close codes: who is to stop stops, who is to refresh asks for another token', async () => {
  for (const [code, wanted] of [[4401, 'UNAUTHENTICATED'], [4400, 'CLOSED_4400'], [4406, 'CLOSED_4406'], [4409, 'CLOSED_4409'], [1009, 'CLOSED_1009']]) {
    const { ws, live, w } = begin();
    const one = sink();
    live.subscribe({ query }, one);
    await settle();
    ws.last().open();
    ws.last().end(code);
    await w.pass(600_000);
    assert.ok(one.got.error instanceof LiveError);
    assert.equal(one.got.error.code, wanted);
    assert.equal(ws.all.length, 1, `${code} is not tried again`);
  }
  for (const code of [1001, 1006, 1011, 1012, 1013, 4408]) {
    const { ws, live, w } = begin();
    live.subscribe({ query }, sink());
    await settle();
    ws.last().open();
    ws.last().end(code);
    await w.pass(1000);
    assert.equal(ws.all.length, 2, `${code} is tried again`);
  }
  const asked = [];
  const { ws, live, w } = begin({ getToken: (request) => `token${asked.push(request.refresh)}` });
  live.subscribe({ query }, sink());
  await settle();
  ws.last().open();
  ws.last().end(4403);
  await w.pass(1000);
  ws.last().open();
  assert.equal(ws.last().sent[0].payload.authorization, 'Bearer token2');
  ws.last().end(1012);
  await w.pass(2000);
  assert.deepEqual(asked, [false, true, false]);
  const busy = begin();
  busy.live.subscribe({ query }, sink());
  await settle();
  busy.ws.last().open();
  busy.ws.last().end(4429);
  await busy.w.pass(14_000);
  assert.equal(busy.ws.all.length, 1, 'too many of us: not soon');
  await busy.w.pass(2000);
  assert.equal(busy.ws.all.length, 2);
});

test('refused for now is tried again on the same socket; refused is the end of that stream alone', async () => {
  const { ws, live, w } = begin();
  const one = sink();
  const two = sink();
  live.subscribe({ query }, one);
  live.subscribe({ query }, two);
  await settle();
  ws.last().open();
  await settle();
  const [a, b] = ws.last().subscribed();
  ws.last().fail(a.id, 'RATE_LIMITED', { retryAfter: 7 });
  ws.last().fail(b.id, 'FORBIDDEN');
  assert.equal(two.got.error.code, 'FORBIDDEN');
  await w.pass(7000);
  assert.equal(ws.last().subscribed().length, 2);
  await w.pass(1000);
  const [, , again] = ws.last().subscribed();
  ws.last().say({ id: again.id, type: 'complete' });
  assert.ok(one.got.completed);
  assert.equal(ws.last().closed, 1000);
});

test('a silent socket is pinged, and given up when it does not answer', async () => {
  const { ws, live, w } = begin({ sse: false });
  live.subscribe({ query }, sink());
  await settle();
  ws.last().open();
  for (let i = 0; i < 5; i++) {
    await w.pass(30_000);
    assert.deepEqual(ws.last().sent.at(-1), { type: 'ping' });
    ws.last().say({ type: 'pong' });
  }
  await w.pass(91_000);
  assert.equal(ws.all.length, 2);
  await w.pass(60_000); // and one that never opens
  assert.ok(ws.all.length > 3);
});

test('what a sink throws is its own affair', async (t) => {
  const { ws, live } = begin();
  const thrown = [];
  const { queueMicrotask } = globalThis;
  globalThis.queueMicrotask = (work) => {
    try {
      work();
    } catch (error) {
      thrown.push(error.message);
    }
  };
  t.after(() => (globalThis.queueMicrotask = queueMicrotask));
  const subscription = live.subscribe({ query }, { next: () => { throw new Error('mine'); } });
  await settle();
  ws.last().open();
  await settle();
  ws.last().next(ws.last().subscribed()[0].id, 'c1');
  await settle();
  assert.deepEqual(thrown, ['mine']);
  assert.equal(subscription.cursor, 'c1');
});

test('cursors are found where they are said to be, and kept where they are said to be kept', async () => {
  const kept = new Map();
  const storage = webStorage('usr_1:', { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) });
  const { ws, live } = begin({ storage });
  const subscription = live.subscribe({ query, cursor: 'a.b.at', variable: 'from', key: 'feed', after: 'ignored' }, { next() {} });
  live.subscribe({ query, key: 'other', cursor: 'a.no' }, { next() {} });
  await settle();
  ws.last().open();
  await settle();
  const [run, other] = ws.last().subscribed();
  assert.deepEqual(run.payload.variables, { from: 'ignored' });
  for (const id of [run.id, other.id]) ws.last().say({ id, type: 'next', payload: { data: { a: { b: { at: 'c7' } } } } });
  assert.equal(subscription.cursor, 'c7');
  assert.deepEqual([...kept], [['usr_1:feed', 'c7']]);
  const broken = begin({ storage: { get() { throw new Error('no'); }, set() { throw new Error('no'); }, remove() { throw new Error('no'); } } });
  const one = sink();
  broken.live.subscribe({ query, key: 'feed', after: 'c0' }, one);
  await settle();
  broken.ws.last().open();
  await settle();
  broken.ws.last().next(broken.ws.last().subscribed()[0].id, 'c1');
  assert.deepEqual(one.got.values, ['c1']);
});

test('there has to be a way', () => {
  assert.throws(() => createLive({ url, ws: false, sse: false }), { code: 'NO_TRANSPORT' });
});
