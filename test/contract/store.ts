import { describe, expect, test } from 'vitest';
import { clusterId, registryValueBytesMax } from '../../src/store/contract.ts';
import type { Registry, Store } from '../../src/store/contract.ts';
import {
  ForeignClusterError,
  StoreAmbiguousError,
  StoreBoundsError,
  StoreUnavailableError,
  VaultKeyTakenError,
} from '../../src/store/errors.ts';
import { findViolation } from './linearizability.ts';
import { alongContract } from './store-along.ts';
import { restartContract } from './store-restarts.ts';
import { bytes, chunks, increment, Mirror, observe, patientMs, text } from './store-sessions.ts';

/** One fresh, empty store, and what can be done to it from outside. */
export interface StoreUnderTest {
  /** One more session, as another host would have it. */
  readonly open: (callTimeoutMs: number) => Promise<Store>;
  /** Makes writes hang until the returned function is called. */
  readonly block: () => Promise<() => Promise<void>>;
  /** Ends every process that serves the store, as roughly as it can happen, and starts it again. */
  readonly restart: () => Promise<void>;
  /** Closes all sessions and removes the store. */
  readonly dispose: () => Promise<void>;
}

/** The suite that every driver passes. */
export function storeContract(name: string, create: () => Promise<StoreUnderTest>): void {
  const withStore =
    (body: (store: StoreUnderTest) => Promise<void>): (() => Promise<void>) =>
    async () => {
      const store = await create();
      try {
        await body(store);
      } finally {
        await store.dispose();
      }
    };

  describe(`${name}: registry`, () => registryContract(withStore));
  describe(`${name}: watch`, () => watchContract(withStore));
  describe(`${name}: faults`, () => faultContract(withStore));
  describe(`${name}: restarts in the middle`, () => restartContract(withStore));
  describe(`${name}: vault`, () => vaultContract(withStore));
  describe(`${name}: along with a row`, () => alongContract(withStore));
  describe(`${name}: identity and closing`, () => sessionContract(withStore));
}

export type WithStore = (body: (store: StoreUnderTest) => Promise<void>) => () => Promise<void>;

function registryContract(withStore: WithStore): void {
  test(
    'creates, replaces and deletes a row, and says what it holds when the expectation is wrong',
    withStore(async ({ open }) => {
      const { registry } = await open(patientMs);
      expect(await registry.get('host/a')).toBeNull();
      const created = await registry.cas('host/a', 'absent', bytes('one'));
      expect(created.kind).toBe('done');
      const entry = await registry.get('host/a');
      if (created.kind !== 'done' || entry === null) throw new Error('it was created');
      expect([text(entry.value), entry.revision]).toEqual(['one', created.revision]);

      const refused = await registry.cas('host/a', 'absent', bytes('two'));
      expect(refused).toMatchObject({
        kind: 'conflict',
        current: { key: 'host/a', revision: created.revision },
      });
      const replaced = await registry.cas('host/a', created.revision, bytes('two'));
      const late = await registry.cas('host/a', created.revision, bytes('three'));
      expect([replaced.kind, late.kind]).toEqual(['done', 'conflict']);
      expect(text((await registry.get('host/a'))?.value ?? bytes(''))).toBe('two');
      if (replaced.kind !== 'done') return;
      expect((await registry.cas('host/a', replaced.revision, 'delete')).kind).toBe('done');
      expect(await registry.get('host/a')).toBeNull();
      expect(await registry.cas('host/a', replaced.revision, bytes('four'))).toMatchObject({
        kind: 'conflict',
        current: null,
      });
    }),
  );

  test(
    'never gives a deleted key an old revision again',
    withStore(async ({ open }) => {
      const { registry } = await open(patientMs);
      const revisions: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const created = await registry.cas('seat', 'absent', bytes(round));
        if (created.kind !== 'done') throw new Error('the key is absent');
        const removed = await registry.cas('seat', created.revision, 'delete');
        if (removed.kind !== 'done') throw new Error('the key is there');
        revisions.push(created.revision, removed.revision);
      }
      expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
    }),
  );

  test(
    'lists the rows under a prefix, by key, and empty values are values',
    withStore(async ({ open }) => {
      const { registry } = await open(patientMs);
      for (const key of ['b/2', 'b/1', 'b', 'c/1', 'b1', 'a/1']) await registry.cas(key, 'absent', bytes(''));
      expect((await registry.list('b/')).map(({ key }) => key)).toEqual(['b/1', 'b/2']);
      expect((await registry.list('b')).map(({ key }) => key)).toEqual(['b', 'b/1', 'b/2', 'b1']);
      expect((await registry.list('')).length).toBe(6);
      expect((await registry.get('b'))?.value.byteLength).toBe(0);
    }),
  );

  test(
    'loses no increment of many sessions that contend for one row, and its clock never steps back',
    withStore(async ({ open }) => {
      const sessions = await Promise.all([1, 2, 3, 4].map(() => open(patientMs)));
      const loops = sessions.map(async ({ registry }) => {
        for (let done = 0; done < 40; done += 1) await increment(registry, 'counter');
      });
      let clockMs = 0;
      for (let index = 0; index < 40; index += 1) {
        const { registry } = sessions[index % 4] as Store;
        const { storeTimeMs } = await registry.cas(`clock/${index}`, 'absent', bytes(index));
        expect(storeTimeMs).toBeGreaterThanOrEqual(clockMs);
        clockMs = storeTimeMs;
      }
      await Promise.all(loops);
      const entry = await sessions[0]?.registry.get('counter');
      expect(text(entry?.value ?? bytes(''))).toBe('160');
    }),
  );

  test(
    'lets one of many claims of a row win, and shows it to all others',
    withStore(async ({ open }) => {
      const sessions = await Promise.all([1, 2, 3].map(() => open(patientMs)));
      for (const key of ['seat/a', 'seat/b', 'seat/c']) {
        const claims = Array.from({ length: 24 }, async (_, index) => {
          const session = sessions[index % sessions.length] as Store;
          return { index, answer: await session.registry.cas(key, 'absent', bytes(index)) };
        });
        const answers = await Promise.all(claims);
        const won = answers.flatMap(({ index, answer }) =>
          answer.kind === 'done' ? [{ index, answer }] : [],
        );
        expect(won.length).toBe(1);
        const entry = await sessions[0]?.registry.get(key);
        expect(text(entry?.value ?? bytes(''))).toBe(String(won[0]?.index));
        expect(entry?.revision).toBe(won[0]?.answer.revision);
        for (const { answer } of answers)
          if (answer.kind === 'conflict') expect(answer.current).toEqual(entry);
      }
    }),
  );

  test(
    'is linearizable',
    withStore(async ({ open }) => {
      const sessions = await Promise.all([1, 2, 3].map(() => open(patientMs)));
      for (let round = 0; round < 12; round += 1) {
        const key = `row/${round}`;
        const histories = sessions.map(({ registry }, index) =>
          observe(registry, key, 100 * (index + 1), 10),
        );
        const violation = findViolation((await Promise.all(histories)).flat());
        expect(violation, violation ?? '').toBeNull();
      }
    }),
  );

  test(
    'refuses keys and values out of bounds',
    withStore(async ({ open }) => {
      const { registry, vault } = await open(patientMs);
      for (const key of ['', '/a', 'a/', 'a//b', 'a b', 'ü', 'a%', 'a\0', 'x'.repeat(241)]) {
        await expect(registry.get(key)).rejects.toThrow(StoreBoundsError);
        await expect(registry.cas(key, 'absent', bytes(1))).rejects.toThrow(StoreBoundsError);
        await expect(vault.put(key, bytes(1))).rejects.toThrow(StoreBoundsError);
      }
      const largest = new Uint8Array(registryValueBytesMax).fill(7);
      expect((await registry.cas('x'.repeat(240), 'absent', largest)).kind).toBe('done');
      const found = await registry.get('x'.repeat(240));
      expect(found !== null && Buffer.from(found.value).equals(largest)).toBe(true);
      await expect(registry.cas('a', 'absent', new Uint8Array(largest.byteLength + 1))).rejects.toThrow(
        StoreBoundsError,
      );
    }),
  );
}

function watchContract(withStore: WithStore): void {
  test(
    'tells the state first, then every change, deletions too, by whomever',
    withStore(async ({ open }) => {
      const [mine, other] = [await open(patientMs), await open(patientMs)];
      await other.registry.cas('host/a', 'absent', bytes('one'));
      await other.registry.cas('rack/a', 'absent', bytes('not watched'));
      const mirror = new Mirror();
      mine.registry.watch('host/', mirror.take);
      await mirror.until(() => mirror.kinds.length > 0);
      expect([mirror.kinds[0], [...mirror.rows]]).toEqual(['listed', [['host/a', 'one']]]);
      const created = await other.registry.cas('host/b', 'absent', bytes('two'));
      await mirror.until(() => mirror.rows.get('host/b') === 'two');
      if (created.kind !== 'done') throw new Error('the key was absent');
      await mine.registry.cas('host/b', created.revision, 'delete');
      await mirror.until(() => !mirror.rows.has('host/b'));
      expect([...mirror.rows]).toEqual([['host/a', 'one']]);
    }),
  );

  test(
    'loses no update while sessions write and delete as fast as they can',
    withStore(async ({ open }) => {
      const [watcher, ...writers] = await Promise.all([1, 2, 3].map(() => open(patientMs)));
      const early = new Mirror();
      watcher?.registry.watch('row/', early.take);
      const late = new Mirror();
      const loops = writers.map(async ({ registry }, writer) => {
        for (let index = 0; index < 150; index += 1) {
          if (index === 75 && writer === 0) watcher?.registry.watch('row/', late.take);
          const key = `row/${(index * 7 + writer) % 11}`;
          const entry = await registry.get(key);
          const change = entry !== null && index % 4 === 0 ? 'delete' : bytes(`${writer}.${index}`);
          await registry.cas(key, entry?.revision ?? 'absent', change);
        }
      });
      await Promise.all(loops);
      const last = await writers[0]?.registry.cas('row/last', 'absent', bytes('end'));
      if (last?.kind !== 'done') throw new Error('the key was absent');
      const rows = (await watcher?.registry.list('row/')) ?? [];
      for (const mirror of [early, late]) {
        await mirror.until(() => mirror.revision >= last.revision);
        const expected = new Map(rows.map(({ key, value }) => [key, text(value)]));
        expect(mirror.rows).toEqual(expected);
      }
    }),
  );

  test(
    'is silent after it was stopped',
    withStore(async ({ open }) => {
      const { registry } = await open(patientMs);
      const [stopped, going] = [new Mirror(), new Mirror()];
      const stop = registry.watch('', stopped.take);
      registry.watch('', going.take);
      await stopped.until(() => stopped.kinds.length === 1);
      stop();
      await registry.cas('a', 'absent', bytes(1));
      await going.until(() => going.rows.has('a'));
      expect(stopped.kinds).toEqual(['listed']);
    }),
  );
}

function faultContract(withStore: WithStore): void {
  test(
    'ends every call in bounded time while the store hangs, and "unavailable" means surely not done',
    withStore(async ({ open, block }) => {
      const hasty = await open(2000);
      const before = await hasty.registry.cas('row/0', 'absent', bytes('before'));
      if (before.kind !== 'done') throw new Error('the key was absent');
      const unblock = await block();
      const calls = Array.from({ length: 5 }, (_, index) =>
        hasty.registry.cas(`row/${index + 1}`, 'absent', bytes('during')).then(
          () => 'done' as const,
          (error: unknown) => error,
        ),
      );
      const replace = hasty.registry
        .cas('row/0', before.revision, bytes('during'))
        .catch((error: unknown) => error);
      const outcomes = await Promise.all(calls);
      for (const outcome of [...outcomes, await replace]) {
        expect(outcome instanceof StoreUnavailableError || outcome instanceof StoreAmbiguousError).toBe(true);
      }
      const read = await hasty.registry.get('row/0').catch((error: unknown) => error);
      if (read instanceof Error) expect(read).toBeInstanceOf(StoreUnavailableError);
      await unblock();

      // The session goes on. Its next write comes after all that may still happen of the earlier ones.
      const patient = await open(patientMs);
      await increment(patient.registry, 'after');
      for (let tries = 0; ; tries += 1) {
        const answer = await hasty.registry
          .cas(`mine/${tries}`, 'absent', bytes(1))
          .catch((error: unknown) => error);
        if (!(answer instanceof Error)) break;
      }
      for (const [index, outcome] of outcomes.entries()) {
        const found = await patient.registry.get(`row/${index + 1}`);
        if (outcome === 'done') expect(found).not.toBeNull();
        if (outcome instanceof StoreUnavailableError) expect(found).toBeNull();
      }
    }),
  );

  test(
    'keeps every acknowledged write over a restart of the store',
    withStore(async ({ open, restart }) => {
      const { registry } = await open(patientMs);
      let acknowledged = 0;
      let going = true;
      const writing = (async () => {
        while (going) {
          try {
            await registry.cas(`row/${acknowledged}`, 'absent', bytes(acknowledged));
            acknowledged += 1;
          } catch {
            return;
          }
        }
      })();
      await increment(registry, 'started');
      await restart();
      going = false;
      await writing;
      const again = await open(patientMs);
      const rows = await again.registry.list('row/');
      for (let index = 0; index < acknowledged; index += 1) {
        expect(rows.some(({ key, value }) => key === `row/${index}` && text(value) === String(index))).toBe(
          true,
        );
      }
      expect(await increment(again.registry, 'started')).toBe(2);
    }),
  );
}

function vaultContract(withStore: WithStore): void {
  test(
    'keeps values under fresh keys; the same bytes again are harmless, others are refused',
    withStore(async ({ open }) => {
      const [{ vault }, other] = [await open(patientMs), await open(patientMs)];
      expect([await vault.get('snapshot/x/1'), await vault.has('snapshot/x/1')]).toEqual([null, false]);
      const receipt = await vault.put('snapshot/x/1', bytes('state'));
      expect(await other.vault.put('snapshot/x/1', bytes('state'))).toEqual(receipt);
      await expect(other.vault.put('snapshot/x/1', bytes('other'))).rejects.toThrow(VaultKeyTakenError);
      expect(text((await other.vault.get('snapshot/x/1')) ?? bytes(''))).toBe('state');
      await vault.put('snapshot/x/2', bytes(''));
      await vault.put('package/p', bytes('code'));
      expect(await other.vault.list('snapshot/')).toEqual(['snapshot/x/1', 'snapshot/x/2']);
      expect((await other.vault.get('snapshot/x/2'))?.byteLength).toBe(0);
      await vault.delete('snapshot/x/1');
      await vault.delete('snapshot/x/1');
      expect([await other.vault.has('snapshot/x/1'), (await vault.list('')).length]).toEqual([false, 2]);
    }),
  );

  test(
    'shows a value whole or not at all, and nothing of one whose source failed',
    withStore(async ({ open }) => {
      const [{ vault }, other] = [await open(patientMs), await open(patientMs)];
      const source = chunks(40, 1_000_003, async (index) => {
        if (index % 10 !== 0) return;
        expect([await other.vault.has('large'), await other.vault.get('large')]).toEqual([false, null]);
        expect(await other.vault.list('')).toEqual([]);
      });
      const receipt = await vault.put('large', source);
      expect(receipt.sizeBytes).toBe(40 * 1_000_003);
      const found = await other.vault.get('large');
      expect(found?.byteLength).toBe(receipt.sizeBytes);
      for (let index = 0; index < 40; index += 1) expect(found?.[index * 1_000_003]).toBe(index + 1);
      const failing = chunks(3, 1000, (index) =>
        index < 2 ? Promise.resolve() : Promise.reject(new Error('source')),
      );
      await expect(vault.put('failed', failing)).rejects.toThrow();
      expect(await other.vault.list('')).toEqual(['large']);
    }),
  );

  test(
    'follows a pointer to a whole value, whenever the pointer is switched',
    withStore(async ({ open }) => {
      const [writer, reader] = [await open(patientMs), await open(patientMs)];
      let finished = false;
      const writing = (async () => {
        let known: Parameters<Registry['cas']>[1] = 'absent';
        for (let version = 1; version <= 15; version += 1) {
          await writer.vault.put(`v/${version}`, new Uint8Array(300_000).fill(version));
          const answer = await writer.registry.cas('pointer', known, bytes(version));
          if (answer.kind === 'done') known = answer.revision;
        }
        finished = true;
      })();
      let latest = 0;
      while (!finished) {
        const pointer = await reader.registry.get('pointer');
        if (pointer === null) continue;
        const version = Number(text(pointer.value));
        expect(version).toBeGreaterThanOrEqual(latest);
        latest = version;
        const value = await reader.vault.get(`v/${version}`);
        expect([value?.byteLength, value?.every((byte) => byte === version)]).toEqual([300_000, true]);
      }
      await writing;
    }),
  );
}

function sessionContract(withStore: WithStore): void {
  test(
    'belongs to one cluster, whoever asks first',
    withStore(async ({ open }) => {
      const sessions = await Promise.all([1, 2, 3].map(() => open(patientMs)));
      const identities = await Promise.all(sessions.map((session) => session.identity(null)));
      expect(new Set(identities.map(({ id }) => id)).size).toBe(1);
      const [first] = identities;
      if (first === undefined) throw new Error('three asked');
      const again = await open(patientMs);
      expect(await again.identity(first.id)).toEqual(first);
      await expect(again.identity(clusterId('c-other'))).rejects.toThrow(ForeignClusterError);
    }),
  );

  test(
    'lets calls in flight end when it is closed, and refuses later ones',
    withStore(async ({ open }) => {
      const store = await open(patientMs);
      const calls = Array.from({ length: 50 }, (_, index) =>
        store.registry.cas(`row/${index}`, 'absent', bytes(index)),
      );
      const closing = store.close();
      const settled = await Promise.allSettled(calls);
      expect(await closing).toBe('closed');
      await expect(store.registry.get('row/0')).rejects.toThrow(StoreUnavailableError);
      await expect(store.registry.cas('late', 'absent', bytes(1))).rejects.toThrow(StoreUnavailableError);
      await expect(store.vault.has('row')).rejects.toThrow(StoreUnavailableError);
      expect(await store.close()).toBe('closed');
      const again = await open(patientMs);
      const rows = new Set((await again.registry.list('row/')).map(({ key }) => key));
      for (const [index, outcome] of settled.entries()) {
        if (outcome.status === 'fulfilled') expect(rows.has(`row/${index}`)).toBe(true);
        else if (outcome.reason instanceof StoreUnavailableError)
          expect(rows.has(`row/${index}`)).toBe(false);
      }
    }),
  );
}
