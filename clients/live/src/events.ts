import type { Credentials, Ending, Link, Listener, Run } from './link.js';
import { parser } from './parser.js';
import { codeOf, LiveError, type Result, type Surroundings, type Times } from './types.js';

/** Answers that pass: the server or something before it has no place now. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Each subscription on an event stream of its own, by graphql-sse in distinct
 * connections mode. When one that runs breaks off, the server or the network
 * has gone for all. One that finds no place, at the server or among the six
 * connections of a browser, is tried again alone, and the others run on.
 */
export class EventsLink implements Link {
  readonly transport = 'sse';
  private readonly running = new Map<string, AbortController>();
  private over = false;
  private readonly begun = new Set<string>();
  private answered = false;

  constructor(
    private readonly listener: Listener,
    private readonly url: string,
    private readonly request: typeof fetch,
    private readonly credentials: Credentials,
    private readonly mode: RequestCredentials,
    private readonly times: Times,
    private readonly around: Pick<Surroundings, 'setTimeout' | 'clearTimeout'>,
  ) {}

  start(run: Run): void {
    const control = new AbortController();
    this.running.set(run.id, control);
    this.follow(run, control).then(
      () => this.forget(run.id),
      (error: unknown) => {
        const begun = this.begun.has(run.id);
        this.forget(run.id);
        const silent = control.signal.aborted && control.signal.reason instanceof Silence;
        if (this.over || control.signal.aborted && !silent) return;
        if (!begun && this.running.size > 0 && (silent || error instanceof Lost)) {
          const { least = 0, slow = false } = error instanceof Lost ? error.ending : {};
          this.listener.failed(this, run.id, [{
            message: 'there is no place for another event stream now',
            extensions: { code: slow ? 'RATE_LIMITED' : 'UNAVAILABLE', retryAfter: least / 1000 },
          }]);
          return;
        }
        this.lost(error instanceof Lost ? error.ending : {});
      },
    );
  }

  stop(id: string): void {
    this.running.get(id)?.abort();
    this.forget(id);
  }

  close(): void {
    this.over = true;
    for (const control of this.running.values()) control.abort();
    this.running.clear();
  }

  private forget(id: string): void {
    this.running.delete(id);
    this.begun.delete(id);
  }

  private lost(ending: Omit<Ending, 'opened'>): void {
    this.close();
    this.listener.closed(this, { opened: this.answered, ...ending });
  }

  private async follow(run: Run, control: AbortController): Promise<void> {
    let timer: unknown;
    const wait = (ms: number) => {
      this.around.clearTimeout(timer);
      timer = this.around.setTimeout(() => control.abort(new Silence()), ms);
    };
    try {
      wait(this.times.open);
      const { token, company } = this.credentials;
      const response = await this.request(this.url, {
        method: 'POST',
        headers: {
          accept: 'text/event-stream',
          'content-type': 'application/json',
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(company ? { 'x-kabinet-company': company } : {}),
        },
        body: JSON.stringify(run.payload),
        credentials: this.mode,
        cache: 'no-store',
        signal: control.signal,
      });
      if (!response.ok || !response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
        await this.refused(run, response);
        return;
      }
      this.answered = true;
      this.begun.add(run.id);
      this.listener.opened(this);
      await this.read(run, response.body, () => wait(this.times.silent));
    } finally {
      this.around.clearTimeout(timer);
    }
  }

  private async read(run: Run, body: ReadableStream<Uint8Array>, alive: () => void): Promise<void> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    const parse = parser();
    try {
      for (;;) {
        alive();
        const { value, done } = await reader.read();
        if (done) throw new Lost({}); // without "complete" there is more to come
        for (const { event, data } of parse(decoder.decode(value, { stream: true }))) {
          if (!this.running.has(run.id)) return;
          if (event === 'complete') {
            this.listener.completed(this, run.id);
            return;
          }
          if (event !== 'next') continue;
          const result = JSON.parse(data) as Result;
          if (!result.data && result.errors?.length) {
            this.listener.failed(this, run.id, result.errors);
            return;
          }
          this.listener.next(this, run.id, result);
        }
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  /** An answer that is no stream. */
  private async refused(run: Run, response: Response): Promise<void> {
    const { errors } = (await response.json().catch(() => ({}))) as Result;
    if (passing.has(response.status)) {
      const seconds = Number(response.headers.get('retry-after') ?? 0);
      throw new Lost({ least: seconds > 0 ? seconds * 1000 : 0, slow: response.status === 429 });
    }
    const code = codeOf(errors) || `HTTP_${response.status}`;
    this.listener.ended(this, run.id, new LiveError(code, errors?.[0]?.message ?? `the server answered with ${response.status}`, errors));
  }
}

/** A stream that has ended before its time. */
class Lost extends Error {
  constructor(readonly ending: Omit<Ending, 'opened'>) {
    super('the stream has ended');
  }
}

/** The reason of our own to give up a stream. */
class Silence extends Error {}
