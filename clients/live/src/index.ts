export { createLive, type Live } from './live.js';
export { memoryStorage, webStorage } from './storage.js';
export { LiveError } from './types.js';
export type {
  CursorStorage, GraphQLErrorLike, LiveOptions, Operation, Result, Sink, State, Subscription, Surroundings, Times, TokenRequest, WebSocketClass, WebSocketLike,
} from './types.js';
