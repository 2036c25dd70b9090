import { assert, assertNever } from '../../core/assert.ts';
import type { Body, BodyNames } from './body-names.ts';
import type { FuelCounter } from './fuel-counter.ts';
import { type Frames, GeneratorText, makesGenerator } from './generator-text.ts';
import {
  blocksOf,
  charsIn,
  type Code,
  isLeft,
  lastSiteIn,
  lastSiteOf,
  usedIn,
  type Site,
  type Slot,
  type Step,
} from './ir.ts';
import { depthMark, lineMark, selfMark, siteMark, superMarks } from './source-text.ts';

/**
 * Beyond so many characters of code a resume body keeps the guards in its loops, instead of a second copy of their rounds:
 * V8 leaves functions of more than 60 kB of bytecode unoptimised (`max_optimized_bytecode_size`, as of Node.js 20 to 26), and
 * a character of generated code is up to one byte of it.
 */
const copiedCharsMax = 20_000;

/**
 * Prints one body of a method. The fast body runs from the start. The resume body has the same structure, with guards
 * that lead from its start to the site that a frame stands at, through the loops and blocks around it, evaluating nothing
 * on the way.
 */
export class Emission {
  readonly #names: BodyNames;
  readonly #saved: readonly Slot[];
  readonly #calculated: ReadonlySet<Slot>;
  readonly #counter: FuelCounter | null;
  readonly #which: Body;
  readonly #generator: GeneratorText | null;
  readonly #out: string[] = [];
  /** Whether the goal may still be ahead: then guards lead to it. */
  #seeks: boolean;
  #copiesRounds = false;

  constructor(names: BodyNames, frames: Frames, counter: FuelCounter | null, which: Body) {
    this.#names = names;
    this.#saved = frames.saved;
    this.#calculated = frames.calculated;
    this.#counter = counter;
    this.#which = which;
    this.#seeks = which !== 'fast';
    this.#generator = makesGenerator(names.kind) ? new GeneratorText(names, frames) : null;
  }

  /** Whether it is entered in its middle. */
  get #resumes(): boolean {
    return this.#which !== 'fast';
  }

  /** The last site in a step that it may be entered at; null where there is none. */
  #goalOf(step: Step): Site | null {
    if (!this.#seeks) return null;
    return this.#which === 'resume' ? lastSiteOf(step) : lastSiteOf(step, isLeft);
  }

  #goalIn(steps: readonly Step[]): number {
    if (!this.#seeks) return 0;
    return (this.#which === 'resume' ? lastSiteIn(steps) : lastSiteIn(steps, isLeft))?.pc ?? 0;
  }

  body(steps: readonly Step[]): string {
    this.#copiesRounds = this.#which === 'resume' && charsIn(steps) <= copiedCharsMax;
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

  /** @param seeks whether the goal is surely ahead: then nothing is done before its place */
  #sequence(steps: readonly Step[], seeks = false): void {
    if (!this.#seeks) {
      for (const step of steps) this.#emit(step, true);
      return;
    }
    const last = steps.findLastIndex((step) => this.#goalOf(step) !== null);
    const first = seeks ? steps.findIndex((step) => this.#goalOf(step) !== null) : 0;
    let guarded = false;
    steps.forEach((step, index) => {
      if (index < first) return;
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
    const compound = blocksOf(step).length > 0;
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
        return this.#loop(step);
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

  /**
   * A resume body leads to its goal through the rest of one round, and then goes round as the function itself does, with
   * no guard in its way.
   */
  #loop(step: Step & { kind: 'loop' }): void {
    if (this.#generator !== null) this.#guarded(this.#generator.before(step));
    const hasGoal = this.#goalOf(step) !== null;
    if (!this.#seeks || (hasGoal && (step.ends || !this.#copiesRounds)))
      return this.#rounds(step, `${step.label}: `);
    if (!hasGoal) return this.#unguarded(step, `${step.label}: `);
    this.#line(`${step.label}: {\nif (${this.#names.goal} !== 0) {`);
    this.#sequence(step.body, true);
    this.#line('}');
    this.#unguarded(step, '');
    this.#line('}');
  }

  #rounds(step: Step & { kind: 'loop' }, label: string): void {
    this.#line(`${label}for (;;) {`);
    this.#sequence(step.body);
    this.#line('}');
  }

  /** The goal is behind: from here on the engine can know what kinds of numbers there are. */
  #unguarded(step: Step & { kind: 'loop' }, label: string): void {
    const { gate } = this.#names;
    const used = usedIn(step.body);
    for (const { name } of [...this.#calculated].filter((slot) => used.has(slot)))
      this.#line(`${name} = typeof ${name} === 'number' ? ${name} - 0 : ${gate}.same(${name});`);
    this.#seeks = false;
    this.#rounds(step, label);
    this.#seeks = true;
  }

  /** In a resume body, does `resumed` where the goal is this site, and `first` where the goal is reached already. */
  #atSite(site: Site, isLast: boolean, resumed: string, first: string, isLeft = false): void {
    const isGoal = this.#seeks && (this.#which === 'resume' || isLeft);
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
    this.#line(this.#seeks ? `if (${this.#names.goal} === 0) {\n${text}\n}` : text);
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
    if (!this.#seeks || this.#which !== 'resume') return this.#line(passed);
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
    if (!this.#seeks) return test.text;
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
    if (this.#goalOf(step) === null) {
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
