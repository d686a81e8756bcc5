import type { Credentials, Ending, Link, Listener, Run } from './link.js';
import { LiveError, type GraphQLErrorLike, type Result, type Surroundings, type Times, type WebSocketClass, type WebSocketLike } from './types.js';

export const protocol = 'graphql-transport-ws';

/** What a close code asks of a client. */
export function verdict(code: number): Omit<Ending, 'opened'> {
  switch (code) {
    case 4401: // the session is over: come back after a new sign-in
      return { fatal: new LiveError('UNAUTHENTICATED', 'nobody is signed in any more') };
    case 4403: // refresh or unlock, then come back
      return { refresh: true };
    case 4429: // too many sockets, or messages
      return { slow: true };
    case 1002:
    case 1003:
    case 1007:
    case 1009:
    case 4400:
    case 4406:
    case 4409: // saying the same again would end the same
      return { fatal: new LiveError(`CLOSED_${code}`, `the server closed the socket with ${code}`) };
    default: // 1012 and 1013: a restart, a busy server; the rest: the network
      return {};
  }
}

/** Codes that no server says: it was not reached, or cut off. */
const mute = new Set([1005, 1006, 1015]);

interface Message {
  id?: string;
  type?: string;
  payload?: unknown;
}

/** All subscriptions on one WebSocket, by graphql-transport-ws. */
export class SocketLink implements Link {
  readonly transport = 'ws';
  private readonly listener: Listener;
  private readonly around: Pick<Surroundings, 'setTimeout' | 'clearTimeout'>;
  private readonly times: Times;
  private socket: WebSocketLike | null = null;
  private acknowledged = false;
  private timer: unknown = null;
  private unanswered = 0;

  constructor(listener: Listener, url: string, socket: WebSocketClass, credentials: Credentials, times: Times, around: Pick<Surroundings, 'setTimeout' | 'clearTimeout'>) {
    this.listener = listener;
    this.times = times;
    this.around = around;
    this.timer = around.setTimeout(() => this.lost({}), times.open);
    try {
      this.socket = new socket(url, protocol);
    } catch {
      around.clearTimeout(this.timer); // a page that may open none: soon, not now, for nobody listens yet
      this.timer = around.setTimeout(() => this.lost({}), 0);
      return;
    }
    this.socket.onopen = () => {
      const { token, company } = credentials;
      const payload = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(company ? { company } : {}) };
      this.send({ type: 'connection_init', payload });
    };
    this.socket.onmessage = (event: { data?: unknown }) => this.hear(event.data);
    this.socket.onerror = () => {}; // onclose says it too
    this.socket.onclose = ({ code = 1006 }: { code?: number }) => this.lost(verdict(code), !mute.has(code));
  }

  start(run: Run): void {
    this.send({ id: run.id, type: 'subscribe', payload: run.payload });
  }

  stop(id: string): void {
    this.send({ id, type: 'complete' });
  }

  close(): void {
    this.let('Nobody listens');
  }

  private send(message: Message): void {
    try {
      this.socket?.send(JSON.stringify(message));
    } catch {
      // It is closing: onclose comes.
    }
  }

  private hear(data: unknown): void {
    let message: Message;
    try {
      message = JSON.parse(String(data)) as Message;
    } catch {
      this.lost({ fatal: new LiveError('BAD_MESSAGE', 'the server speaks another protocol') });
      return;
    }
    this.unanswered = 0;
    const { id = '', type, payload } = message;
    switch (type) {
      case 'connection_ack':
        this.acknowledged = true;
        this.watch();
        this.listener.opened(this);
        break;
      case 'ping':
        this.send({ type: 'pong' });
        break;
      case 'next':
        this.listener.next(this, id, payload as Result);
        break;
      case 'error':
        this.listener.failed(this, id, payload as GraphQLErrorLike[]);
        break;
      case 'complete':
        this.listener.completed(this, id);
        break;
    }
  }

  /** Pings a silent server, and gives up one that does not answer. */
  private watch(): void {
    this.around.clearTimeout(this.timer);
    this.timer = this.around.setTimeout(() => {
      if (this.unanswered * this.times.ping >= this.times.silent) {
        this.lost({});
        return;
      }
      this.unanswered++;
      this.send({ type: 'ping' });
      this.watch();
    }, this.times.ping);
  }

  /** It is gone; spoke: by a word of the server, whom sockets do reach then. */
  private lost(ending: Omit<Ending, 'opened'>, spoke = false): void {
    this.let('Lost');
    this.listener.closed(this, { opened: this.acknowledged || spoke, ...ending });
  }

  /** Lets go of the socket, whatever it still has to say. */
  private let(reason: string): void {
    this.around.clearTimeout(this.timer);
    const socket = this.socket;
    if (!socket) return;
    this.socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(1000, reason);
    } catch {
      // It is closed.
    }
  }
}
