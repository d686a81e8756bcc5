import type { Surroundings } from './types.js';

/** A browser's tab, or Node, where nothing is ever hidden. */
export function surroundings(): Surroundings {
  const page = typeof document === 'undefined' ? undefined : document;
  const world = globalThis as Partial<Pick<Window, 'addEventListener' | 'removeEventListener'>>;
  return {
    setTimeout: (work, ms) => setTimeout(work, ms),
    clearTimeout: (timer) => clearTimeout(timer as number),
    random: Math.random,
    hidden: () => page?.visibilityState === 'hidden',
    watch({ online, visibility }) {
      world.addEventListener?.('online', online);
      page?.addEventListener('visibilitychange', visibility);
      return () => {
        world.removeEventListener?.('online', online);
        page?.removeEventListener('visibilitychange', visibility);
      };
    },
  };
}
