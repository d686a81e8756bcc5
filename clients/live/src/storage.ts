import type { CursorStorage } from './types.js';

/** Cursors for as long as the page lives. */
export function memoryStorage(): CursorStorage {
  const cursors = new Map<string, string>();
  return {
    get: (key) => cursors.get(key),
    set: (key, cursor) => void cursors.set(key, cursor),
    remove: (key) => void cursors.delete(key),
  };
}

/**
 * Cursors that outlive the page, in localStorage or anything like it. Whoever
 * keeps cursors has to keep what was received as well: what came before the
 * cursor will not come again. Name the person in the prefix, for a cursor is no
 * good to another.
 */
export function webStorage(prefix: string, storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> = localStorage): CursorStorage {
  return {
    get: (key) => storage.getItem(prefix + key),
    set: (key, cursor) => storage.setItem(prefix + key, cursor),
    remove: (key) => storage.removeItem(prefix + key),
  };
}
