import { createHash } from 'node:crypto';
import type { Digest } from './core/ports.ts';

/** SHA-256 by Node's own library. */
export class SystemDigest implements Digest {
  sha256(bytes: Uint8Array): string {
    return createHash('sha256').update(bytes).digest('hex');
  }
}
