import { Backoff } from './backoff.js';
import { EventsLink } from './events.js';
import type { Credentials, Ending, Link, Listener } from './link.js';
import { SocketLink } from './socket.js';
import { memoryStorage } from './storage.js';
import { Stream, call } from './stream.js';
import { surroundings } from './surroundings.js';
import { codeOf, LiveError, type CursorStorage, type GraphQLErrorLike, type LiveOptions, type Operation, type Result, type Sink, type State, type Subscription, type Surroundings, type Times, type WebSocketClass } from './types.js';

const defaults: Times = { base: 1000, ceiling: 30_000, stable: 30_000, park: 30_000, open: 10_000, ping: 30_000, silent: 60_000, retry: 300_000 };

/** So often a WebSocket may fail to open before event streams are tried. */
const patience = 2;

export interface Live {
  subscribe<Data = Record<string, unknown>>(operation: Operation, sink: Sink<Data>): Subscription;
  readonly state: State;
  /** Ends everything; sinks hear nothing of it. */
  close(): void;
}

/** Streams that stay: cut, restarted or asleep, they go on where they stood. */
export function createLive(options: LiveOptions): Live {
  return new Manager(options);
}

class Manager implements Live, Listener {
  state: State = 'idle';
  private readonly streams = new Set<Stream>();
  private readonly times: Times;
  private readonly around: Surroundings;
  private readonly backoff: Backoff;
  private readonly storage: CursorStorage;
  private readonly wsURL: string | null;
  private readonly sseURL: string | null;
  private readonly socketClass: WebSocketClass | undefined;
  private link: Link | null = null;
  private open = false; // link is
  private candidate: Link | null = null; // a socket that is tried while event streams run
  private trying: unknown = null;
  private attempt = 0;
  private serial = 0;
  private connecting = false;
  private waiting: unknown = null;
  private stable: unknown = null;
  private hiding: unknown = null;
  private parked = false;
  private refresh = false;
  private failures = 0; // of WebSockets to open, in a row
  private unwatch: (() => void) | null = null;

  constructor(private readonly options: LiveOptions) {
    this.times = { ...defaults, ...options.times };
    this.around = { ...surroundings(), ...options.surroundings };
    this.backoff = new Backoff(this.times, this.around);
    this.storage = options.storage ?? memoryStorage();
    this.socketClass = options.WebSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
    this.wsURL = options.ws === false || !this.socketClass ? null : absolute(options.ws ?? options.url).replace(/^http/, 'ws');
    this.sseURL = options.sse === false ? null : (options.sse ?? options.url);
    if (this.wsURL === null && this.sseURL === null) throw new LiveError('NO_TRANSPORT', 'neither WebSocket nor event streams may be used');
  }

  subscribe<Data>(operation: Operation, sink: Sink<Data>): Subscription {
    const stream = new Stream(operation, sink as unknown as Sink, this.storage, this.times, this.around);
    this.streams.add(stream);
    this.unwatch ??= this.around.watch({ online: () => this.wake(), visibility: () => this.look() });
    this.look();
    this.work();
    return {
      get cursor() {
        return stream.cursor;
      },
      unsubscribe: () => {
        if (stream.phase === 'running') this.link?.stop(stream.id);
        this.drop(stream);
      },
    };
  }

  close(): void {
    for (const stream of [...this.streams]) this.drop(stream);
  }

  // --- what happens on the connection

  opened(link: Link): void {
    if (link === this.candidate) {
      this.candidate = null;
      this.disconnect();
      this.link = link;
    }
    if (link !== this.link || this.open) return;
    this.open = true;
    if (link.transport === 'ws') this.failures = 0;
    this.refresh = false;
    this.around.clearTimeout(this.stable);
    this.stable = this.around.setTimeout(() => this.backoff.reset(), this.times.stable);
    this.become('open');
    if (link.transport === 'sse') this.tryLater();
    this.work();
  }

  next(link: Link, id: string, result: Result): void {
    this.running(link, id)?.next(result);
  }

  failed(link: Link, id: string, errors: readonly GraphQLErrorLike[]): void {
    const stream = this.running(link, id);
    if (!stream) return;
    const code = codeOf(errors);
    switch (code) {
      case 'CURSOR_EXPIRED':
      case 'INVALID_CURSOR': // kept too long, or of somebody else
        if (stream.lose()) this.later(stream, 0);
        else this.fail(stream, errors);
        break;
      case 'RATE_LIMITED':
      case 'UNAVAILABLE':
        if (code === 'RATE_LIMITED' && link.transport === 'sse') stream.backoff.slow(); // a place is free when another ends
        this.later(stream, 1000 * Number(errors[0]?.extensions?.['retryAfter'] ?? 0));
        break;
      case 'SESSION_LOCKED':
        if (link.transport === 'sse') { // where a socket is closed with 4403
          link.close();
          this.closed(link, { opened: true, refresh: true });
          break;
        }
        this.fail(stream, errors);
        break;
      default:
        this.fail(stream, errors);
    }
  }

  ended(link: Link, id: string, error: LiveError): void {
    const stream = this.running(link, id);
    if (!stream) return;
    stream.fail(error);
    this.drop(stream);
  }

  completed(link: Link, id: string): void {
    const stream = this.running(link, id);
    if (!stream) return;
    stream.complete();
    this.drop(stream);
  }

  closed(link: Link, ending: Ending): void {
    if (link === this.candidate) {
      this.candidate = null;
      this.tryLater();
    }
    if (link !== this.link) return;
    this.disconnect();
    if (ending.fatal) {
      const all = [...this.streams];
      this.streams.clear(); // before anybody hears of it: who subscribes anew is none of them
      for (const stream of all) {
        this.around.clearTimeout(stream.timer);
        stream.fail(ending.fatal);
      }
      this.work();
      return;
    }
    this.refresh ||= ending.refresh ?? false;
    if (ending.slow) this.backoff.slow();
    // After event streams that ran a socket has one chance, after those that did not open the usual ones.
    if (link.transport === 'sse') this.failures = ending.opened ? patience - 1 : 0;
    else this.failures = ending.opened ? 0 : this.failures + 1;
    this.wait(ending.least);
  }

  // --- what we do

  /** Does what is to be done now. */
  private work(): void {
    if (this.streams.size === 0) {
      this.disconnect();
      this.around.clearTimeout(this.waiting);
      this.around.clearTimeout(this.hiding);
      this.waiting = this.hiding = null;
      this.parked = false;
      this.unwatch?.();
      this.unwatch = null;
      this.become('idle');
      return;
    }
    if (this.parked || this.waiting !== null || this.connecting) return;
    if (!this.link) {
      void this.connect();
      return;
    }
    if (!this.open && this.link.transport === 'ws') return;
    for (const stream of this.streams) {
      if (stream.phase === 'pending') void this.begin(stream);
    }
  }

  private async connect(): Promise<void> {
    const attempt = ++this.attempt;
    this.connecting = true;
    this.become('connecting');
    let credentials: Credentials;
    try {
      credentials = await this.credentials();
    } catch {
      if (attempt !== this.attempt) return;
      this.connecting = false;
      this.wait();
      return;
    }
    if (attempt !== this.attempt) return;
    this.connecting = false;
    if (this.sseURL === null || this.failures < patience) this.link = this.socket(credentials);
    if (!this.link && this.sseURL !== null) {
      const request = this.options.fetch ?? globalThis.fetch.bind(globalThis);
      this.link = new EventsLink(this, this.sseURL, request, credentials, this.options.credentials ?? 'include', this.times, this.around);
    }
    this.work();
  }

  private async credentials(): Promise<Credentials> {
    return { token: (await this.options.getToken?.({ refresh: this.refresh })) ?? null, company: this.options.company ?? null };
  }

  private socket(credentials: Credentials): Link | null {
    if (this.wsURL === null || !this.socketClass) return null;
    return new SocketLink(this, this.wsURL, this.socketClass, credentials, this.times, this.around);
  }

  /** Tries a socket now and then while event streams run: what kept it from opening may have been a restart. */
  private tryLater(): void {
    if (this.wsURL === null) return;
    this.around.clearTimeout(this.trying);
    const attempt = this.attempt;
    this.trying = this.around.setTimeout(() => {
      this.credentials().then(
        (credentials) => {
          if (attempt === this.attempt) this.candidate = this.socket(credentials);
        },
        () => attempt === this.attempt && this.tryLater(),
      );
    }, this.times.retry);
  }

  /** Starts a subscription on the connection there is. */
  private async begin(stream: Stream): Promise<void> {
    stream.phase = 'reading';
    try {
      await stream.place();
    } catch {
      if (stream.phase === 'reading') this.later(stream, 0);
      return;
    }
    if (stream.phase !== 'reading') return;
    if (!this.link || !this.open && this.link.transport === 'ws') {
      stream.phase = 'pending'; // it was lost meanwhile
      this.work();
      return;
    }
    stream.renew();
    stream.phase = 'running';
    stream.id = String(++this.serial);
    this.link.start({ id: stream.id, payload: stream.payload() });
  }

  /** Tries a subscription again that was refused for now; the connection stays. */
  private later(stream: Stream, least: number): void {
    stream.phase = 'waiting';
    stream.timer = this.around.setTimeout(() => {
      if (stream.phase !== 'waiting') return;
      stream.phase = 'pending';
      this.work();
    }, stream.backoff.next(least));
  }

  private fail(stream: Stream, errors: readonly GraphQLErrorLike[]): void {
    stream.fail(new LiveError(codeOf(errors) || 'ERROR', errors[0]?.message ?? 'the subscription was refused', errors));
    this.drop(stream);
  }

  private drop(stream: Stream): void {
    stream.phase = 'over';
    this.around.clearTimeout(stream.timer);
    this.streams.delete(stream);
    this.work();
  }

  private running(link: Link, id: string): Stream | undefined {
    if (link !== this.link) return undefined;
    for (const stream of this.streams) {
      if (stream.id === id && stream.phase === 'running') return stream;
    }
    return undefined;
  }

  /** Lets go of the connection; what ran on it is to be started again. */
  private disconnect(): void {
    this.attempt++; // one under way is none of ours any more
    this.connecting = false;
    this.around.clearTimeout(this.stable);
    this.around.clearTimeout(this.trying);
    this.candidate?.close();
    this.link?.close();
    this.link = this.candidate = null;
    this.open = false;
    for (const stream of this.streams) {
      if (stream.phase === 'running') stream.phase = 'pending';
    }
  }

  private wait(least = 0): void {
    if (this.streams.size === 0 || this.parked) return;
    this.become('waiting');
    this.waiting = this.around.setTimeout(() => {
      this.waiting = null;
      this.work();
    }, this.backoff.next(least));
  }

  /** Tries at once what waits. */
  private wake(): void {
    if (this.parked || this.link) return;
    this.failures = 0;
    this.around.clearTimeout(this.waiting);
    this.waiting = null;
    this.work();
  }

  /** Parks a tab that was hidden for long, and wakes it when it is seen. */
  private look(): void {
    if (!this.around.hidden()) {
      this.around.clearTimeout(this.hiding);
      this.hiding = null;
      if (!this.parked) return;
      this.parked = false;
      this.backoff.reset();
      this.wake();
      return;
    }
    this.hiding ??= this.around.setTimeout(() => {
      this.parked = true;
      this.around.clearTimeout(this.waiting);
      this.waiting = null;
      this.disconnect();
      this.become('parked');
    }, this.times.park);
  }

  private become(state: State): void {
    if (state === this.state) return;
    this.state = state;
    call(() => this.options.onState?.(state, this.open ? (this.link?.transport ?? null) : null));
  }
}

function absolute(url: string): string {
  const base = typeof location === 'undefined' ? undefined : location.href;
  return new URL(url, base).href;
}
