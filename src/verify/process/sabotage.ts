import { assertNever } from '../../core/assert.ts';
import { $ } from '../../methods/runtime/gate.ts';
import type { Running } from '../../methods/runtime/running.ts';
import type { JobLine } from '../../methods/runtime/job-line.ts';
import type { Frame } from '../../methods/runtime/method-code.ts';
import type { Job } from '../../methods/runtime/promise-records.ts';
import type { Sabotage } from '../contract.ts';

/** Points that are skipped are skipped by the build. */
export type FrameSabotage = Exclude<Sabotage, 'skip-point'>;

/** What of an execution can be made to go wrong. */
interface Victim {
  readonly stack: Frame[];
  readonly promises: { readonly jobs: JobLine<Job> };
}

/** Lets the activation that is to go on first after each arrival go wrong. */
export class Saboteur {
  #armed = false;
  readonly #sabotage: FrameSabotage;

  constructor(sabotage: FrameSabotage) {
    this.#sabotage = sabotage;
    let running: Running | null = null;
    Object.defineProperty($, 'x', {
      get: () => running,
      set: (next: Running | null) => {
        running = next;
        if (next === null || !this.#armed) return;
        this.#armed = false;
        this.#harm(next as unknown as Victim);
      },
    });
  }

  /** The program has arrived here. */
  arm(): void {
    this.#armed = true;
  }

  #harm({ stack, promises: { jobs } }: Victim): void {
    if (stack.length > 0) return this.#harmStack(stack);
    const harmed = [...jobs];
    const at = harmed.findIndex((job) => job.kind === 'resume');
    const job = harmed[at];
    if (job?.kind !== 'resume') return;
    if (this.#sabotage === 'early-return') harmed.splice(at, 1);
    else harmed[at] = { ...job, frame: this.#harmed(job.frame) };
    while (jobs.shift() !== undefined);
    jobs.push(...harmed);
  }

  #harmStack(stack: Frame[]): void {
    const top = stack.pop();
    if (top === undefined || this.#sabotage === 'early-return') return;
    const below = this.#sabotage === 'swap-frame' ? stack.pop() : undefined;
    if (below === undefined) stack.push(this.#harmed(top));
    else stack.push(top, below);
  }

  #harmed(frame: Frame): Frame {
    const { sites } = frame.method.meta;
    const live = (sites[frame.pc - 1]?.[2] ?? []).filter((index) => frame.vars[index] !== undefined);
    const [first = 0, second = 0] = live;
    const vars = [...frame.vars];
    switch (this.#sabotage) {
      case 'drop-local':
        vars[first] = undefined;
        return { ...frame, vars };
      case 'swap-frame':
        [vars[first], vars[second]] = [vars[second], vars[first]];
        return { ...frame, vars };
      case 'early-return':
        return frame;
      default:
        return assertNever(this.#sabotage);
    }
  }
}
