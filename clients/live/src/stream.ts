import { Backoff } from './backoff.js';
import type { Payload } from './link.js';
import type { CursorStorage, LiveError, Operation, Result, Sink, Surroundings, Times } from './types.js';

/** How many messages are remembered, so that none is told twice. */
const remembered = 200;

/** One subscription over all of its connections. */
export class Stream {
  cursor: string | null = null;
  /** pending: to be started. reading: its place is asked for. waiting: it was refused for now. */
  phase: 'pending' | 'reading' | 'running' | 'waiting' | 'over' = 'pending';
  /** Of the running on the present connection. */
  id = '';
  timer: unknown = null;
  readonly backoff: Backoff;

  private placed = false;
  private expired = false;
  private earlier = new Set<string>(); // told over connections that are gone
  private now = new Set<string>(); // told over this one

  constructor(
    private readonly operation: Operation,
    private readonly sink: Sink,
    private readonly storage: CursorStorage,
    times: Times,
    around: Surroundings,
  ) {
    this.backoff = new Backoff(times, around);
  }

  /** Finds the place to begin at, once; and again when the log does not reach back to it. */
  async place(): Promise<void> {
    const { key, after, onExpired } = this.operation;
    if (this.expired) {
      this.cursor = (await onExpired?.()) ?? null;
      this.expired = false;
      this.keep();
      return;
    }
    if (this.placed) return;
    this.cursor = (key ? this.stored(key) : null) ?? (typeof after === 'function' ? await after() : after) ?? null;
    this.placed = true;
  }

  /** Whether it can go on after its place was refused. */
  lose(): boolean {
    this.cursor = null;
    this.keep();
    this.expired = this.operation.onExpired !== undefined;
    return this.expired;
  }

  /** A new connection: from here on the same message is another one only if no earlier connection told it. */
  renew(): void {
    for (const message of this.now) this.earlier.add(message);
    for (const message of this.earlier) {
      if (this.earlier.size <= remembered) break;
      this.earlier.delete(message);
    }
    this.now.clear();
  }

  payload(): Payload {
    const { query, variables, operationName, extensions, variable = 'after' } = this.operation;
    return {
      query,
      variables: this.cursor === null ? { ...variables } : { ...variables, [variable]: this.cursor },
      ...(operationName ? { operationName } : {}),
      ...(extensions ? { extensions } : {}),
    };
  }

  /** Tells a message once. The cursor moves when the sink has it. */
  next(result: Result): void {
    const cursor = this.cursorOf(result);
    if (cursor !== null) {
      const message = cursor + JSON.stringify(result.data);
      if (this.earlier.has(message)) return;
      this.now.add(message);
      if (this.now.size > remembered) this.now.delete(this.now.values().next().value as string);
    }
    this.backoff.reset();
    call(() => this.sink.next(result));
    if (cursor !== null && cursor !== this.cursor) {
      this.cursor = cursor;
      this.keep();
    }
  }

  fail(error: LiveError): void {
    this.phase = 'over';
    call(() => this.sink.error?.(error));
  }

  complete(): void {
    this.phase = 'over';
    call(() => this.sink.complete?.());
  }

  private cursorOf({ data }: Result): string | null {
    if (!data) return null;
    const path = this.operation.cursor?.split('.') ?? [Object.keys(data)[0] ?? '', 'cursor'];
    let at: unknown = data;
    for (const name of path) at = (at as Record<string, unknown> | null | undefined)?.[name];
    return typeof at === 'string' && at !== '' ? at : null;
  }

  private stored(key: string): string | null {
    try {
      return this.storage.get(key) ?? null;
    } catch {
      return null; // a browser that keeps nothing
    }
  }

  private keep(): void {
    const { key } = this.operation;
    if (!key) return;
    try {
      if (this.cursor === null) this.storage.remove(key);
      else this.storage.set(key, this.cursor);
    } catch {
      // It is full, or not allowed: the cursor lives as long as the page.
    }
  }
}

/** Calls what is not ours; what it throws is reported, and changes nothing here. */
export function call(what: () => void): void {
  try {
    what();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
