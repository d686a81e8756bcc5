import type { GraphQLErrorLike, LiveError, Result } from './types.js';

/** One running of a subscription on one connection. */
export interface Run {
  readonly id: string;
  readonly payload: Payload;
}

export interface Payload {
  query: string;
  variables: Record<string, unknown>;
  operationName?: string;
  extensions?: Record<string, unknown>;
}

/** What a caller presents. */
export interface Credentials {
  token: string | null;
  company: string | null;
}

/** How a connection has ended. */
export interface Ending {
  /** It was open, or refused by the server's own word: its transport works here. */
  opened: boolean;
  /** It must not be tried again: why. */
  fatal?: LiveError;
  /** Another token is needed. */
  refresh?: boolean;
  /** There are too many of us. */
  slow?: boolean;
  /** Not before so many milliseconds. */
  least?: number;
}

/** Who hears what happens on a connection. After closed nothing more comes. */
export interface Listener {
  opened(link: Link): void;
  next(link: Link, id: string, result: Result): void;
  failed(link: Link, id: string, errors: readonly GraphQLErrorLike[]): void;
  ended(link: Link, id: string, error: LiveError): void;
  completed(link: Link, id: string): void;
  closed(link: Link, ending: Ending): void;
}

/** A connection, or several that stand and fall together. */
export interface Link {
  readonly transport: 'ws' | 'sse';
  start(run: Run): void;
  stop(id: string): void;
  /** Hangs up; the listener hears nothing of it. */
  close(): void;
}
