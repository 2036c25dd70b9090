import { BroadcastChannel } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { MethodRef, Tenure } from '../../src/core/execution.ts';
import {
  epoch,
  executionId,
  generation,
  incarnationId,
  laneIndex,
  methodId,
  packageHash,
} from '../../src/core/ids.ts';
import type {
  InstalledPackage,
  Lane,
  LaneEvent,
  LaneListener,
  LaneOptions,
} from '../../src/lanes/contract.ts';
import { noDeadlineMs, SharedWords } from '../../src/lanes/shared.ts';
import { decodeResult, encodeArgs } from '../../src/methods/runtime/index.ts';
import { encodeValue } from '../../src/methods/snapshot/index.ts';
import { installFixtures, removeFixtures } from '../lanes/package-fixture.ts';
import { Probe, until } from '../lanes/probe.ts';

export type StartLane = (options: LaneOptions, listener: LaneListener) => Lane;

/** Long enough to be in its loop for as long as any test needs. */
const endless = 1e15;
const long = 100_000_000;

const known = new Map<number, number>();

/** The same function as the fixture's, by plain Node. */
function checksum(count: number): number {
  const result = known.get(count) ?? computeChecksum(count);
  known.set(count, result);
  return result;
}

function computeChecksum(count: number): number {
  let sum = 0;
  for (let at = 0; at < count; at += 1) sum = (sum * 31 + at) % 1_000_003;
  return sum;
}

/** One lane under test, and what its host would do. */
export class Bench {
  readonly lane: Lane;
  readonly probe = new Probe();
  #request = 0;

  constructor(start: StartLane, options: Partial<LaneOptions>) {
    this.lane = start(
      {
        incarnation: incarnationId('h1.1'),
        index: laneIndex(0),
        tracePeriodMs: 0,
        sliceMs: 2,
        heapMaxMiB: 0,
        ...options,
      },
      this.probe,
    );
    this.lane.extendLease(noDeadlineMs, noDeadlineMs);
  }

  get words(): SharedWords {
    return new SharedWords(this.lane.shared);
  }

  async install(installed: InstalledPackage): Promise<void> {
    this.lane.post({ kind: 'install', package: installed });
    await this.probe.next('installed');
  }

  request(kind: 'freeze' | 'checkpoint' | 'inspect', { execution }: Tenure): number {
    this.#request += 1;
    this.lane.post({ kind, execution, request: this.#request });
    return this.#request;
  }

  async inspect(tenure: Tenure) {
    const request = this.request('inspect', tenure);
    const answers = (event: { readonly request: number }): boolean => event.request === request;
    const absent = this.probe.next('absent', answers).then(() => {
      throw new Error(`${tenure.execution} is not here: it has settled, or never came.`);
    });
    return (await Promise.race([this.probe.next('inspected', answers), absent])).inspection;
  }

  /** The live value of a number of the innermost frame. */
  async local(tenure: Tenure, name: string): Promise<number> {
    const { tasks } = await this.inspect(tenure);
    const local = tasks[0]?.frames[0]?.locals.find((candidate) => candidate.name === name);
    return local === undefined ? 0 : Number(local.preview);
  }

  /** Waits until the method is in its loop, in any iteration but the first. */
  async inLoop(tenure: Tenure, name = 'at'): Promise<void> {
    while (!((await this.local(tenure, name)) > 0));
  }

  async result(tenure: Tenure): Promise<unknown> {
    const { settlement } = await this.probe.next(
      'settled',
      (event) => event.tenure.execution === tenure.execution,
    );
    expect(settlement.kind).toBe('returned');
    return decodeResult(settlement.value);
  }
}

/** What every lane does, wherever its methods run. */
export function describeLane(name: string, startLane: StartLane): void {
  describe(`lane, ${name}`, () => {
    let installed: InstalledPackage;
    let benches: Bench[] = [];
    let executions = 0;

    beforeAll(async () => {
      installed = await installFixtures();
    });
    afterAll(() => removeFixtures(installed));
    afterEach(async () => {
      await Promise.all(benches.map((bench) => bench.lane.stop()));
      benches = [];
    });

    async function bench(options: Partial<LaneOptions> = {}): Promise<Bench> {
      const made = new Bench(startLane, options);
      benches.push(made);
      await made.install(installed);
      return made;
    }

    function method(id: string): MethodRef {
      return { package: installed.hash, method: methodId(`methods.ts#${id}`) };
    }

    function admit(on: Bench, id: string, args: readonly unknown[]): Tenure {
      executions += 1;
      const tenure = {
        execution: executionId(`x-${executions}`),
        epoch: epoch(1),
        generation: generation(1),
      };
      on.lane.post({ kind: 'start', tenure, method: method(id), args: encodeArgs(args), durable: false });
      return tenure;
    }

    function run(on: Bench, id: string, ...args: readonly unknown[]): Tenure {
      const tenure = admit(on, id, args);
      on.lane.post({ kind: 'run', tenure });
      return tenure;
    }

    const moved = (tenure: Tenure): Tenure => ({ ...tenure, epoch: epoch(tenure.epoch + 1) });

    test('runs a method to its result, under the tenure it was given', async () => {
      const on = await bench();
      const tenure = run(on, 'checksum', 1000);
      expect(await on.probe.next('restored')).toMatchObject({ tenure, digest: null, effectsOn: [] });
      const settled = await on.probe.next('settled');
      expect(settled.tenure).toEqual(tenure);
      expect(decodeResult(settled.settlement.value)).toBe(checksum(1000));
    });

    test('a started execution stands still until it is told to run', async () => {
      const on = await bench();
      const frozen = admit(on, 'checksum', [10]);
      await on.result(run(on, 'checksum', long / 100));
      expect((await on.inspect(frozen)).state).toBe('frozen');
      expect(on.probe.count('settled')).toBe(1);
      on.lane.post({ kind: 'run', tenure: frozen });
      expect(await on.result(frozen)).toBe(checksum(10));
    });

    test('takes arguments and gives results exactly', async () => {
      const on = await bench();
      const shared = {
        list: Object.assign([], { 0: 1, 2: -0, 3: Number.NaN, 4: 2n ** 70n, 5: undefined }) as unknown[],
        map: new Map([['k', new Date(5)]]),
      };
      const cyclic = { shared, bytes: Uint8Array.of(1, 2, 3), self: null as unknown };
      cyclic.self = cyclic;
      const [value, again] = (await on.result(run(on, 'echo', cyclic, shared))) as [
        typeof cyclic,
        typeof shared,
      ];
      expect(value).toEqual(cyclic);
      expect(value.self).toBe(value);
      expect(value.shared).toBe(again);
      expect(Object.hasOwn(again.list, 1)).toBe(false);
      expect(Object.is(again.list[2], -0)).toBe(true);
    });

    test('a method that throws settles as thrown, with its error and where it came from', async () => {
      const on = await bench();
      run(on, 'fail', 'godwit');
      const { settlement } = await on.probe.next('settled');
      if (settlement.kind !== 'threw') throw new Error(`expected threw, found ${settlement.kind}`);
      expect(settlement.message).toContain('no such word: godwit');
      expect(settlement.stack).toMatch(/methods\.ts:\d+/);
      const error = decodeResult(settlement.value);
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toBe('no such word: godwit');
    });

    test('a tight loop is frozen in the middle, restored on another lane and finished there', async () => {
      const [from, to] = [await bench(), await bench()];
      const tenure = run(from, 'checksum', long);
      await from.inLoop(tenure);
      const request = from.request('freeze', tenure);
      const { capture } = await from.probe.next('frozen');
      expect(capture).toMatchObject({ tenure, effectSequence: 0, effectsPending: 0 });
      expect(from.probe.all.at(-1)).toMatchObject({ request });
      const [at, sum] = [await from.local(tenure, 'at'), await from.local(tenure, 'sum')];
      expect(at).toBeLessThan(long);
      expect(await from.local(tenure, 'at')).toBe(at);

      const next = moved(tenure);
      to.lane.post({ kind: 'restore', tenure: next, snapshot: capture.bytes });
      const { digest } = capture;
      expect(await to.probe.next('restored')).toMatchObject({ tenure: next, digest, effectsOn: [] });
      // The copy stands in the same iteration: a restart from the beginning would give the same result.
      expect([await to.local(next, 'at'), await to.local(next, 'sum')]).toEqual([at, sum]);
      from.lane.post({ kind: 'discard', execution: tenure.execution });
      to.lane.post({ kind: 'run', tenure: next });
      expect(await to.result(next)).toBe(checksum(long));
      from.request('inspect', tenure);
      await from.probe.next('absent');
      expect(from.probe.count('settled')).toBe(0);
    });

    test('a frozen execution that is told to run goes on where it stood', async () => {
      const on = await bench();
      const tenure = run(on, 'checksum', long);
      await on.inLoop(tenure);
      on.request('freeze', tenure);
      await on.probe.next('frozen');
      on.lane.post({ kind: 'run', tenure: moved(tenure) });
      const settled = await on.probe.next('settled');
      expect(settled.tenure).toEqual(moved(tenure));
      expect(decodeResult(settled.settlement.value)).toBe(checksum(long));
    });

    test('a checkpoint is taken in the middle of a loop that runs on; a copy of it finishes too', async () => {
      const [on, recovered] = [await bench(), await bench()];
      const tenure = run(on, 'checksum', long);
      await on.inLoop(tenure);
      on.request('checkpoint', tenure);
      const { capture } = await on.probe.next('checkpointed');
      expect(await on.result(tenure)).toBe(checksum(long));
      const again = { ...moved(tenure), generation: generation(2) };
      recovered.lane.post({ kind: 'restore', tenure: again, snapshot: capture.bytes });
      recovered.lane.post({ kind: 'run', tenure: again });
      expect(await recovered.result(again)).toBe(checksum(long));
    });

    test('tight loops share a lane fairly', async () => {
      const on = await bench({ tracePeriodMs: 100 });
      const tenures = [run(on, 'spin'), run(on, 'spin'), run(on, 'spin')];
      const { traces } = await on.probe.next(
        'trace',
        (event) => event.traces.length === 3 && event.traces.every((trace) => trace.slices >= 50),
      );
      const fuels = tenures.map(
        ({ execution }) => traces.find((trace) => trace.execution === execution)?.fuel ?? 0,
      );
      expect(Math.max(...fuels) / Math.min(...fuels)).toBeLessThan(1.5);
    });

    test('demand and busy time can be read while the loops run', async () => {
      const on = await bench();
      for (const tenure of [run(on, 'spin'), run(on, 'spin'), admit(on, 'spin', [])])
        await on.inspect(tenure);
      await until(() => on.lane.counters().ready === 2);
      expect(on.lane.counters().executions).toBe(3);
      const before = on.lane.counters();
      await until(() => on.lane.counters().turns > before.turns + 20);
      const after = on.lane.counters();
      expect(after.busyMs).toBeGreaterThan(before.busyMs);
      // Two are always ready, so demand grows at twice the speed of time, and busy time no faster than it.
      expect(after.demandMs - before.demandMs).toBeGreaterThan(1.5 * (after.busyMs - before.busyMs));
    });

    test('a trace comes each period, also while a loop runs without end', async () => {
      const on = await bench({ tracePeriodMs: 20 });
      const tenure = run(on, 'spin');
      const first = await on.probe.next('trace', (event) => (event.traces[0]?.fuel ?? 0) > 0);
      const second = await on.probe.next('trace', (event) => event.traces.length === 1);
      expect(second.busyMs).toBeGreaterThan(0);
      expect(second.busyMs).toBeLessThanOrEqual(second.periodMs);
      expect(second.traces).toMatchObject([{ execution: tenure.execution }]);
      expect(second.traces[0]?.fuel).toBeGreaterThan(first.traces[0]?.fuel ?? 0);
      expect(on.lane.counters().heapBytes).toBeGreaterThan(100_000);
    });

    test('a value that cannot move pins a freeze, and the execution runs on', async () => {
      const on = await bench();
      const tenure = run(on, 'connected', endless);
      await on.inLoop(tenure);
      const request = on.request('freeze', tenure);
      const { pin, ...pinned } = await on.probe.next('pinned');
      expect(pinned).toEqual({ kind: 'pinned', request, execution: tenure.execution });
      expect(pin).toMatchObject({ method: expect.stringContaining('connected'), path: 'connection' });
      expect(pin.reason).toMatch(/methods\.ts:\d+.*connection.*Socket/);
      const at = await on.local(tenure, 'at');
      while (!((await on.local(tenure, 'at')) > at));
      on.request('checkpoint', tenure);
      await on.probe.next('pinned');
    });

    test('a loop without end is inspected line by line, and discarded without a trace', async () => {
      const on = await bench();
      const tenure = run(on, 'spin');
      await on.inLoop(tenure, 'turns');
      const inspection = await on.inspect(tenure);
      expect(inspection).toMatchObject({
        tenure,
        mailbox: 0,
        effectsPending: [],
        timersPending: 0,
        pin: null,
      });
      expect(['ready', 'running']).toContain(inspection.state);
      expect(inspection.tasks[0]?.frames[0]).toMatchObject({
        method: expect.stringContaining('spin'),
        file: expect.stringContaining('methods.ts'),
      });
      on.lane.post({ kind: 'discard', execution: tenure.execution });
      const request = on.request('inspect', tenure);
      expect(await on.probe.next('absent')).toMatchObject({ request });
      expect(on.probe.count('settled')).toBe(0);
      await until(() => on.lane.counters().executions === 0);
    });

    test('requests about an execution that is elsewhere are answered with absent', async () => {
      const on = await bench();
      const tenure = { execution: executionId('x-none'), epoch: epoch(1), generation: generation(1) };
      for (const kind of ['freeze', 'checkpoint', 'inspect'] as const) {
        const request = on.request(kind, tenure);
        expect(await on.probe.next('absent')).toEqual({
          kind: 'absent',
          request,
          execution: tenure.execution,
        });
      }
      on.lane.post({ kind: 'run', tenure });
      const ignored = await new Promise<LaneEvent>((resolve) => {
        void until(() => on.probe.count('restoreFailed') > 0).then(() =>
          resolve(on.probe.all.at(-1) as LaneEvent),
        );
      });
      expect(ignored).toMatchObject({ kind: 'restoreFailed', tenure });
    });

    test('what cannot be started or restored is refused with a reason', async () => {
      const on = await bench();
      const refused = async (): Promise<string> => {
        const before = on.probe.count('restoreFailed');
        await until(() => on.probe.count('restoreFailed') > before);
        return (on.probe.all.at(-1) as Extract<LaneEvent, { kind: 'restoreFailed' }>).reason;
      };
      admit(on, 'nosuch', []);
      expect(await refused()).toContain('nosuch');
      const tenure = { execution: executionId('x-other'), epoch: epoch(1), generation: generation(1) };
      const args = encodeArgs([]);
      const elsewhere = { package: packageHash('ab'.repeat(32)), method: methodId('methods.ts#echo') };
      on.lane.post({ kind: 'start', tenure, method: elsewhere, args, durable: false });
      expect(await refused()).toContain('abab');
      on.lane.post({ kind: 'restore', tenure, snapshot: new Uint8Array(100) });
      expect(await refused()).not.toBe('');
    });

    test('a package that cannot be imported is refused with the reason, and the lane lives', async () => {
      const on = await bench();
      const broken = { hash: packageHash('cd'.repeat(32)), folder: `${installed.folder}-gone` };
      on.lane.post({ kind: 'install', package: broken });
      await until(() => on.probe.count('installFailed') === 1);
      expect(on.probe.all.at(-1)).toMatchObject({
        package: broken.hash,
        reason: expect.stringContaining('-gone'),
      });
    });

    test('a message reaches the method that receives it, and is acknowledged', async () => {
      const on = await bench();
      const tenure = run(on, 'listen', 2);
      const from = { execution: executionId('x-peer'), epoch: epoch(1), generation: generation(1) };
      const packet = (number: number, body: unknown) =>
        ({
          kind: 'message',
          from,
          to: tenure.execution,
          number,
          body: encodeValue(body),
          subject: 'user',
        }) as const;
      const deliver = (number: number, body: unknown): void =>
        on.lane.post({ kind: 'deliver', execution: tenure.execution, packet: packet(number, body) });
      deliver(2, 'second');
      deliver(1, { word: 'first' });
      deliver(1, { word: 'first' });
      expect(await on.result(tenure)).toEqual([{ word: 'first' }, 'second']);
      await on.probe.next(
        'packet',
        ({ packet: answer }) => answer.kind === 'acknowledgement' && answer.upTo === 2,
      );
    });

    test('an effect runs where it started, and its outcome follows the execution', async () => {
      const [from, to] = [await bench(), await bench()];
      const gate = new BroadcastChannel(`gate-${executions}`);
      const waiting = new Promise((resolve) => (gate.onmessage = resolve));
      const tenure = run(from, 'gated', gate.name);
      expect(await from.probe.next('effectStarted')).toMatchObject({ tenure, sequence: 1, name: 'pass' });
      await waiting;
      from.request('freeze', tenure);
      const { capture } = await from.probe.next('frozen');
      expect(capture).toMatchObject({ effectSequence: 1, effectsPending: 1 });
      const next = moved(tenure);
      to.lane.post({ kind: 'restore', tenure: next, snapshot: capture.bytes });
      to.lane.post({ kind: 'run', tenure: next });
      expect(await to.probe.next('restored')).toMatchObject({ effectsOn: ['h1.1'] });
      from.lane.post({ kind: 'discard', execution: tenure.execution });
      gate.postMessage({ said: 'open' });
      gate.close();
      const { execution, outcome } = await from.probe.next('effectOutcome');
      expect(outcome).toMatchObject({ sequence: 1, ok: true });
      to.lane.post({ kind: 'settleEffect', execution, outcome });
      expect(await to.result(next)).toEqual(['passed', { said: 'open' }]);
      expect(to.probe.count('effectStarted')).toBe(0);
    });

    test('an effect makes progress beside a tight loop', async () => {
      const on = await bench();
      const gate = new BroadcastChannel(`gate-${executions}`);
      const waiting = new Promise((resolve) => (gate.onmessage = resolve));
      run(on, 'spin');
      const tenure = run(on, 'gated', gate.name);
      await waiting;
      gate.postMessage('open');
      gate.close();
      expect(await on.result(tenure)).toEqual(['passed', 'open']);
    });

    test('past the deadline a tight loop stands still, and goes on when the deadline is moved', async () => {
      const on = await bench();
      const tenure = run(on, 'checksum', long);
      await on.inLoop(tenure);
      on.lane.extendLease(0, 0);
      await until(() => on.words.phase === 'leaseEnded');
      const at = await on.local(tenure, 'at');
      on.request('checkpoint', tenure);
      on.request('freeze', tenure);
      // Inspections are no acts; those of another round see the same iteration, and nothing was reported between.
      expect(await on.local(tenure, 'at')).toBe(at);
      expect(await on.local(tenure, 'at')).toBe(at);
      expect(on.probe.count('checkpointed') + on.probe.count('frozen') + on.probe.count('settled')).toBe(0);
      on.lane.extendLease(noDeadlineMs, noDeadlineMs);
      await on.probe.next('checkpointed');
      await on.probe.next('frozen');
      on.lane.post({ kind: 'run', tenure });
      expect(await on.result(tenure)).toBe(checksum(long));
    });

    test('past the deadline by the boot clock alone no effect starts; afterwards the acts follow without a gap or a repeat', async () => {
      const on = await bench();
      const gate = new BroadcastChannel(`gate-${executions}`);
      const told: number[] = [];
      gate.onmessage = (event) => told.push((event as { readonly data: number }).data);
      const tenure = run(on, 'witness', gate.name);
      await until(() => told.length >= 20);
      on.lane.extendLease(noDeadlineMs - 1, 0);
      await until(() => on.words.phase === 'leaseEnded');
      // Whatever was told before the lane stood still has arrived once a later word of the same channel has.
      const { effectsPending } = await on.inspect(tenure);
      expect(effectsPending.length).toBeLessThanOrEqual(1);
      const started = on.probe.count('effectStarted');
      await on.inspect(tenure);
      expect(on.probe.count('effectStarted')).toBe(started);
      on.lane.extendLease(noDeadlineMs, noDeadlineMs);
      const before = told.length;
      await until(() => told.length > before + 20);
      gate.close();
      expect(told).toEqual(told.map((_, at) => at + 1));
    });

    test('nothing runs before the first lease', async () => {
      const on = await bench();
      on.lane.extendLease(0, 0);
      const tenure = run(on, 'checksum', 10);
      await until(() => on.words.phase === 'leaseEnded');
      expect(on.probe.count('restored')).toBe(0);
      expect(on.lane.counters().executions).toBe(0);
      on.lane.extendLease(noDeadlineMs, noDeadlineMs);
      expect(await on.result(tenure)).toBe(checksum(10));
    });

    test('a stopped lane reports nothing more and ignores commands', async () => {
      const on = await bench();
      const tenure = run(on, 'spin');
      await on.inLoop(tenure, 'turns');
      const stopped = on.lane.stop();
      const reported = on.probe.all.length;
      on.lane.post({ kind: 'checkpoint', execution: tenure.execution, request: 99 });
      await stopped;
      expect(on.probe.all.length).toBe(reported);
      expect(on.probe.exit).toBeNull();
      expect(on.lane.silentSinceMs()).toBeNull();
      expect(on.words.phase).toBe('ended');
    });
  });
}
