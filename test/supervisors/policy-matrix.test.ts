import { describe, expect, test } from 'vitest';
import { normal, shutdown } from '../../src/actors/kernel/exit-reason.ts';
import type { Restart } from '../../src/supervisors/child-spec.ts';
import type { Strategy } from '../../src/supervisors/contract.ts';
import { endOf, fail, SupervisorWorld } from './supervisor-world.ts';

/*
 * Strategy × restart type × exit reason × budget. Children a, b, c, started in this order; b, of the given type, ends
 * for the given reason; a and c are permanent. The oracle below knows the manual and nothing of the program.
 */

const strategies: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one', 'dynamic'];
const restarts: readonly Restart[] = ['permanent', 'transient', 'temporary'];
const reasons = ['normal', 'shutdown', 'crashed', 'killed'] as const;
const budgets = ['left', 'spent'] as const;
type Reason = (typeof reasons)[number];

interface Expected {
  /** Starts and orderly stops after b has ended. */
  readonly log: string;
  readonly children: string;
  readonly supervisor: string;
}

/** What the manual says. */
function oracle(strategy: Strategy, restart: Restart, reason: Reason, budget: 'left' | 'spent'): Expected {
  // "A permanent child is always restarted. A temporary one never. A transient one only if it ended abnormally":
  // with another reason than normal and shutdown.
  const abnormal = ['crashed', 'killed'].includes(reason);
  const restarted = { permanent: true, transient: abnormal, temporary: false }[restart];
  if (!restarted) {
    // A temporary child's spec goes with the child; so does every child of simple_one_for_one. Others stay, without.
    const kept = strategy !== 'dynamic' && restart === 'transient';
    return {
      log: '',
      children: kept ? 'a running, b stopped, c running' : 'a running, c running',
      supervisor: 'running',
    };
  }
  // More restarts than the intensity allows: all children are terminated, in reverse, and then the supervisor itself.
  if (budget === 'spent') {
    return { log: '-c -a', children: '', supervisor: 'shutdown: restart budget spent by child b' };
  }
  const log = {
    one_for_one: '+b',
    dynamic: '+b',
    rest_for_one: '-c +b +c',
    one_for_all: '-c -a +a +b +c',
  }[strategy];
  return { log, children: 'a running, b running, c running', supervisor: 'running' };
}

const rows = strategies.flatMap((strategy) =>
  restarts.flatMap((restart) =>
    reasons.flatMap((reason) => budgets.map((budget) => [strategy, restart, reason, budget] as const)),
  ),
);

describe.each([
  ['nact', null],
  ['the simulator, SEED=1', 1],
  ['the simulator, SEED=2', 2],
])('on %s', (_kernel, seed) => {
  test.each(rows)('%s, a %s child ends %s, budget %s', async (strategy, restart, reason, budget) => {
    const world = new SupervisorWorld(seed);
    const budgetMax = { restartsMax: budget === 'left' ? 1 : 0, periodMs: 5_000 };
    const top = world.start({ strategy, budget: budgetMax }, [
      world.worker('a'),
      world.worker('b', { restart }),
      world.worker('c'),
    ]);
    await world.settle();
    expect(world.takeLog()).toEqual(['+a', '+b', '+c']);
    const b = world.ref('b');
    if (reason === 'killed') world.kernel.kill(b);
    else if (reason === 'crashed') b.tell(fail);
    else b.tell((context) => context.exit(reason === 'normal' ? normal : shutdown));
    await world.settle();
    // b's own orderly end is not the supervisor's doing.
    const log = world.takeLog().filter((line) => line !== '-b');
    // A dynamic supervisor stops its children all at once: their order means nothing.
    if (strategy === 'dynamic' && budget === 'spent') log.sort().reverse();
    const expected = oracle(strategy, restart, reason, budget);
    const stopped = top.status === 'ended';
    expect({
      log: log.join(' '),
      children: stopped ? '' : await world.children(top),
      supervisor: endOf(top),
    }).toEqual(expected);
  });
});
