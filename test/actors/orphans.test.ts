import { expect, test } from 'vitest';
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
