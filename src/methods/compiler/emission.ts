import { assert, assertNever } from '../../core/assert.ts';
import type { FuelCounter } from './fuel-counter.ts';
import type { FunctionKind } from './functions.ts';
import { type Frames, GeneratorText, makesGenerator } from './generator-text.ts';
import {
  blocksOf,
  type Code,
  isLeft,
  lastSiteIn,
  lastSiteOf,
  type Site,
  type Slot,
  type Step,
} from './ir.ts';
import { depthMark, lineMark, selfMark, siteMark, superMarks } from './source-text.ts';

/** Names that one method's bodies use besides its own variables. */
export interface BodyNames {
  readonly gate: string;
  /** The record that describes the method to the runtime. */
  readonly meta: string;
  /** The resume body. */
  readonly resume: string;
  /** What a generator goes on with where it was left. */
  readonly step: string;
  /** The function that stands for a whole module; empty for others. */
  readonly body: string;
  /** Position: which site is being passed. */
  readonly pc: string;
  /** In a resume body: the site to go on from; 0 once it is reached. */
  readonly goal: string;
  readonly frame: string;
  readonly task: string;
  /** In a function that awaits: what stands below it in its job, as far as that only awaits; see `depths.ts` of the runtime. */
  readonly depth: string;
  /** Whether each `await` is a safe point, whatever it awaits. */
  readonly isDense: boolean;
  readonly error: string;
  /** Of a generator: how it is gone on with, with what, and the variables of its frame. */
  readonly mode: string;
  readonly sent: string;
  readonly vars: string;
  /** In a resume body: the object that the function was called on. */
  readonly self: string;
  readonly index: number;
  /** Whether each point that is passed is noted: for `verify`. */
  readonly notesPoints: boolean;
  readonly kind: FunctionKind;
  /** Whether the function may be called by `new`: then what it returns may not be its result. */
  readonly constructs: boolean;
  /** In the constructor of a class that extends another. */
  readonly derived: DerivedNames | null;
}

/** What the constructor of a class that extends another needs in its resume body. */
export interface DerivedNames {
  /** The class itself. */
  readonly home: string;
  /** `new.target`. */
  readonly target: string;
  /** What the constructor returns, and the block that it leaves with it: whether it may is said outside of every `try`. */
  readonly result: string;
  readonly label: string;
  /** Whether the class puts elements of its own on what its parent has made. */
  readonly hasElements: boolean;
}

/** `step`: what a generator goes on with where it was left. */
export type Body = 'fast' | 'resume' | 'step';

/**
 * Prints one body of a method. The fast body runs from the start. The resume body has the same structure, with guards
 * that lead from its start to the site that a frame stands at, through the loops and blocks around it, evaluating nothing
 * on the way.
 */
export class Emission {
  readonly #names: BodyNames;
  readonly #saved: readonly Slot[];
  readonly #counter: FuelCounter | null;
  readonly #which: Body;
  readonly #generator: GeneratorText | null;
  readonly #out: string[] = [];

  constructor(names: BodyNames, frames: Frames, counter: FuelCounter | null, which: Body) {
    this.#names = names;
    this.#saved = frames.saved;
    this.#counter = counter;
    this.#which = which;
    this.#generator = makesGenerator(names.kind) ? new GeneratorText(names, frames) : null;
  }

  /** Whether it is entered in its middle. */
  get #resumes(): boolean {
    return this.#which !== 'fast';
  }

  /** The last site in a step that it may be entered at; null where there is none. */
  #goalOf(step: Step): Site | null {
    if (this.#which === 'fast') return null;
    return this.#which === 'resume' ? lastSiteOf(step) : lastSiteOf(step, isLeft);
  }

  #goalIn(steps: readonly Step[]): number {
    if (this.#which === 'fast') return 0;
    return (this.#which === 'resume' ? lastSiteIn(steps) : lastSiteIn(steps, isLeft))?.pc ?? 0;
  }

  body(steps: readonly Step[]): string {
    this.#sequence(steps);
    return this.#in(this.#out.join('\n'));
  }

  /** The state, as an array in the order of the frame's layout. */
  get state(): string {
    return this.#in(`[${this.#saved.map(({ name }) => name).join(', ')}]`);
  }

  /** A text of this body: where the function itself says `this`, the resume body has a variable. */
  #in(marked: string): string {
    const { self, derived, gate, depth } = this.#names;
    const text = marked.replaceAll(depthMark, depth);
    if (derived === null) return text.replaceAll(selfMark, this.#resumes ? self : 'this');
    const { home, target, hasElements } = derived;
    const spelled: Readonly<Record<string, string>> = this.#resumes
      ? {
          [selfMark]: `${gate}.own(${self})`,
          [superMarks.open]: `${gate}.construct(\n${gate}.parent(${home}), [`,
          [superMarks.close]: `], ${target})`,
          [superMarks.made]: hasElements ? `${gate}.adopt(${home}, ${self}, ` : `${gate}.once(${self}, `,
        }
      : {
          [selfMark]: 'this',
          [superMarks.open]: 'super(',
          [superMarks.close]: ')',
          [superMarks.made]: '(',
        };
    return text.replaceAll(/[\uFDD6\uFDD8-\uFDDA]/g, (mark) => spelled[mark] as string);
  }

  #line(text: string): void {
    this.#out.push(text);
  }

  #sequence(steps: readonly Step[]): void {
    if (!this.#resumes) {
      for (const step of steps) this.#step(step, true);
      return;
    }
    const last = steps.findLastIndex((step) => this.#goalOf(step) !== null);
    let guarded = false;
    steps.forEach((step, index) => {
      const plain = index > last || this.#goalOf(step) === null;
      const needsGuard = plain && index < last;
      if (needsGuard !== guarded) this.#line(guarded ? '}' : `if (${this.#names.goal} === 0) {`);
      guarded = needsGuard;
      this.#step(step, index >= last);
    });
    if (guarded) this.#line('}');
  }

  /** @param isLast whether no later step of the sequence has a site: then the goal is here, or reached already */
  #step(step: Step, isLast: boolean): void {
    const { goal } = this.#names;
    const compound = this.#resumes && blocksOf(step).length > 0;
    const highest = compound ? (this.#goalOf(step)?.pc ?? 0) : 0;
    const guard = compound && highest > 0 && !isLast;
    if (guard) this.#line(`if (${goal} <= ${highest}) {`);
    this.#emit(step, isLast);
    if (guard) this.#line('}');
  }

  #emit(step: Step, isLast: boolean): void {
    switch (step.kind) {
      case 'plain':
        return this.#line(step.code.text);
      case 'set':
        this.#line(`${step.slot.name} = ${step.code.text};`);
        if (step.through && this.#generator !== null) this.#line(this.#generator.written([step.slot]));
        return;
      case 'call':
        return this.#call(step, isLast);
      case 'await':
        return this.#await(step, isLast);
      case 'begin':
        return this.#begin(step, isLast);
      case 'yield':
        return this.#yield(step, isLast);
      case 'tick':
        return this.#tick(step, isLast);
      case 'if':
        return this.#if(step);
      case 'loop':
        if (this.#generator !== null) this.#guarded(this.#generator.before(step));
        this.#line(`${step.label}: for (;;) {`);
        this.#sequence(step.body);
        return this.#line('}');
      case 'block':
        this.#line(`${step.label}: {`);
        this.#sequence(step.body);
        return this.#line('}');
      case 'break':
        return this.#line(`break ${step.label};`);
      case 'return':
        return this.#return(step.code, step.charge);
      case 'throw':
        return this.#line(`throw ${step.code.text};`);
      case 'try':
        return this.#try(step);
      case 'switch':
        return this.#switch(step);
      default:
        return assertNever(step);
    }
  }

  /** In a resume body, does `resumed` where the goal is this site, and `first` where the goal is reached already. */
  #atSite(site: Site, isLast: boolean, resumed: string, first: string, isLeft = false): void {
    const isGoal = this.#which === 'resume' || (this.#which === 'step' && isLeft);
    if (!isGoal) return this.#line(first);
    const { goal } = this.#names;
    this.#line(`if (${goal} === ${site.pc}) {\n${goal} = 0;\n${resumed}\n}`);
    this.#line(`${isLast ? 'else' : `else if (${goal} === 0)`} {\n${first}\n}`);
  }

  #mark(site: Site): string {
    return siteMark(this.#names.index * 2 + (this.#which === 'resume' ? 1 : 0), site.pc);
  }

  #call(step: Step & { kind: 'call' }, isLast: boolean): void {
    const { gate, pc } = this.#names;
    const target = step.slot === null ? '' : `${step.slot.name} = `;
    const call = step.code.text.replaceAll('\uFDD5', () => this.#mark(step.site));
    this.#atSite(
      step.site,
      isLast,
      `${target}${gate}.take();`,
      `${pc} = ${step.site.pc};\n${lineMark(step.site.line)}${target}${call};`,
    );
  }

  #await(step: Step & { kind: 'await' }, isLast: boolean): void {
    if (this.#generator !== null) {
      const { resumed, first } = this.#generator.await(step, this.#counter);
      return this.#atSite(step.site, isLast, resumed, this.#noted(step.site) + first, true);
    }
    const { gate, pc, meta, frame, depth, isDense } = this.#names;
    const { text } = step.code;
    const line = lineMark(step.site.line);
    const target = step.slot === null ? '' : `${step.slot.name} = `;
    const at = `${step.site.pc}, `;
    const leave = (value: string): string => {
      const from = this.#resumes ? `waitAgain(${frame}` : `wait(${meta}, ${depth}`;
      return `return ${gate}.${from}, ${at}${value}, ${this.state});`;
    };
    const taken = `${target}${gate}.take();`;
    const again = `if (${gate}.again()) {\n${pc} = ${step.site.pc};\n${leave(text)}\n}\n${taken}`;
    const goOn = target === '' ? '' : ` ${target}${gate}.awaited`;
    const first = isDense
      ? leave(text)
      : `if (${gate}.go(${depth}, ${text}))${goOn}; else ${leave(`${gate}.awaited`)}`;
    const noted = `${this.#settled()}${this.#noted(step.site)}`;
    this.#atSite(step.site, isLast, step.again ? again : taken, `${noted}${line}${first}`);
  }

  #yield(step: Step & { kind: 'yield' }, isLast: boolean): void {
    assert(this.#generator !== null, 'only generators yield');
    const { resumed, first } = this.#generator.yield(step, this.#counter);
    this.#atSite(step.site, isLast, resumed, this.#noted(step.site) + first, true);
  }

  #begin(step: Step & { kind: 'begin' }, isLast: boolean): void {
    assert(this.#generator !== null, 'only generators begin');
    const { resumed, first } = this.#generator.begin(step);
    // Where the body begins with it, nothing else leads there.
    if (this.#resumes && this.#out.length === 0)
      return this.#line(
        `if (${this.#names.goal} === ${step.site.pc}) {\n${this.#names.goal} = 0;\n${resumed}}`,
      );
    this.#atSite(step.site, isLast, resumed, first, true);
  }

  #guarded(text: string): void {
    if (text === '') return;
    this.#line(this.#resumes ? `if (${this.#names.goal} === 0) {\n${text}\n}` : text);
  }

  /** Before the body is left for a while, the loops around charge what they have counted. */
  #settled(): string {
    return this.#counter === null ? '' : `${this.#counter.settle}\n`;
  }

  #tick(step: Step & { kind: 'tick' }, isLast: boolean): void {
    const { gate, pc, goal } = this.#names;
    const call = `${pc} = ${step.site.pc};\n${lineMark(step.site.line)}${this.#mark(step.site)}${gate}.tick();`;
    const check = `if (${this.#spent(step)}) {\n${call}\n}`;
    const passed = step.site.isSilent ? '' : `${this.#noted(step.site)}${check}`;
    if (this.#which !== 'resume') return this.#line(passed);
    this.#line(`if (${goal} === ${step.site.pc}) {\n${goal} = 0;\n}`);
    if (passed !== '') this.#line(`${isLast ? 'else' : `else if (${goal} === 0)`} {\n${passed}\n}`);
  }

  /** The condition that the fuel is spent, after it was charged: by a local at the end of each of its stretches only. */
  #spent({ counter, units, stretch, wraps }: Step & { kind: 'tick' }): string {
    const { gate } = this.#names;
    const local = counter === 'local' && units === 1 ? this.#counter : null;
    if (local === null) return units === 1 ? `--${gate}.n < 0` : `(${gate}.n -= ${units}) < 0`;
    const { local: count } = local;
    return wraps
      ? `(${count} = (${count} + 1) & ${stretch - 1}) === 0 && (${gate}.n -= ${stretch}) < 0`
      : `++${count} >= ${stretch} && (${gate}.n -= ${count}, ${count} = 0, ${gate}.n < 0)`;
  }

  #noted({ pc }: Site): string {
    const { meta, notesPoints } = this.#names;
    return notesPoints ? `${meta}.passed[${pc}] = 1;\n` : '';
  }

  #test(test: Code, within: readonly Step[]): string {
    if (!this.#resumes) return test.text;
    const highest = this.#goalIn(within);
    return `${this.#names.goal} === 0 ? ${test.text} : ${highest === 0 ? 'false' : `${this.#names.goal} <= ${highest}`}`;
  }

  #if(step: Step & { kind: 'if' }): void {
    this.#line(`if (${this.#goalOf(step) === null ? step.test.text : this.#test(step.test, step.taken)}) {`);
    this.#sequence(step.taken);
    if (step.otherwise.length > 0) {
      this.#line('} else {');
      this.#sequence(step.otherwise);
    }
    this.#line('}');
  }

  #return(value: Code | null, charge: boolean): void {
    const { gate, kind, constructs, frame, derived } = this.#names;
    const text = value?.text ?? 'undefined';
    if (charge && this.#counter !== null) this.#line(this.#counter.leave);
    if (kind === 'async') return this.#line(this.returned(text));
    if (this.#generator !== null) return this.#line(this.#generator.end(text));
    if (derived !== null && this.#resumes)
      return this.#line(`{ ${derived.result} = ${text}; break ${derived.label}; }`);
    if (constructs && this.#resumes) return this.#line(`return ${gate}.made(${frame}, ${text});`);
    this.#line(value === null ? 'return;' : `return ${text};`);
  }

  /** How an asynchronous function returns: before its first wait there is nothing that it would settle. */
  returned(text: string): string {
    const { gate, task, depth, meta } = this.#names;
    return this.#resumes
      ? `return ${gate}.done(${task}, ${text});`
      : `return ${gate}.returned(${meta}, ${depth}, ${text});`;
  }

  #try(step: Step & { kind: 'try' }): void {
    const { error, gate, meta } = this.#names;
    this.#line('try {');
    this.#sequence(step.body);
    this.#line(`} catch (${error}) {`);
    this.#line(`if (${error} === ${gate}.capture) throw ${error};`);
    this.#line(`${step.flag.name} = 1;\n${step.caught.name} = ${gate}.told(${meta}, ${error});\n}`);
  }

  #switch(step: Step & { kind: 'switch' }): void {
    if (!this.#resumes || this.#goalOf(step) === null) {
      this.#line(`${step.label}: switch (${step.subject.text}) {`);
      for (const entry of step.cases) {
        this.#line(entry.test === null ? 'default: {' : `case ${entry.test.text}: {`);
        this.#sequence(entry.body);
        this.#line('}');
      }
      return this.#line('}');
    }
    this.#line(`${step.label}: switch (${this.#caseNumber(step)}) {`);
    step.cases.forEach((entry, index) => {
      this.#line(`case ${index}: {`);
      this.#sequence(entry.body);
      this.#line('}');
    });
    this.#line('}');
  }

  #caseNumber(step: Step & { kind: 'switch' }): string {
    const { goal } = this.#names;
    const fallback = step.cases.findIndex(({ test }) => test === null);
    let chosen = String(fallback);
    let resumed = '-1';
    for (let index = step.cases.length - 1; index >= 0; index -= 1) {
      const { test, body } = step.cases[index] as (typeof step.cases)[number];
      if (test !== null) chosen = `${step.subject.text} === ${test.text} ? ${index} : ${chosen}`;
      const highest = this.#goalIn(body);
      if (highest > 0) resumed = `${goal} <= ${highest} ? ${index} : ${resumed}`;
    }
    return `${goal} === 0 ? (${chosen}) : (${resumed})`;
  }
}
