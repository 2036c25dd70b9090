import { assert } from '../../core/assert.ts';
import { type Code, code, type Slot, slotCode, type Step } from './ir.ts';
import type { MethodContext } from './method-context.ts';

/** Where `break` and `continue` go. */
interface Target {
  readonly kind: 'target';
  /** Labels as written; null stands for the unlabelled form. */
  readonly names: readonly (string | null)[];
  /** Null where `break` does not apply: it goes further out. */
  readonly breakLabel: string | null;
  /** Null where `continue` does not apply. */
  readonly continueLabel: string | null;
}

/** A `finally` that every jump out of its body must run. */
interface Finalizer {
  readonly kind: 'finalizer';
  readonly label: string;
  readonly completion: Slot;
  readonly value: Slot;
  readonly jumps: Jump[];
}

/** A loop that counts fuel in a local of its own: leaving it settles the count. */
interface Counting {
  readonly kind: 'counting';
}

type Surrounding = Target | Finalizer | Counting;

type Jump =
  { readonly kind: 'return' } | { readonly kind: 'break' | 'continue'; readonly name: string | null };

/** Lowers what leaves a statement for another place: `break`, `continue` and `return`, through each `finally` on the way. */
export class Jumps {
  readonly #context: MethodContext;
  readonly #surroundings: Surrounding[] = [];
  readonly #settleText: () => string;

  /** @param settleText charges the thread with what a loop has counted in its local */
  constructor(context: MethodContext, settleText: () => string) {
    this.#context = context;
    this.#settleText = settleText;
  }

  get isCounting(): boolean {
    return this.#surroundings.some(({ kind }) => kind === 'counting');
  }

  /** Runs `build` where `break` and `continue` go to the given labels. */
  inTarget(
    names: readonly (string | null)[],
    labels: { readonly breakLabel: string | null; readonly continueLabel: string | null },
    build: () => void,
  ): void {
    this.#surroundings.push({ kind: 'target', names, ...labels });
    build();
    this.#surroundings.pop();
  }

  /** Runs `build` inside a loop that counts its fuel in a local. */
  counting(build: () => void): void {
    this.#surroundings.push({ kind: 'counting' });
    build();
    this.#surroundings.pop();
  }

  block(label: string, build: () => void): void {
    const body = this.#context.collect(build);
    if (jumpsTo(body, label)) this.#context.emit({ kind: 'block', label, body });
    else for (const step of body) this.#context.emit(step);
  }

  /** Leaves the method, for now as far as the next `finally` around: the value waits for it. */
  return(value: Code | null): void {
    const finalizer = this.#surroundings.findLast((around) => around.kind === 'finalizer');
    if (finalizer === undefined) {
      this.#context.emit({ kind: 'return', code: value, charge: this.isCounting });
      return;
    }
    this.#context.set(finalizer.value, value ?? code('undefined'));
    this.#leaveThrough(finalizer, { kind: 'return' });
  }

  /** Goes to the end of a body with a `finally`, which then goes on with the jump. */
  #leaveThrough(finalizer: Finalizer, jump: Jump): void {
    let index = finalizer.jumps.findIndex((known) => JSON.stringify(known) === JSON.stringify(jump));
    if (index === -1) index = finalizer.jumps.push(jump) - 1;
    this.#settleCount(this.#surroundings.lastIndexOf(finalizer));
    this.#context.set(finalizer.completion, code(String(index + 2)));
    // Otherwise frames would have to keep a value that nobody reads.
    if (jump.kind !== 'return') this.#context.set(finalizer.value, code('undefined'));
    this.#context.emit({ kind: 'break', label: finalizer.label });
  }

  jump(jump: Jump & { readonly kind: 'break' | 'continue' }): void {
    for (let index = this.#surroundings.length - 1; index >= 0; index -= 1) {
      const around = this.#surroundings[index] as Surrounding;
      if (around.kind === 'counting') continue;
      if (around.kind === 'finalizer') return this.#leaveThrough(around, jump);
      if (!around.names.includes(jump.name)) continue;
      const label = jump.kind === 'break' ? around.breakLabel : around.continueLabel;
      if (label === null) continue;
      this.#settleCount(index);
      return this.#context.emit({ kind: 'break', label });
    }
    assert(false, `a ${jump.kind} without a target`);
  }

  #settleCount(outermost: number): void {
    if (this.#surroundings.slice(outermost + 1).some(({ kind }) => kind === 'counting')) {
      this.#context.plain(code(this.#settleText()));
    }
  }

  /**
   * Runs `build`; however it is left, what `last` builds comes then, and then whatever left it goes on.
   *
   * @param last `completion`: 0 at the end of what was built, 1 after an error, more for jumps
   */
  finalized(build: () => void, last: (completion: Slot) => void): void {
    const context = this.#context;
    const completion = context.temporary();
    const value = context.temporary();
    const label = context.label('finally');
    const around: Finalizer = { kind: 'finalizer', label, completion, value, jumps: [] };
    context.set(completion, code('0'));
    const body = context.collect(() => {
      this.#surroundings.push(around);
      build();
      this.#surroundings.pop();
    });
    const caught: Step = { kind: 'try', body, flag: completion, caught: value };
    context.emit({ kind: 'block', label, body: [caught] });
    last(completion);
    const held = slotCode(completion);
    const when = (index: number, taken: () => void): void =>
      context.emit({
        kind: 'if',
        test: code(`${completion.name} === ${index}`, held),
        taken: context.collect(taken),
        otherwise: [],
      });
    when(1, () => context.emit({ kind: 'throw', code: slotCode(value) }));
    around.jumps.forEach((jump, index) => {
      when(index + 2, () => (jump.kind === 'return' ? this.return(slotCode(value)) : this.jump(jump)));
    });
  }
}

/** Whether any step breaks to the label. */
function jumpsTo(steps: readonly Step[], label: string): boolean {
  return steps.some((step) => {
    switch (step.kind) {
      case 'break':
        return step.label === label;
      case 'if':
        return jumpsTo(step.taken, label) || jumpsTo(step.otherwise, label);
      case 'loop':
      case 'block':
      case 'try':
        return jumpsTo(step.body, label);
      case 'switch':
        return step.cases.some(({ body }) => jumpsTo(body, label));
      default:
        return false;
    }
  });
}
