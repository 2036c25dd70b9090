import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normal } from '../../src/actors/kernel/exit-reason.ts';
import type { ChildSpec, Restart } from '../../src/supervisors/child-spec.ts';
import { worker } from '../../src/supervisors/child-spec.ts';
import type { Strategy, SupervisorOptions } from '../../src/supervisors/contract.ts';
import { subtree } from '../../src/supervisors/tree.ts';
import { fail, SupervisorWorld } from './supervisor-world.ts';
import type { Job, WorkerRef } from './supervisor-world.ts';
import type { Plan, SupervisorPlan } from './twin.ts';
import { Twin } from './twin.ts';

const restart = fc.constantFrom<Restart>('permanent', 'transient', 'temporary');
const strategy = fc.constantFrom<Strategy>('one_for_one', 'one_for_all', 'rest_for_one', 'dynamic');

const { supervisor: tree } = fc.letrec<{ plan: Plan; supervisor: SupervisorPlan }>((tie) => ({
  plan: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'tree' },
    fc.record({ kind: fc.constant('worker' as const), restart }),
    tie('supervisor'),
  ),
  supervisor: fc.record({
    kind: fc.constant('supervisor' as const),
    restart,
    strategy,
    restartsMax: fc.integer({ min: 0, max: 3 }),
    periodMs: fc.constantFrom(100, 1_000),
    children: fc.array(tie('plan'), { minLength: 1, maxLength: 4, depthIdentifier: 'tree' }),
  }),
}));

/** One worker ends, picked among those that run; then time passes. */
const steps = fc.array(
  fc.record({
    pick: fc.nat(),
    how: fc.constantFrom('crash', 'kill', 'exit'),
    waitMs: fc.constantFrom(0, 0, 60, 100, 101, 700),
  }),
  { maxLength: 12 },
);

/** The tree of a plan, on real supervisors; which workers run, and how often each was started. */
class Grown {
  readonly world: SupervisorWorld;
  readonly starts = new Map<string, number>();
  readonly refs = new Map<string, WorkerRef>();

  constructor(plan: SupervisorPlan, seed: number) {
    this.world = new SupervisorWorld(seed);
    this.world.start(this.#options(plan), this.#children('r', plan), 'r');
  }

  running(): string[] {
    return [...this.refs].filter(([, ref]) => ref.status === 'running').map(([path]) => path);
  }

  #options(plan: SupervisorPlan): SupervisorOptions {
    const budget = { restartsMax: plan.restartsMax, periodMs: plan.periodMs };
    return this.world.options({ strategy: plan.strategy, budget });
  }

  #children(path: string, plan: SupervisorPlan): ChildSpec[] {
    return plan.children.map((child, index) => this.#spec(`${path}-${index}`, child));
  }

  #spec(path: string, plan: Plan): ChildSpec {
    if (plan.kind === 'supervisor') {
      return subtree(path, this.#options(plan), this.#children(path, plan), { restart: plan.restart });
    }
    return worker<null, Job, never>(
      path,
      () => ({
        init: (context) => {
          this.starts.set(path, (this.starts.get(path) ?? 0) + 1);
          this.refs.set(path, context.self);
          return null;
        },
        receive: (state, job, context) => {
          job(context);
          return state;
        },
      }),
      { restart: plan.restart },
    );
  }
}

test('random trees under random failures do what their dumb twin does', async () => {
  const property = fc.asyncProperty(tree, steps, fc.nat(), async (plan, failures, seed) => {
    const twin = new Twin(plan);
    const grown = new Grown(plan, seed);
    await grown.world.settle();
    const compare = (): void => {
      expect(grown.running().toSorted()).toEqual(twin.running().toSorted());
      expect(Object.fromEntries(grown.starts)).toEqual(Object.fromEntries(twin.starts));
    };
    compare();
    for (const { pick, how, waitMs } of failures) {
      const running = twin.running();
      const path = running[pick % Math.max(1, running.length)];
      const ref = path === undefined ? undefined : grown.refs.get(path);
      if (path === undefined || ref === undefined) return;
      if (how === 'crash') ref.tell(fail);
      else if (how === 'kill') grown.world.kernel.kill(ref);
      else ref.tell((context) => context.exit(normal));
      twin.end(path, how === 'exit');
      await grown.world.settle();
      compare();
      await grown.world.advance(waitMs);
      twin.nowMs += waitMs;
    }
  });
  await fc.assert(property, { numRuns: 1_000, seed: 20_260_101 });
});

test('whatever fails at once, and in whatever order it is noticed: every child runs, or its supervisor gave up', async () => {
  const property = fc.asyncProperty(
    tree,
    fc.array(fc.record({ pick: fc.nat(), how: fc.constantFrom('crash', 'kill') }), { maxLength: 8 }),
    fc.nat(),
    async (plan, failures, seed) => {
      const grown = new Grown(plan, seed);
      await grown.world.settle();
      const running = grown.running();
      for (const { pick, how } of failures) {
        const ref = grown.refs.get(running[pick % Math.max(1, running.length)] ?? '');
        if (ref === undefined) continue;
        if (how === 'crash') ref.tell(fail);
        else grown.world.kernel.kill(ref);
      }
      await grown.world.advance(60_000);
      const gaveUp = new Set(
        grown.world.events.flatMap((event) => (event.kind === 'budgetSpent' ? [event.supervisor] : [])),
      );
      const missing = permanentWorkers('r', '/r', plan).filter(
        ({ path, supervisors }) =>
          grown.refs.get(path)?.status !== 'running' && !supervisors.some((one) => gaveUp.has(one)),
      );
      expect(missing).toEqual([]);
    },
  );
  await fc.assert(property, { numRuns: 1_000, seed: 20_260_102 });
});

/** Workers that nothing but a supervisor that gave up may end. */
function permanentWorkers(
  id: string,
  supervisorPath: string,
  plan: SupervisorPlan,
  above: readonly string[] = [],
): { readonly path: string; readonly supervisors: readonly string[] }[] {
  const supervisors = [...above, supervisorPath];
  return plan.children.flatMap((child, index) => {
    const path = `${id}-${index}`;
    // A temporary subtree goes for good when a sibling's failure stops it.
    if (child.kind === 'supervisor' && child.restart === 'temporary') return [];
    if (child.kind === 'supervisor')
      return permanentWorkers(path, `${supervisorPath}/${path}`, child, supervisors);
    return child.restart === 'permanent' ? [{ path, supervisors }] : [];
  });
}
