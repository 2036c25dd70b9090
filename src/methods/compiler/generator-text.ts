import { assert } from '../../core/assert.ts';
import type { Body, BodyNames } from './body-names.ts';
import type { FrameUse } from './frame-use.ts';
import type { FuelCounter } from './fuel-counter.ts';
import type { FunctionKind } from './functions.ts';
import type { Slot, Step } from './ir.ts';
import { lineMark, selfMark } from './source-text.ts';

/** The variables of a method's frames, and when they are needed. */
export interface Frames {
  readonly saved: readonly Slot[];
  /** Null for methods that make no generators. */
  readonly use: FrameUse | null;
  /** See `calculated.ts`. */
  readonly calculated: ReadonlySet<Slot>;
}

/** What stands at a site: where the body goes on from there, and where it gets there. */
interface SiteText {
  readonly resumed: string;
  readonly first: string;
}

export function makesGenerator(kind: FunctionKind): boolean {
  return kind === 'generator' || kind === 'asyncGenerator';
}

/** How a generator is gone on with; the runtime has the same numbers. */
const modes = { throw: 1 } as const;

/**
 * Writes what generators do with their frames. One is the generator's state for its whole life: its body is called with it,
 * writes what has changed where it is left, and answers with `true` for a value, `false` for its end.
 */
export class GeneratorText {
  readonly #names: BodyNames;
  readonly #saved: readonly Slot[];
  readonly #use: FrameUse;

  constructor(names: BodyNames, { saved, use }: Frames) {
    assert(use !== null, 'what makes generators knows the use of their frames');
    this.#names = names;
    this.#saved = saved;
    this.#use = use;
  }

  get #isAsync(): boolean {
    return this.#names.kind === 'asyncGenerator';
  }

  /** The end of the call that makes the generator: its parameters are there. */
  begin({ site, it }: Step & { kind: 'begin' }): SiteText {
    const { gate, meta, kind } = this.#names;
    const live = this.#use.liveAt(site);
    const state = this.#saved.map((slot) => (live.has(slot) ? slot.name : 'undefined'));
    const made = `return ${gate}.${kind}(${meta}, ${it.name}, ${site.pc}, [${state.join(', ')}]);`;
    const wanted = this.#use.wantedWhereLeft;
    return { resumed: this.#taken([...live].filter((slot) => !wanted.has(slot))), first: made };
  }

  /** Reads what is needed wherever the body was left; after a capture everything. */
  entry(which: Body): string {
    const saved = this.#saved;
    const use = this.#use;
    return this.#taken(which === 'resume' ? saved : saved.filter((slot) => use.wantedWhereLeft.has(slot)));
  }

  #taken(slots: readonly Slot[]): string {
    const { vars } = this.#names;
    const saved = this.#saved;
    const inFrame = slots.filter((slot) => saved.includes(slot));
    return inFrame.map((slot) => `${this.#spelled(slot)} = ${vars}[${saved.indexOf(slot)}];\n`).join('');
  }

  /** Gives the frame what it keeps of these variables. */
  written(slots: readonly Slot[]): string {
    const { vars } = this.#names;
    const saved = this.#saved;
    const kept = slots.filter((slot) => saved.includes(slot));
    return kept.map((slot) => `${vars}[${saved.indexOf(slot)}] = ${slot.name};\n`).join('');
  }

  #spelled(slot: Slot): string {
    return slot.name === selfMark ? this.#names.self : slot.name;
  }

  before(loop: Step & { kind: 'loop' }): string {
    return this.written(this.#use.changedBefore(loop)).trimEnd();
  }

  yield(step: Step & { kind: 'yield' }, counter: FuelCounter | null): SiteText {
    const { gate, frame, mode, sent } = this.#names;
    const line = lineMark(step.site.line);
    const leave = `${this.written(this.#use.changedAt(step.site))}${frame}.pc = ${step.site.pc};`;
    const taken =
      step.mode === null
        ? `if (${mode} === ${modes.throw}) throw ${sent};\n${step.slot.name} = ${sent};`
        : `${step.slot.name} = ${sent};\n${step.mode.name} = ${mode};`;
    if (this.#isAsync) {
      const settled = counter === null ? '' : `${counter.settle}\n`;
      const stays = `${mode} = ${gate}.mode;\n${sent} = ${gate}.sent;\n${taken}`;
      const first = `${settled}${line}if (${gate}.asyncYield(${frame}, ${step.code.text})) {\n${leave}\nreturn;\n}\n${stays}`;
      return { resumed: taken, first };
    }
    // A round or two between values are nothing that its consumer would not count.
    const settled = counter === null ? '' : `if (${counter.local} > 2) ${gate}.n -= ${counter.local};\n`;
    const given = `${line}${frame}.value = ${step.code.text};`;
    const result = step.result?.text ?? 'true';
    return { resumed: taken, first: `${given}\n${settled}${leave}\nreturn ${result};` };
  }

  await(step: Step & { kind: 'await' }, counter: FuelCounter | null): SiteText {
    const { gate, frame, depth } = this.#names;
    const settled = counter === null ? '' : `${counter.settle}\n`;
    const target = step.slot === null ? '' : `${step.slot.name} = `;
    const taken = `${target}${gate}.take();`;
    const goesOn = target === '' ? '' : `${target}${gate}.awaited;`;
    const leave = `${this.written(this.#use.changedAt(step.site))}${frame}.pc = ${step.site.pc};`;
    const line = lineMark(step.site.line);
    const first = `${settled}${line}if (${gate}.go(${depth}, ${step.code.text})) {\n${goesOn}\n} else {\n${leave}\nreturn ${gate}.waitIn(${frame}, ${gate}.awaited);\n}`;
    if (!step.again) return { resumed: taken, first };
    // The frame is still what it was: nothing has changed.
    const again = `if (${gate}.again()) return ${gate}.waitIn(${frame}, ${step.code.text});`;
    return { resumed: `${again}\n${taken}`, first };
  }

  end(value: string): string {
    const { gate, frame } = this.#names;
    return `return ${gate}.${this.#isAsync ? 'asyncEnded' : 'ended'}(${frame}, ${value});`;
  }
}
