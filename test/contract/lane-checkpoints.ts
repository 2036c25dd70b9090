import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Tenure } from '../../src/core/execution.ts';
import { epoch, executionId, generation, methodId } from '../../src/core/ids.ts';
import type { InstalledPackage } from '../../src/lanes/contract.ts';
import { encodeArgs } from '../../src/methods/runtime/index.ts';
import { installFixtures, removeFixtures } from '../lanes/package-fixture.ts';
import type { StartLane } from './lane.ts';
import { Bench } from './lane.ts';

const tenure: Tenure = { execution: executionId('x-1'), epoch: epoch(1), generation: generation(1) };

/** What every lane does for a durable execution that wants a checkpoint. */
export function describeLaneCheckpoints(name: string, startLane: StartLane): void {
  describe(`lane, ${name}: checkpoints that are wanted`, () => {
    let installed: InstalledPackage;
    let benches: Bench[] = [];

    beforeAll(async () => {
      installed = await installFixtures();
    });
    afterAll(() => removeFixtures(installed));
    afterEach(async () => {
      await Promise.all(benches.map((bench) => bench.lane.stop()));
      benches = [];
    });

    async function admit(id: string, args: readonly unknown[]): Promise<Bench> {
      const on = new Bench(startLane, {});
      benches.push(on);
      await on.install(installed);
      const method = { package: installed.hash, method: methodId(`methods.ts#${id}`) };
      on.lane.post({ kind: 'start', tenure, method, args: encodeArgs(args), durable: true });
      return on;
    }

    test('what a durable execution waits with is captured along with its wish, once until it is covered', async () => {
      const on = await admit('errands', []);
      on.lane.post({ kind: 'run', tenure });
      const both = await on.probe.next('checkpointWanted');
      expect(both).toMatchObject({ tenure, capture: { tenure, effectSequence: 2, effectsPending: 0 } });
      expect(on.probe.count('effectStarted')).toBe(0);
      on.lane.post({ kind: 'covered', execution: tenure.execution, tenure, digest: both.capture!.digest });
      const third = await on.probe.next('checkpointWanted');
      expect(third).toMatchObject({ capture: { effectSequence: 3 } });
      expect(on.probe.count('effectStarted')).toBe(2);
      // Nothing else is asked of the lane, and no other capture made: this one is enough for the rest.
      on.lane.post({ kind: 'covered', execution: tenure.execution, tenure, digest: third.capture!.digest });
      expect(await on.result(tenure)).toEqual([1, 2, 3]);
      expect(on.probe.count('checkpointWanted')).toBe(2);
    });

    test('while an earlier capture may still become durable, a wish comes without one', async () => {
      const on = await admit('errands', []);
      on.request('checkpoint', tenure);
      on.lane.post({ kind: 'run', tenure });
      const { capture: early } = await on.probe.next('checkpointed');
      const { execution } = tenure;
      expect((await on.probe.next('checkpointWanted')).capture).toBe(null);
      on.request('checkpoint', tenure);
      const { capture } = await on.probe.next('checkpointed');
      on.lane.post({ kind: 'covered', execution, tenure, digest: early.digest });
      on.lane.post({ kind: 'covered', execution, tenure, digest: capture.digest });
      const along = await on.probe.next('checkpointWanted', (event) => event.capture !== null);
      expect(along).toMatchObject({ capture: { effectSequence: 3 } });
    });

    test('whoever is busy says that it wants a checkpoint before it is over, and is not captured for it', async () => {
      const on = await admit('errandAtWork', [1e15]);
      on.lane.post({ kind: 'run', tenure });
      expect((await on.probe.next('checkpointWanted')).capture).toBe(null);
    });
  });
}
