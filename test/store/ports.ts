import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '../../src/core/ports.ts';

/** This process's own time. */
export const clock: Clock = {
  monotonicMs: () => performance.now(),
  bootMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

export const random: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  hex: (bytes) => randomBytes(bytes).toString('hex'),
};
