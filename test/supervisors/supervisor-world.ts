import { createKernel } from '../../src/actors/kernel.ts';
import type { ActorRef, AnyRef, Behaviour, Kernel } from '../../src/actors/kernel/contract.ts';
import { describeExit } from '../../src/actors/kernel/exit-reason.ts';
import { SimulatedClock } from '../../src/simulator/clock.ts';
import { SimulatedKernel } from '../../src/simulator/kernel.ts';
import { SeededRandom } from '../../src/simulator/random.ts';
import type { ChildSpec, WorkerOptions } from '../../src/supervisors/child-spec.ts';
import { worker } from '../../src/supervisors/child-spec.ts';
import type {
  SupervisionEvent,
  SupervisorMessage,
  SupervisorOptions,
  SupervisorReply,
} from '../../src/supervisors/contract.ts';
import { noBackoff } from '../../src/supervisors/restart-budget.ts';
import { startTree } from '../../src/supervisors/tree.ts';

/** Tells a worker what to do with its own hands. */
export type Job = (context: Parameters<Behaviour<null, Job>['init']>[0]) => void;
export type WorkerRef = ActorRef<Job>;
export type SupervisorRef = ActorRef<SupervisorMessage, SupervisorReply>;

export const fail: Job = () => {
  throw new Error('on purpose');
};

/** A kernel, a log of what its workers did, and the workers that were started last, by id. */
export class SupervisorWorld {
  readonly log: string[] = [];
  readonly events: SupervisionEvent[] = [];
  readonly workers = new Map<string, WorkerRef>();
  readonly starts = new Map<string, number>();
  readonly kernel: Kernel;
  readonly clock = new SimulatedClock();
  readonly settle: () => Promise<void>;
  readonly random: SeededRandom;

  /** @param seed of the simulated kernel; null runs on nact */
  constructor(seed: number | null) {
    this.random = new SeededRandom(seed ?? 0);
    if (seed === null) {
      this.kernel = createKernel({ clock: this.clock });
      this.settle = async () => {
        for (let count = 0; count < 60; count += 1) await new Promise(setImmediate);
      };
    } else {
      const kernel = new SimulatedKernel({ clock: this.clock, random: this.random });
      this.kernel = kernel;
      this.settle = () => kernel.runUntilIdle();
    }
  }

  async advance(ms: number): Promise<void> {
    await this.settle();
    const endMs = this.clock.monotonicMs() + ms;
    while (this.clock.fireNext(endMs)) await this.settle();
  }

  options(overrides: Partial<SupervisorOptions> = {}): SupervisorOptions {
    return {
      strategy: 'one_for_one',
      budget: { restartsMax: 1, periodMs: 5_000 },
      backoff: noBackoff,
      random: this.random,
      onEvent: (event) => this.events.push(event),
      ...overrides,
    };
  }

  /** A worker that logs its starts and orderly stops, and does the jobs that it is told. */
  worker(id: string, options: WorkerOptions = {}, hooks: Partial<Behaviour<null, Job>> = {}): ChildSpec {
    const key = options.address ?? id;
    const behaviour = (): Behaviour<null, Job> => ({
      ...hooks,
      init: (context) => {
        this.starts.set(key, (this.starts.get(key) ?? 0) + 1);
        hooks.init?.(context);
        this.workers.set(key, context.self);
        this.log.push(`+${key}`);
        return null;
      },
      receive: (state, job, context) => {
        job(context);
        return state;
      },
      stopping: (state, reason, context) => {
        if (reason.kind === 'shutdown') this.log.push(`-${key}`);
        return hooks.stopping?.(state, reason, context) ?? state;
      },
    });
    return worker(id, behaviour, options);
  }

  start(options: Partial<SupervisorOptions>, specs: readonly ChildSpec[], name = 'top'): SupervisorRef {
    return startTree(this.kernel, name, this.options(options), specs);
  }

  ref(id: string): WorkerRef {
    const ref = this.workers.get(id);
    if (ref === undefined) throw new Error(`worker ${id} was never started`);
    return ref;
  }

  async ask(supervisor: SupervisorRef, message: SupervisorMessage): Promise<SupervisorReply> {
    const reply = this.kernel.ask(supervisor, message, 60_000);
    await this.settle();
    return reply;
  }

  /** `a running, b stopped`, in start order. */
  async children(supervisor: SupervisorRef): Promise<string> {
    const reply = await this.ask(supervisor, { kind: 'whichChildren' });
    return reply.kind === 'children' ? reply.children.map((one) => `${one.id} ${one.phase}`).join(', ') : '';
  }

  takeLog(): string[] {
    return this.log.splice(0);
  }
}

export function endOf(actor: AnyRef): string {
  return actor.exitReason === null ? actor.status : describeExit(actor.exitReason);
}
