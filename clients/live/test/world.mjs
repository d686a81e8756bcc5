// A made-up world: time that tests move, sockets and event streams that tests
// speak for, a tab that tests hide.
import { setImmediate as turn } from 'node:timers/promises';

// settle lets everything happen that waits for nothing but promises.
export async function settle() {
  for (let i = 0; i < 20; i++) await turn();
}

export function world({ random = 0.5 } = {}) {
  let now = 0;
  let serial = 0;
  const timers = new Map();
  const events = {};
  const self = {
    hidden: false,
    watched: 0,
    surroundings: {
      setTimeout: (work, ms) => {
        timers.set(++serial, { at: now + ms, work, id: serial });
        return serial;
      },
      clearTimeout: (id) => void timers.delete(id),
      random: () => random,
      hidden: () => self.hidden,
      watch: (given) => {
        Object.assign(events, given);
        self.watched++;
        return () => self.watched--;
      },
    },
    // pass moves time on and does what falls due, in order.
    async pass(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const [next] = [...timers.values()].filter((t) => t.at <= end).sort((a, b) => a.at - b.at || a.id - b.id);
        if (!next) break;
        now = next.at;
        timers.delete(next.id);
        next.work();
        await settle();
      }
      now = end;
    },
    timers: () => timers.size,
    online: () => events.online(),
    async show(hidden) {
      self.hidden = hidden;
      events.visibility();
      await settle();
    },
  };
  return self;
}

// sockets makes a class WebSocket whose instances tests speak for.
export function sockets() {
  const all = [];
  class Socket {
    sent = [];
    closed = null;
    constructor(url, protocol) {
      if (Socket.forbidden) throw new Error('SecurityError');
      Object.assign(this, { url, protocol });
      all.push(this);
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    close(code) {
      this.closed = code;
    }
    // What the server does:
    open() {
      this.onopen({});
      this.say({ type: 'connection_ack' });
    }
    say(message) {
      this.onmessage?.({ data: JSON.stringify(message) });
    }
    next(id, cursor, n = cursor) {
      this.say({ id, type: 'next', payload: { data: { added: { cursor, n } } } });
    }
    fail(id, code, more) {
      this.say({ id, type: 'error', payload: [{ message: code, extensions: { code, ...more } }] });
    }
    end(code) {
      this.onclose?.({ code });
    }
    subscribed() {
      return this.sent.filter((m) => m.type === 'subscribe');
    }
  }
  return { Socket, all, last: () => all.at(-1) };
}

// streams makes a fetch whose answers tests write.
export function streams() {
  const all = [];
  const fetch = (url, init) =>
    new Promise((resolve, reject) => {
      const one = { url, init, body: JSON.parse(init.body), aborted: false };
      init.signal.addEventListener('abort', () => {
        one.aborted = true;
        reject(init.signal.reason);
        one.writer?.error(init.signal.reason);
      });
      one.open = () => {
        const body = new ReadableStream({ start: (writer) => void (one.writer = writer) });
        resolve(new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } }));
      };
      one.say = (text) => one.writer.enqueue(new TextEncoder().encode(text));
      one.next = (cursor, n = cursor) => one.say(`event: next\nid: ${cursor}\ndata: ${JSON.stringify({ data: { added: { cursor, n } } })}\n\n`);
      one.fail = (code) => one.say(`event: next\ndata: ${JSON.stringify({ errors: [{ message: code, extensions: { code } }] })}\n\nevent: complete\ndata:\n\n`);
      one.end = () => one.writer.close();
      one.refuse = (status, code, headers = {}) =>
        resolve(new Response(JSON.stringify({ errors: [{ message: code, extensions: { code } }] }), { status, headers: { 'content-type': 'application/json', ...headers } }));
      one.lose = () => reject(new TypeError('fetch failed'));
      all.push(one);
    });
  return { fetch, all, last: () => all.at(-1) };
}

export function sink() {
  const got = { values: [], error: null, completed: false };
  return {
    got,
    next: ({ data }) => got.values.push(data.added.n),
    error: (error) => (got.error = error),
    complete: () => (got.completed = true),
  };
}
