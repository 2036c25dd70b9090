import type { HostState, Job } from './messages.ts';

/** When the fixed clock begins: 2020-01-01T00:00:00Z. */
const fixedStartMs = 1_577_836_800_000;
const firstRandomState = 0x5eed;

export const firstHostState: HostState = { clockReads: 0, randomState: firstRandomState, exitCode: null };

/**
 * Clock and chance that are the same in each run, and go on where they were after a move: each look at the clock is a
 * millisecond after the one before, chance is seeded.
 */
export class FixedWorld {
  #clockReads = 0;
  #randomState = firstRandomState;

  /** Whoever needs the true time has to have asked for it before. */
  fix({ fixClock, fixRandom }: Pick<Job, 'fixClock' | 'fixRandom'>): void {
    if (fixClock) this.#fixClock();
    if (fixRandom) this.#fixRandom();
  }

  #fixClock(): void {
    const NativeDate = Date;
    const now = (): number => {
      this.#clockReads += 1;
      return fixedStartMs + this.#clockReads;
    };
    const FixedDate = new Proxy(NativeDate, {
      construct: (target, args: unknown[], newTarget) =>
        Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
      apply: () => new NativeDate(now()).toString(),
    });
    Object.defineProperty(NativeDate, 'now', { value: now, writable: true, configurable: true });
    Object.defineProperty(NativeDate.prototype, 'constructor', {
      value: FixedDate,
      writable: true,
      configurable: true,
    });
    Object.defineProperty(globalThis, 'Date', { value: FixedDate, writable: true, configurable: true });
    Object.defineProperty(performance, 'now', {
      value: () => now() - fixedStartMs,
      writable: true,
      configurable: true,
    });
    Object.defineProperty(process, 'hrtime', {
      value: Object.assign(
        (before: readonly [number, number] = [0, 0]) => {
          const ms = now() - fixedStartMs - (before[0] * 1_000 + before[1] / 1e6);
          return [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)];
        },
        { bigint: () => BigInt(now() - fixedStartMs) * 1_000_000n },
      ),
      writable: true,
      configurable: true,
    });
  }

  #fixRandom(): void {
    Math.random = () => {
      this.#randomState = (this.#randomState + 0x6d2b79f5) | 0;
      let mixed = Math.imul(this.#randomState ^ (this.#randomState >>> 15), 1 | this.#randomState);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  take(): HostState {
    const { exitCode } = process;
    return {
      clockReads: this.#clockReads,
      randomState: this.#randomState,
      exitCode: exitCode === undefined ? null : Number(exitCode),
    };
  }

  put({ clockReads, randomState, exitCode }: HostState): void {
    this.#clockReads = clockReads;
    this.#randomState = randomState;
    process.exitCode = exitCode ?? undefined;
  }
}
