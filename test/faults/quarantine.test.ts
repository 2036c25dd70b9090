import { expect, test } from 'vitest';
import { Fleet, quickLeases, scripted, turn } from './fleet.ts';

// Promise 2 of docs/semantics.md: what is quarantined is kept, and goes on once it is released.

const timeout = 60_000;

test(
  'whoever kills its lane each time is quarantined, and nobody beside it',
  { timeout },
  async (context) => {
    await turn(context);
    const fleet = await Fleet.start(context, {
      racks: 1,
      hostsPerRack: 1,
      settings: [...scripted, ...quickLeases, 'recovery.provenMs=1000'],
      environment: {},
    });
    const pack = await fleet.deploy('killer');
    const beside = await Promise.all([1, 2, 3].map(() => fleet.startMethod(pack, 'bystander', [3], 'r1-h1')));
    const killer = await fleet.startMethod(pack, 'killer', [], 'r1-h1');
    const { detail } = await fleet.event('quarantined', () => true);
    expect(detail.execution).toBe(killer);
    expect(detail.reason).toContain('each of the last 3 times that it ran');

    const shown = (await fleet.cluster.executions()).find(({ execution }) => execution === killer);
    expect(shown).toMatchObject({ phase: 'quarantined', lastLog: detail.reason });
    await expect(fleet.cluster.inspect(killer)).rejects.toThrow(
      `${killer} is quarantined: each of the last 3`,
    );
    // Nothing else of its kind: they come to their ends.
    expect(await Promise.all(beside.map((execution) => fleet.cluster.outcome(execution)))).toEqual([
      30, 30, 30,
    ]);

    expect(await fleet.cluster.release(killer)).toBe(detail.reason);
    // It goes on from its last checkpoint.
    const { generation } = await fleet.registered(killer, ({ deaths }) => deaths === 1);
    expect(generation).toBe(4);
    const quarantines = fleet.events.filter(({ detail: { kind } }) => kind === 'quarantined');
    expect(quarantines.map(({ detail: found }) => 'execution' in found && found.execution)).toEqual(
      quarantines.map(() => killer),
    );
    await expect(fleet.cluster.release(beside[0] as never)).rejects.toThrow('is not quarantined');
  },
);
