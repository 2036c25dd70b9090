import { expect, test } from 'vitest';
import type { Registry } from '../../src/store/contract.ts';
import { StoreAmbiguousError, StoreUnavailableError } from '../../src/store/errors.ts';
import { findViolation } from './linearizability.ts';
import type { Observation } from './linearizability.ts';
import type { WithStore } from './store.ts';
import { bytes, chunks, increment, Mirror, patientMs, text } from './store-sessions.ts';

/** How many calls one key gets before the sessions go on with the next: few, so that its history is soon searched. */
const callsPerKey = 24;

/** What several sessions saw of the same keys, over whatever happened to the store. */
class Course {
  /** By key. */
  readonly histories = new Map<string, Observation[]>();
  going = true;
  #calls = 0;

  /** Reads and claims by turns, with values that nobody else writes, until it is to end and a key after that is through. */
  async follow(registry: Registry, base: number): Promise<void> {
    let last = Infinity;
    for (let written = base; this.#calls < last; written += 1) {
      if (!this.going && last === Infinity) last = this.#calls + callsPerKey;
      const key = `row/${Math.floor(this.#calls / callsPerKey)}`;
      this.#calls += 2;
      const history = this.histories.get(key) ?? [];
      this.histories.set(key, history);
      await this.#readAndClaim(registry, key, written, history);
    }
  }

  async #readAndClaim(
    registry: Registry,
    key: string,
    written: number,
    history: Observation[],
  ): Promise<void> {
    let beganMs = performance.now();
    const known = await registry.get(key).catch(surelyNotDone);
    if (known === 'not done') return;
    const found = known === null ? null : Number(text(known.value));
    history.push({ beganMs, endedMs: performance.now(), call: { kind: 'read', found } });
    beganMs = performance.now();
    try {
      const answer = await registry.cas(key, known?.revision ?? 'absent', bytes(written));
      const call = { kind: 'cas', expected: found, written, outcome: answer.kind } as const;
      history.push({ beganMs, endedMs: performance.now(), call });
    } catch (error) {
      if (!(error instanceof StoreAmbiguousError)) return void surelyNotDone(error);
      const call = { kind: 'cas', expected: found, written, outcome: 'unknown' } as const;
      history.push({ beganMs, endedMs: Infinity, call });
    }
  }
}

/** @throws whatever else it is */
function surelyNotDone(error: unknown): 'not done' {
  expect(error).toBeInstanceOf(StoreUnavailableError);
  return 'not done';
}

export function restartContract(withStore: WithStore): void {
  test(
    'what several sessions see stays linearizable, and a watcher ends with what is there',
    withStore(async ({ open, restart }) => {
      const sessions = await Promise.all([1, 2, 3].map(() => open(patientMs)));
      const watcher = await open(patientMs);
      const mirror = new Mirror();
      watcher.registry.watch('row/', mirror.take);
      const course = new Course();
      const following = sessions.map(({ registry }, index) => course.follow(registry, 100_000 * (index + 1)));
      await mirror.until(() => mirror.rows.size > 1);
      await restart();
      course.going = false;
      await Promise.all(following);
      for (const [key, history] of course.histories) {
        const violation = findViolation(history);
        expect(violation, `${key}: ${violation ?? ''}`).toBeNull();
      }
      const { registry } = await open(patientMs);
      const last = await registry.cas('row/last', 'absent', bytes('end'));
      if (last.kind !== 'done') throw new Error('the key was absent');
      await mirror.until(() => mirror.revision >= last.revision);
      const rows = await registry.list('row/');
      expect(mirror.rows).toEqual(new Map(rows.map(({ key, value }) => [key, text(value)])));
    }),
  );

  test(
    'a value that was being put is there whole or not at all, and put again it is there',
    withStore(async ({ open, restart }) => {
      const { vault, registry } = await open(patientMs);
      await increment(registry, 'started');
      let pieces = 0;
      const restarted: Promise<void>[] = [];
      const source = (): AsyncGenerator<Uint8Array> =>
        chunks(12, 400_000, async () => {
          pieces += 1;
          if (pieces === 5) restarted.push(restart());
          await increment(registry, 'pieces').catch(() => undefined);
        });
      const first = await vault.put('large', source()).catch((error: unknown) => error);
      await Promise.all(restarted);
      expect(restarted.length).toBe(1);
      const other = await open(patientMs);
      if (first instanceof Error) {
        expect(first instanceof StoreAmbiguousError || first instanceof StoreUnavailableError).toBe(true);
        const found = await other.vault.get('large');
        if (found !== null) expect(found.byteLength).toBe(12 * 400_000);
        await vault.put('large', source());
      }
      const found = await other.vault.get('large');
      expect(found?.byteLength).toBe(12 * 400_000);
      for (let index = 0; index < 12; index += 1) expect(found?.[index * 400_000]).toBe(index + 1);
    }),
  );
}
