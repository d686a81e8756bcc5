import type { Credentials, Ending, Link, Listener, Run } from './link.js';
import { parser } from './parser.js';
import { codeOf, LiveError, type Result, type Surroundings, type Times } from './types.js';

/** Answers that pass: the server or something before it has no place now. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Each subscription on an event stream of its own, by graphql-sse in distinct
 * connections mode. They stand and fall together: when one breaks off, the
 * server or the network has gone for all.
 */
export class EventsLink implements Link {
  readonly transport = 'sse';
  private readonly running = new Map<string, AbortController>();
  private over = false;
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
      () => this.running.delete(run.id),
      (error: unknown) => {
        this.running.delete(run.id);
        if (this.over || control.signal.aborted && !(control.signal.reason instanceof Silence)) return;
        this.lost(error instanceof Lost ? error.ending : {});
      },
    );
  }

  stop(id: string): void {
    this.running.get(id)?.abort();
    this.running.delete(id);
  }

  close(): void {
    this.over = true;
    for (const control of this.running.values()) control.abort();
    this.running.clear();
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
