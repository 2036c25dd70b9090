import { expect, test } from 'vitest';
import type { LaneAnswer } from '../../src/actors/lane-board.ts';
import type { ExecutionId } from '../../src/core/ids.ts';
import { epoch, generation, snapshotDigest } from '../../src/core/ids.ts';
import { released } from '../../src/protocols/ownership/register.ts';
import { ClusterWorld } from './cluster-world.ts';

test('what its own host knows nothing of is recovered there only if it was released from quarantine', async () => {
  const world = new ClusterWorld(1);
  const host = await world.start('h1');
  const execution = await world.run(host);
  await world.until(() => host.phase(execution) === 'running', 1_000);
  await world.advance(2_000);
  // A copy that was dropped by mistake is no reason to go back to a checkpoint in silence.
  host.parts.board.release(execution);
  host.parts.book.close(execution);
  await world.advance(10_000);
  const { registers } = world.store;
  const found = registers.rows.get(execution);
  if (found === undefined) throw new Error('it has a row');
  expect([found.row.generation, found.row.standing.phase, host.phase(execution)]).toEqual([
    1,
    'live',
    'absent',
  ]);

  expect(registers.swap(execution, found.revision, released(found.row)).kind).toBe('done');
  await world.until(() => host.phase(execution) === 'running', 10_000);
  expect(registers.rows.get(execution)?.row).toMatchObject({ generation: 2, standing: { phase: 'live' } });
});

/** Lane answers of one execution that no checkpoint can be taken of. */
const uncapturable = {
  pinned: (execution: ExecutionId): LaneAnswer => ({
    kind: 'pinned',
    request: 0,
    execution,
    pin: { reason: 'pinned', method: 'count.ts#count', line: 1, path: '' },
  }),
  'too large': (execution: ExecutionId): LaneAnswer => {
    const tenure = { execution, epoch: epoch(1), generation: generation(1) };
    const bytes = new Uint8Array(2_000);
    const digest = snapshotDigest('d'.repeat(64));
    return {
      kind: 'checkpointed',
      request: 0,
      capture: { tenure, bytes, digest, effectSequence: 1, effectsPending: 0 },
    } as LaneAnswer;
  },
} as const;

test.each(Object.entries(uncapturable))(
  'one that is %s proves itself by time: its deaths are cleared, and no other suspect waits for ever',
  async (_how, answerOf) => {
    const world = new ClusterWorld(2);
    const settings = { snapshots: { sizeMaxBytes: 1_000 } };
    const [one, two] = [await world.start('h1', { settings }), await world.start('h2')];
    const suspect = await world.run(one);
    const other = await world.run(two);
    const { board } = one.parts;
    const request = board.request.bind(board);
    board.request = (execution, kind, onAnswer) =>
      execution === suspect && kind === 'checkpoint'
        ? onAnswer(answerOf(suspect))
        : request(execution, kind, onAnswer);
    const { registers } = world.store;
    for (const [execution, deaths] of [
      [suspect, 2],
      [other, 1],
    ] as const) {
      const found = registers.rows.get(execution);
      if (found === undefined) throw new Error('it has a row');
      expect(registers.swap(execution, found.revision, { ...found.row, deaths }).kind).toBe('done');
    }
    world.kill(two);
    await world.until(() => one.phase(other) === 'running', 20_000);
    expect([one.phase(other), registers.rows.get(suspect)?.row.deaths]).toEqual(['running', 0]);
  },
);
