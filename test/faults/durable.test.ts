import { expect, test } from 'vitest';
import { anywhere } from '../../src/cluster.ts';
import { hostName } from '../../src/core/ids.ts';
import type { LoggedAct } from '../../src/testing/index.ts';
import { Fleet, quickLeases, scripted, turn } from './fleet.ts';

// Promise 5 of docs/semantics.md.

const timeout = 60_000;
const entries = 60;

/** What the witness saw under each number, which is the key of a durable execution's effect. */
function byKey(acts: readonly LoggedAct[]): ReadonlyMap<number, readonly LoggedAct[]> {
  const found = new Map<number, LoggedAct[]>();
  for (const act of acts) found.set(act.sequence, [...(found.get(act.sequence) ?? []), act]);
  return found;
}

test(
  'a durable execution whose host is killed does nothing twice under one key, and loses no message',
  { timeout },
  async (context) => {
    await turn(context);
    const fleet = await Fleet.start(context, {
      racks: 1,
      hostsPerRack: 2,
      settings: [...scripted, ...quickLeases],
      environment: {},
    });
    const pack = await fleet.deploy('ledger');
    const options = { on: hostName('r1-h1'), affinity: anywhere, durable: true };
    const execution = await fleet.cluster.start(pack, 'post', [fleet.witness, entries], options);
    await fleet.acted(execution, entries / 3);
    fleet.signal('r1-h1', 'SIGKILL');
    const { detail } = await fleet.event('recovered', ({ tenure }) => tenure.execution === execution);
    const sum = (entries * (entries + 1)) / 2;
    expect(await fleet.cluster.outcome(execution)).toEqual([sum, sum]);

    const acts = fleet.log().filter((act) => act.execution === execution);
    const keys = byKey(acts);
    // One key, one meaning, whichever life it was started by: a target that keeps keys does it once.
    const meanings = [...keys.values()].map((same) => new Set(same.map(({ iteration }) => iteration)).size);
    expect(meanings).toEqual(Array.from({ length: entries }, () => 1));
    expect(new Set(acts.map(({ iteration }) => iteration)).size).toBe(entries);
    // Only what was under way when the host died was started again, by the next generation.
    const twice = [...keys.values()].filter((same) => same.length > 1);
    expect(twice.length).toBeLessThanOrEqual(1);
    for (const same of twice) expect(same.map(({ generation }) => generation)).toEqual([1, 2]);
    // What it had started stood in the checkpoint that it was recovered from.
    const before = acts.filter(({ generation }) => generation === 1).map(({ sequence }) => sequence);
    expect(detail.effectSequence).toBeGreaterThanOrEqual(Math.max(...before));
  },
);
