import { randomBytes } from 'node:crypto';
import type { Random } from './core/ports.ts';

/** The machine's source of randomness. */
export class SystemRandom implements Random {
  next(): number {
    return randomBytes(6).readUIntBE(0, 6) / 2 ** 48;
  }

  hex(bytes: number): string {
    return randomBytes(bytes).toString('hex');
  }
}
