import { expect, test } from 'vitest';
import type { ExecutionId } from '../../src/core/ids.ts';
import type { Work } from './fleet.ts';
import { asJudged, Fleet, flawless, quickLeases, scripted } from './fleet.ts';

// Promise 9 of docs/semantics.md.

const diskBytes = 24 * 1024 * 1024;
/** Each checkpoint is larger than the one before, and soon a file: no room that another left is enough for it. */
const keptBytes = 1_024;

test.each([
  ['a disk of its own', diskBytes],
  ['writes that fail', undefined],
] as const)('a full disk, by %s, costs time and nothing else', { timeout: 120_000 }, async (_, size) => {
  expect.hasAssertions();
  await filled(size);
});

async function filled(size: number | undefined): Promise<void> {
  const fleet = await Fleet.open({
    racks: 1,
    hostsPerRack: 2,
    settings: [...scripted, ...quickLeases],
    environment: {},
    ...(size === undefined ? {} : { diskBytes: size }),
  });
  try {
    const work = await fleet.startWork('r1-h1', [600], 20_000, 12, keptBytes);
    const [{ execution }] = work as [Work];
    await checkpointed(fleet, execution);
    const how = await fleet.real.fillDisk();
    // Where no disk of one's own may be had, both do the same.
    if (size !== undefined && how !== 'tmpfs')
      console.warn('No file system may be mounted here: writes fail instead.');
    // A renewal of the lease can be the first to find no room: then nothing runs that would have to be stored.
    const failed = fleet.event('checkpointFailed', (one) => one.execution === execution);
    const first = await Promise.race([...(how === 'tmpfs' ? [failed] : []), fleet.event('hostFrozen')]);
    if (first.detail.kind === 'checkpointFailed') expect(first.detail.reason).toContain('full');
    await fleet.real.freeDisk();
    expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
  } finally {
    await fleet.end();
  }
}

async function checkpointed(fleet: Fleet, execution: ExecutionId): Promise<void> {
  await fleet.registered(execution, ({ recovery }) => recovery.kind === 'snapshot');
}
