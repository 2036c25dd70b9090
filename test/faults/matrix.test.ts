import { describe, test } from 'vitest';
import { acts, asJudged, Fleet, flawless, quickLeases, scripted, turn } from './fleet.ts';

// Promises 2 and 3 of docs/semantics.md.

/** Where the barrier holds one end of a move: it has come to this step, and has done nothing in it. */
const cases = ['source', 'target'].flatMap((side) =>
  ['prepare', 'transfer', 'resume', 'commit'].map((step) => ({ side, point: `${side}:${step}` })),
);

describe.concurrent('SIGKILL of one end of a move that stands still at a step', () => {
  test.for(cases)(
    '$point: exactly one copy goes on, and is right',
    { timeout: 120_000 },
    async (row, context) => {
      await turn(context);
      const held = row.side === 'source' ? 'r1-h1' : 'r1-h2';
      const fleet = await Fleet.start(context, {
        racks: 1,
        hostsPerRack: 2,
        settings: [...scripted, ...quickLeases],
        environment: { [held]: { GODWIT_HOLD_AT: row.point } },
      });
      const work = await fleet.startWork('r1-h1', [acts.some, acts.few]);
      const mover = work[0];
      if (mover === undefined) throw new Error('there is work');
      await fleet.acted(mover.execution, 40);
      const move = fleet.move(mover.execution, 'r1-h2').catch((error: unknown) => error);
      await fleet.event('held', ({ point }) => point === row.point);
      // Whoever may run by now does so for a while, so that a copy that must not run beside it would show. A source that is
      // held once it is frozen may keep both from it: it runs no copy, and owes the target the outcomes of its effects.
      if (row.point !== 'source:resume' && row.point !== 'source:commit') {
        const sofar = fleet.log().filter(({ execution }) => execution === mover.execution).length;
        await fleet.acted(mover.execution, sofar + 30);
      }
      fleet.signal(held, 'SIGKILL');
      context.expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
      await move;
    },
  );
});
