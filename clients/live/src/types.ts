/** One answer of GraphQL. */
export interface Result<Data = Record<string, unknown>> {
  data?: Data | null;
  errors?: readonly GraphQLErrorLike[];
  extensions?: Record<string, unknown>;
}

export interface GraphQLErrorLike {
  message: string;
  path?: readonly (string | number)[];
  extensions?: Record<string, unknown>;
}

/** Where cursors outlive their subscription. A failing one costs nothing but a longer way back. */
export interface CursorStorage {
  get(key: string): string | null | undefined;
  set(key: string, cursor: string): void;
  remove(key: string): void;
}

/** What is listened to. */
export interface Operation {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
  extensions?: Record<string, unknown> | null;
  /** Where an answer has its cursor, such as "notificationAdded.cursor"; without it, the field cursor of the one root field. */
  cursor?: string;
  /** The variable that takes the cursor. Default: "after". */
  variable?: string;
  /** The place to begin at: the streamPosition of the list that is shown. Asked for where no cursor is known; without it, from now. */
  after?: string | null | (() => Promise<string | null | undefined> | string | null | undefined);
  /** The name of its cursor in the storage. Without one it lives as long as the subscription. */
  key?: string;
  /** The log does not reach back to the cursor: reads the list anew and gives its streamPosition. Without it, CURSOR_EXPIRED ends the subscription. */
  onExpired?: () => Promise<string | null | undefined> | string | null | undefined;
}

/** Who listens. */
export interface Sink<Data = Record<string, unknown>> {
  next(result: Result<Data>): void;
  /** The subscription has ended and will not come back. */
  error?(error: LiveError): void;
  /** The server has ended it: there is nothing more to come. */
  complete?(): void;
}

export interface Subscription {
  /** The last place received. */
  readonly cursor: string | null;
  unsubscribe(): void;
}

/** idle: nobody listens. parked: the tab is hidden. waiting: before the next attempt. */
export type State = 'idle' | 'connecting' | 'open' | 'waiting' | 'parked';

/** Why a token is asked for. */
export interface TokenRequest {
  /** The server said that the session needs a refresh or an unlocking: another token than the last. */
  refresh: boolean;
}

export interface LiveOptions {
  /** Of the API, such as "https://account.example.com/graphql"; relative to the page in a browser. */
  url: string;
  /** Of the WebSocket; false: none. Default: url with ws: or wss:. */
  ws?: string | false;
  /** Of the event streams, which are used where a WebSocket cannot be opened; false: none. Default: url. */
  sse?: string | false;
  /** For event streams. Default: the global one. */
  fetch?: typeof fetch;
  /** Default: the global one. */
  WebSocket?: WebSocketClass;
  /** Without it, or where it gives nothing, the cookie signs in. Asked before each connection. */
  getToken?: (request: TokenRequest) => Promise<string | null | undefined> | string | null | undefined;
  /** The company to act for. */
  company?: string;
  /** Of event streams. Default: "include". */
  credentials?: RequestCredentials;
  /** Default: memory. */
  storage?: CursorStorage;
  /** In milliseconds. */
  times?: Partial<Times>;
  onState?: (state: State, transport: 'ws' | 'sse' | null) => void;
  /** The world around; for tests. */
  surroundings?: Partial<Surroundings>;
}

export interface Times {
  /** The first wait is anything up to it, and each further one up to twice the last. Default: 1,000. */
  base: number;
  /** No wait is longer. Default: 30,000. */
  ceiling: number;
  /** A connection that lasted so long was a good one: the next wait is short again. Default: 30,000. */
  stable: number;
  /** A tab hidden for so long is parked. Default: 30,000. */
  park: number;
  /** A connection that is not open by then is none. Default: 10,000. */
  open: number;
  /** Where event streams are used, a WebSocket is tried again so often; where one opens it takes over. Default: 300,000. */
  retry: number;
  /** Between pings of a silent WebSocket. Default: 30,000. */
  ping: number;
  /** A connection that is silent for so long is dead; the server speaks at least every 25 s on event streams. Default: 60,000. */
  silent: number;
}

/** What is used of the class WebSocket. */
export interface WebSocketClass {
  new (url: string, protocol: string): WebSocketLike;
}

export interface WebSocketLike {
  send(data: string): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
}

export interface Surroundings {
  setTimeout(work: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  random(): number;
  hidden(): boolean;
  /** Calls back when the network or the tab comes or goes; gives what ends that. */
  watch(events: { online(): void; visibility(): void }): () => void;
}

/** Why a subscription has ended. */
export class LiveError extends Error {
  /** The code of the first error of the server, such as UNAUTHENTICATED; or one of ours: CLOSED_<code>, HTTP_<status>, BAD_MESSAGE, NO_TRANSPORT. */
  readonly code: string;
  readonly errors: readonly GraphQLErrorLike[];

  constructor(code: string, message: string, errors: readonly GraphQLErrorLike[] = []) {
    super(message);
    this.name = 'LiveError';
    this.code = code;
    this.errors = errors;
  }
}

/** The code of the first of them. */
export function codeOf(errors: readonly GraphQLErrorLike[] | undefined): string {
  const code = errors?.[0]?.extensions?.['code'];
  return typeof code === 'string' ? code : '';
}
