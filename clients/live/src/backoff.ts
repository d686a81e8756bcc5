import type { Surroundings, Times } from './types.js';

/** The waits between attempts: full jitter under a ceiling that doubles. */
export class Backoff {
  private attempts = 0;
  private readonly times: Times;
  private readonly random: () => number;

  constructor(times: Times, around: Pick<Surroundings, 'random'>) {
    this.times = times;
    this.random = () => around.random();
  }

  /** How long to wait now, in milliseconds; at least least, which the server asked for. */
  next(least = 0): number {
    const ceiling = Math.min(this.times.ceiling, this.times.base * 2 ** Math.min(this.attempts, 30));
    this.attempts++;
    return least + this.random() * ceiling;
  }

  /** There is too much of us already: the next waits are long ones. */
  slow(): void {
    this.attempts = Math.max(this.attempts, Math.ceil(Math.log2(this.times.ceiling / this.times.base)));
  }

  reset(): void {
    this.attempts = 0;
  }
}
