import { SystemClock } from '../../src/clock.ts';
import { SystemRandom } from '../../src/random.ts';
import type { Registry, Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';

/** What one store took, in milliseconds, each a list of single calls. */
export interface Times {
  readonly cas: number[];
  /** Compare-and-sets of sessions that each write a row of their own, one after the other, at the same time. */
  readonly crowd: number[];
  readonly get: number[];
  readonly put: number[];
  /** From the answer of somebody else's compare-and-set to the event. */
  readonly watch: number[];
  /** Compare-and-sets answered in a second while many wait. */
  readonly perSecond: number[];
}

const rowBytes = 256;
const valueBytes = 256 * 1024;
const together = 64;
/** Sessions of a crowd: hosts that write at the same time. */
const crowdSize = 8;
const clock = new SystemClock();

/** Sessions of one store, as hosts have them, and what they have measured. */
export class Trial {
  readonly times: Times = { cas: [], crowd: [], get: [], put: [], watch: [], perSecond: [] };
  readonly #mine: Store;
  readonly #other: Store;
  readonly #crowd: readonly Store[];
  #round = 0;

  private constructor(mine: Store, other: Store, crowd: readonly Store[]) {
    this.#mine = mine;
    this.#other = other;
    this.#crowd = [mine, other, ...crowd];
  }

  static async open(url: string): Promise<Trial> {
    const options = { ...storeOptions({ clock, random: new SystemRandom() }), callTimeoutMs: 30_000 };
    const crowd = Array.from({ length: crowdSize - 2 }, () => openStore(url, options));
    return new Trial(await openStore(url, options), await openStore(url, options), await Promise.all(crowd));
  }

  /** @param calls of each kind, one after the other */
  async round(calls: number): Promise<void> {
    this.#round += 1;
    const { registry, vault } = this.#mine;
    const key = `bench/row-${this.#round}`;
    const row = new Uint8Array(rowBytes);
    let expected: Parameters<Registry['cas']>[1] = 'absent';
    for (let call = 0; call < calls; call += 1) {
      const answer = await timed(this.times.cas, () => registry.cas(key, expected, row));
      if (answer.kind === 'done') expected = answer.revision;
      await timed(this.times.get, () => registry.get(key));
    }
    for (let call = 0; call < calls / 4; call += 1) {
      const value = new Uint8Array(valueBytes).fill(call);
      await timed(this.times.put, () => vault.put(`bench/${this.#round}/${call}`, value));
    }
    await this.#together(calls);
    await Promise.all(this.#crowd.map((store, index) => this.#alone(store.registry, index, calls / 4)));
    for (let call = 0; call < calls / 4; call += 1) this.times.watch.push(await this.#untilSeen(call));
  }

  async close(): Promise<void> {
    await Promise.all(this.#crowd.map((store) => store.close()));
  }

  async #alone(registry: Registry, index: number, calls: number): Promise<void> {
    for (let call = 0; call < calls; call += 1) {
      const key = `bench/crowd/${this.#round}/${index}/${call}`;
      await timed(this.times.crowd, () => registry.cas(key, 'absent', new Uint8Array(rowBytes)));
    }
  }

  async #together(calls: number): Promise<void> {
    const { registry } = this.#mine;
    const row = new Uint8Array(rowBytes);
    const beganMs = clock.monotonicMs();
    const loops = Array.from({ length: together }, async (_, loop) => {
      for (let call = 0; call < calls / 4; call += 1) {
        await registry.cas(`bench/${this.#round}/${loop}/${call}`, 'absent', row);
      }
    });
    await Promise.all(loops);
    this.times.perSecond.push((together * Math.ceil(calls / 4) * 1000) / (clock.monotonicMs() - beganMs));
  }

  async #untilSeen(call: number): Promise<number> {
    const prefix = `bench/watch-${this.#round}/${call}`;
    let answeredMs = 0;
    const seen = new Promise<number>((resolve) => {
      const stop = this.#mine.registry.watch(prefix, (event) => {
        if (event.kind === 'interrupted' || event.entries.length === 0) {
          if (event.kind === 'listed') void write();
          return;
        }
        stop();
        resolve(clock.monotonicMs());
      });
    });
    const write = async (): Promise<void> => {
      await this.#other.registry.cas(prefix, 'absent', new Uint8Array(rowBytes));
      answeredMs = clock.monotonicMs();
    };
    const seenMs = await seen;
    return Math.max(0, seenMs - (answeredMs === 0 ? seenMs : answeredMs));
  }
}

async function timed<Result>(times: number[], run: () => Promise<Result>): Promise<Result> {
  const before = clock.monotonicMs();
  const result = await run();
  times.push(clock.monotonicMs() - before);
  return result;
}
