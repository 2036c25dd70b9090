import { expect, test } from 'vitest';
import { SystemClock } from '../../src/clock.ts';
import { incarnationId, laneIndex, packageHash } from '../../src/core/ids.ts';
import type { Cancel } from '../../src/core/ports.ts';
import { SystemDigest } from '../../src/digest.ts';
import { builtEntry } from '../../src/entries.ts';
import { laneDefaults } from '../../src/lanes/contract.ts';
import { noDeadlineMs, SharedWords } from '../../src/lanes/shared.ts';
import { SystemRandom } from '../../src/random.ts';
import { describeLane } from '../contract/lane.ts';
import { describeLaneCheckpoints } from '../contract/lane-checkpoints.ts';
import { nativeImport } from './native-import.ts';
import { Probe, until } from './probe.ts';

const { startInlineLane } = (await nativeImport(
  builtEntry('lanes/inline').href,
)) as typeof import('../../src/lanes/inline.ts');

const ports = {
  clock: new SystemClock(),
  digest: new SystemDigest(),
  random: new SystemRandom(),
  defer: (task: () => void) => void setImmediate(task),
};

test('an extended lease wakes a lane by itself, without any timer', async () => {
  class TimerlessClock extends SystemClock {
    override after(): Cancel {
      return () => undefined;
    }
  }
  const probe = new Probe();
  const lane = startInlineLane(
    { ...laneDefaults, incarnation: incarnationId('h1.1'), index: laneIndex(0) },
    { ...ports, clock: new TimerlessClock() },
    probe,
  );
  lane.post({ kind: 'install', package: { hash: packageHash('ef'.repeat(32)), folder: '/nowhere' } });
  await until(() => new SharedWords(lane.shared).phase === 'leaseEnded');
  expect(probe.all).toEqual([]);
  lane.extendLease(noDeadlineMs, noDeadlineMs);
  await until(() => probe.count('installFailed') === 1);
  await lane.stop();
});

describeLane('inline', (options, listener) => startInlineLane(options, ports, listener));
describeLaneCheckpoints('inline', (options, listener) => startInlineLane(options, ports, listener));
