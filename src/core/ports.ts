/** Ends a timer; harmless when it has fired already. */
export type Cancel = () => void;

/** The only source of time. */
export interface Clock {
  /** Milliseconds with a fraction since an arbitrary start; never steps back; may stop while the machine is suspended. */
  monotonicMs(): number;
  /** Like `monotonicMs`, but goes on while the machine is suspended. The difference of the two jumps after a suspend. */
  bootMs(): number;
  /** Milliseconds since 1970; may step. For people's eyes only. */
  wallMs(): number;
  /** Calls `fire` once, `delayMs` from now or a little later. */
  after(delayMs: number, fire: () => void): Cancel;
}

/** The only source of randomness. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `bytes` random bytes in hexadecimal; unique in practice from 12 bytes on. */
  hex(bytes: number): string;
}

/** SHA-256. */
export interface Digest {
  /** @returns the digest in hexadecimal */
  sha256(bytes: Uint8Array): string;
}
