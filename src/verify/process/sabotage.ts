import { assertNever } from '../../core/assert.ts';
import { $ } from '../../methods/runtime/gate.ts';
import type { Frame, LoadedMethod } from '../../methods/runtime/method-code.ts';
import type { Sabotage } from '../contract.ts';

type Resume = NonNullable<LoadedMethod['resume']>;

/** Lets the first activation that goes on after each arrival go wrong. */
export class Saboteur {
  #armed = false;
  readonly #sabotage: Sabotage;

  constructor(sabotage: Sabotage) {
    this.#sabotage = sabotage;
    for (const { methods } of $.modules.values()) {
      for (const method of methods) {
        const { resume } = method;
        if (resume === null) continue;
        (method as { resume: Resume }).resume = (frame) => this.#resume(resume, frame);
      }
    }
  }

  /** The program has arrived here. */
  arm(): void {
    this.#armed = true;
  }

  #resume(resume: Resume, frame: Frame): unknown {
    if (!this.#armed) return resume(frame);
    this.#armed = false;
    const { meta } = frame.method;
    const live = meta.sites[frame.pc - 1]?.[2] ?? [];
    switch (this.#sabotage) {
      case 'drop-local': {
        const dropped = live.find((index) => frame.vars[index] !== undefined);
        return resume({
          ...frame,
          vars: frame.vars.map((value, index) => (index === dropped ? undefined : value)),
        });
      }
      case 'swap-frame':
        return this.#swap(resume, frame, live);
      case 'skip-point':
        return resume({ ...frame, pc: frame.pc < meta.sites.length ? frame.pc + 1 : 1 });
      case 'early-return':
        return undefined;
      default:
        return assertNever(this.#sabotage);
    }
  }

  /** Runs the activation below in place of this one; where there is none, two variables change places. */
  #swap(resume: Resume, frame: Frame, live: readonly number[]): unknown {
    const stack = ($.x as unknown as { readonly stack: Frame[] }).stack;
    const below = stack.pop();
    if (below !== undefined) {
      stack.push(frame);
      return below.method.resume?.(below);
    }
    const [first = 0, second = 0] = live.filter((index) => frame.vars[index] !== undefined);
    const vars = [...frame.vars];
    [vars[first], vars[second]] = [vars[second], vars[first]];
    return resume({ ...frame, vars });
  }
}
