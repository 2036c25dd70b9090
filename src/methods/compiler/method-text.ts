import type { BodyNames } from './body-names.ts';
import { Emission } from './emission.ts';
import { type FuelCounter, fuelCounter } from './fuel-counter.ts';
import { standsInClass } from './functions.ts';
import { type Frames, GeneratorText, makesGenerator } from './generator-text.ts';
import { sitesOf, type Slot, type Step } from './ir.ts';
import { isPartOfName } from './generated-names.ts';
import type { MethodContext } from './method-context.ts';
import type { Parameters } from './parameters.ts';
import { itMark, selfMark } from './source-text.ts';

/** The function, its resume body, and what a generator goes on with; empty where there is none. */
interface Bodies {
  readonly text: string;
  readonly resume: string;
  readonly step: string;
}

/** The text of a method, and what its frames begin with. */
export interface PrintedMethod extends Bodies {
  /** See `LoweredMethod`. */
  readonly form: string;
  readonly factory: string | null;
  /** What tells this code from other code. */
  readonly identity: string;
}

/** Writes the function of a method, its factory, and its resume body, around what `Emission` writes of its steps. */
export class MethodPrinter {
  readonly #context: MethodContext;
  readonly #names: BodyNames;
  readonly #parameters: Parameters;
  readonly #frames: Frames;
  readonly #steps: readonly Step[];

  constructor(
    context: MethodContext,
    names: BodyNames,
    parameters: Parameters,
    lowered: Frames & { readonly steps: readonly Step[] },
  ) {
    this.#context = context;
    this.#names = names;
    this.#parameters = parameters;
    this.#frames = lowered;
    this.#steps = lowered.steps;
  }

  print(): PrintedMethod {
    const { kind } = this.#context.method;
    const marked = makesGenerator(kind) ? this.#generator() : this.#direct();
    const isTop = this.#context.method.parent === null || standsInClass(this.#context.method);
    const identity = ownPart(`${marked.text}\n${marked.resume}\n${marked.step}`);
    const text = complete(marked.text);
    const bodies = { resume: complete(marked.resume), step: complete(marked.step), identity };
    const name = this.#context.module.freshGenerators.formOf(this.#context.method);
    const { gate, meta } = this.#names;
    const form =
      name === null
        ? ''
        : text
            .replace(/^function [^(]+/, () => `function ${name}`)
            .replace(itMark, 'null')
            .replace(`${gate}.generator(${meta}`, () => `${gate}.fresh(${meta}`);
    return isTop
      ? { ...bodies, form, text: text.replace(itMark, () => this.#it), factory: null }
      : { ...bodies, form, text, factory: this.#factory(text) };
  }

  /** The function itself, where its own code runs. */
  get #it(): string {
    const { method, module } = this.#context;
    return module.classes.generatorName(method) ?? 'null';
  }

  get #counter(): FuelCounter | null {
    const { scratch, gate } = this.#context;
    return scratch.length === 0 ? null : fuelCounter(gate, scratch);
  }

  /** A function that runs from its start without a frame. */
  #direct(): Bodies {
    const fast = new Emission(this.#names, this.#frames, this.#counter, 'fast');
    const body = fast.body(this.#steps);
    const { pc, error, gate, meta, constructs, kind, depth, task, frame } = this.#names;
    const isAsync = kind === 'async';
    const canBeCaptured = sitesOf(this.#steps).some(({ isSilent }) => !isSilent);
    const own = this.#context.own.filter(({ slot }) => slot.name !== selfMark);
    const first = [
      ...(canBeCaptured ? [`${pc} = 0`] : []),
      ...(isAsync && !this.#takesDepth ? [`${depth} = null`] : []),
      ...own.map(({ slot, value }) => `${slot.name} = ${value}`),
    ];
    const given = isAsync && this.#takesDepth ? `${depth} = ${gate}.depth(${depth});\n` : '';
    const locals =
      this.#probe() + given + this.#locals([...this.#given, ...own.map(({ slot }) => slot)], first);
    const end = isAsync ? `\n${fast.returned('undefined')}` : '';
    const told = `${gate}.told(${meta}, ${error})`;
    const save = (of: string, made: string): string =>
      `throw ${gate}.save(${meta}, ${pc}, STATE, ${of}, ${made})`;
    const caught = (of: string, made: string, failed: string): string =>
      isAsync
        ? `${canBeCaptured ? `if (${error} === ${gate}.capture) ${save(of, made)};\n` : ''}return ${failed};`
        : `${save(of, made).replace('throw ', `throw ${error} === ${gate}.capture ? `)} : ${told};`;
    const isCalled = constructs && this.#context.method.form === 'function';
    const made = isCalled ? '(new.target === undefined ? null : this)' : constructs ? 'this' : 'null';
    const began = caught(
      isAsync ? `${gate}.task(${meta})` : 'null',
      made,
      `${gate}.thrown(${meta}, ${depth}, ${told})`,
    );
    if (!canBeCaptured && !isAsync)
      return { text: this.#function(`{\n${locals}${body}\n}`), resume: '', step: '' };
    const text = this.#function(
      `{\n${locals}try {\n${body}${end}\n} catch (${error}) {\n${began.replace('STATE', () => fast.state)}\n}\n}`,
    );
    if (!canBeCaptured) return { text, resume: '', step: '' };
    const resumed = caught(
      isAsync ? task : 'null',
      constructs ? `${frame}.made` : 'null',
      `${gate}.fail(${task}, ${told})`,
    );
    return { text, resume: this.#resumeBody(resumed), step: '' };
  }

  /** Whether it has a parameter of its own behind the author's, which nothing of theirs can see. */
  get #takesDepth(): boolean {
    return this.#context.module.awaited.takesDepth(this.#context.method);
  }

  /** A function that makes generators: its parameters are its own, all the rest is theirs. */
  #generator(): Bodies {
    const { gate, meta, pc, error } = this.#names;
    const begin = this.#steps.findIndex(({ kind }) => kind === 'begin');
    const parameters = this.#steps.slice(0, begin);
    const hasSites = sitesOf(parameters).some(({ isSilent }) => !isSilent);
    const fast = new Emission(this.#names, this.#frames, null, 'fast');
    const body = fast.body(this.#steps.slice(0, begin + 1));
    const own = this.#context.own.filter(({ slot }) => slot.name !== selfMark);
    const first = own.map(({ slot, value }) => `${slot.name} = ${value}`);
    if (hasSites) first.unshift(`${pc} = 0`);
    const given = [...this.#given, ...own.map(({ slot }) => slot)];
    const live = this.#frames.use?.liveAt((this.#steps[begin] as Step & { kind: 'begin' }).site);
    const unused = begin === 0 ? this.#context.slots.filter((slot) => live?.has(slot) !== true) : [];
    const locals = this.#probe() + this.#locals([...given, ...unused], first, false);
    const resume = this.#generatorBody(hasSites ? this.#steps : this.#steps.slice(begin), 'resume');
    const step = this.#generatorBody(this.#steps.slice(begin), 'step');
    if (!hasSites) return { text: this.#function(`{\n${locals}${body}\n}`), resume, step };
    const save = `throw ${error} === ${gate}.capture ? ${gate}.save(${meta}, ${pc}, ${fast.state}, null, null) : ${gate}.told(${meta}, ${error});`;
    return {
      text: this.#function(`{\n${locals}try {\n${body}\n} catch (${error}) {\n${save}\n}\n}`),
      resume,
      step,
    };
  }

  /** What generators run, from where they were left; or, as their resume body, from wherever they were captured. */
  #generatorBody(steps: readonly Step[], which: 'step' | 'resume'): string {
    const { gate, meta, pc, goal, frame, mode, sent, vars, error, kind, depth } = this.#names;
    const isAsync = kind === 'asyncGenerator';
    const emission = new Emission(this.#names, this.#frames, this.#counter, which);
    const printed = emission.body(steps);
    const generator = new GeneratorText(this.#names, this.#frames);
    const locals = this.#locals(
      [],
      [
        `${pc} = ${frame}.pc`,
        `${goal} = ${pc}`,
        `${vars} = ${frame}.vars`,
        ...(isAsync && which === 'resume' ? [`${depth} = ${gate}.depthOf(${frame})`] : []),
      ],
    );
    const idle = `if (${goal} < 0) return ${gate}.idle(${frame}, ${mode}, ${sent});\n`;
    const told = isAsync && which === 'step' ? `, ${depth} = ${gate}.depthOf(${frame})` : '';
    const running = isAsync ? '' : `${which === 'step' ? idle : ''}${frame}.pc = -1;\n`;
    const begin = steps.find((step) => step.kind === 'begin');
    // Before it begins, it is a call of the function, whose parameters are bound.
    const isCall = begin === steps[0] ? '' : `${pc} < ${begin?.site.pc}`;
    const owner = isCall === '' ? frame : `${isCall} ? null : ${frame}`;
    const failed = isAsync
      ? `return ${gate}.asyncFailed(${frame}, ${gate}.told(${meta}, ${error}));`
      : `throw ${gate}.failed(${frame}, ${gate}.told(${meta}, ${error}));`;
    const caught =
      `if (${error} === ${gate}.capture) throw ${gate}.save(${meta}, ${pc}, ${emission.state}, ${owner}, null);\n` +
      `${isCall === '' ? '' : `if (${isCall}) throw ${gate}.told(${meta}, ${error});\n`}${failed}`;
    const name = which === 'step' ? this.#names.step : this.#names.resume;
    return (
      `function ${name}(${frame}, ${mode}, ${sent}${told}) {\n${locals}${running}${generator.entry(which)}` +
      `try {\n${printed}\n${generator.end('undefined')}\n} catch (${error}) {\n${caught}\n}\n}`
    );
  }

  /** What is in scope without a declaration in the body. */
  get #given(): readonly Slot[] {
    const { captured, self, own } = this.#context;
    const selves = own.filter(({ slot }) => slot.name === selfMark).map(({ slot }) => slot);
    return [...this.#parameters.slots, ...captured, ...(self === null ? [] : [self]), ...selves];
  }

  #locals(given: readonly Slot[], first: readonly string[], counts = true): string {
    const rest = this.#context.slots
      .filter((slot) => !given.includes(slot))
      .map(({ name }) => (name === selfMark ? this.#names.self : name));
    const scratch = counts ? this.#context.scratch.map((name) => `${name} = 0`) : [];
    const limits = counts ? this.#context.limits.map(({ slot, value }) => `${slot.name} = ${value}`) : [];
    const list = [...first, ...rest, ...scratch, ...limits];
    return list.length === 0 ? '' : `let ${list.join(', ')};\n`;
  }

  /** In a function that has captured something, or that is made more than once: how the runtime finds out. */
  #probe(): string {
    const { method, module } = this.#context;
    if (standsInClass(method)) return module.classes.prologue(method, this.#names.gate);
    if (method.parent === null) return '';
    const { gate, meta } = this.#names;
    const captured = this.#context.captured.map(({ name }) => name).join(', ');
    return `if (${gate}.p !== null) return ${gate}.p(${meta}, [${captured}]);\n`;
  }

  /** The function as an expression or declaration. */
  #function(body: string): string {
    const { node, form, name, parent, kind } = this.#context.method;
    const given = this.#parameters.head;
    const hidden = `${given === '' ? '' : ', '}${this.#names.depth} = void 0`;
    const head = kind === 'async' && this.#takesDepth ? given + hidden : given;
    if (node.type === 'Program') return `function ${this.#names.body}($given) ${body}`;
    if (node.type === 'ArrowFunctionExpression') return `(${head}) => ${body}`;
    if (node.type === 'StaticBlock' && !this.#context.module.classes.isDeferred(this.#context.method))
      return body;
    if (standsInClass(this.#context.method)) return `(${head}) ${body}`;
    if (parent === null) return `function ${name === 'default' ? '' : name}(${head}) ${body}`;
    return form === 'member' ? `(${head}) ${body}` : `function (${head}) ${body}`;
  }

  /** Names the function as the language would, without its name meaning anything inside. */
  #factory(text: string): string {
    const { method, module, captured, self } = this.#context;
    const name = module.functions.factoryOf(method) ?? '';
    const { gate } = this.#names;
    const { name: called } = method;
    const isFree = identifier.test(called) && !reserved.has(called) && !mentions(text, called);
    const alias = self?.name ?? (isFree ? called : module.fresh('$it'));
    const key = JSON.stringify(called);
    let made = `({ ${key}: ${text} })[${key}]`;
    if (method.form === 'member') made = `({ ${key}${text} })[${key}]`;
    else if (called === '') made = `(0, ${text})`;
    else if (alias === called) made = text;
    const kept =
      method.kind === 'plain' ? made : `${gate}.functionOf(${JSON.stringify(method.kind)}, ${made})`;
    const parameters = captured.map((slot) => slot.name).join(', ');
    return `function ${name}(${parameters}) {\nconst ${alias} = ${kept.replace(itMark, () => alias)};\nreturn ${alias};\n}`;
  }

  #resumeBody(save: string): string {
    const { pc, goal, frame, task, error, kind, resume, depth, gate } = this.#names;
    const emission = new Emission(this.#names, this.#frames, this.#counter, 'resume');
    const { derived } = this.#names;
    const printed = emission.body(this.#steps);
    const body = derived === null ? printed : `${derived.label}: {\n${printed}\n}`;
    const spelled = (slot: Slot): string => (slot.name === selfMark ? this.#names.self : slot.name);
    const from = (slots: readonly Slot[]): string =>
      slots.map((slot, index) => `${spelled(slot)} = ${frame}.vars[${index}];\n`).join('');
    const first = from(this.#frames.saved);
    const end = this.#end();
    const locals = this.#locals(
      [],
      [
        `${pc} = 0`,
        `${goal} = ${frame}.pc`,
        ...(kind === 'plain' ? [] : [`${task} = ${frame}.task`]),
        ...(kind === 'plain' ? [] : [`${depth} = ${gate}.depthOf(${frame})`]),
        ...(derived === null ? [] : [derived.result]),
      ],
    );
    const caught = save.replace('STATE', () => emission.state);
    return `function ${resume}(${frame}) {\n${locals}${first}try {\n${body}${end}\n} catch (${error}) {\n${caught}\n}\n}`;
  }

  /** What a body's end returns, where that is more than nothing. */
  #end(): string {
    const { kind, gate, task, frame, constructs, derived, self } = this.#names;
    if (kind === 'async') return `\nreturn ${gate}.done(${task}, undefined);`;
    if (derived !== null) return `\nreturn ${gate}.derived(${self}, ${derived.result});`;
    return constructs ? `\nreturn ${gate}.made(${frame}, undefined);` : '';
  }
}

/** What a method's own code is, whatever its callees are. */
function ownPart(marked: string): string {
  return marked.replaceAll(/\uFDDB[^\uFDDC]*\uFDDC/g, '');
}

function complete(marked: string): string {
  return marked.replaceAll(/[\uFDDB\uFDDC]/g, '');
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

const reserved = new Set(
  `await break case catch class const continue debugger default delete do else enum export extends false finally for
  function if implements import in instanceof interface let new null package private protected public return static
  super switch this throw true try typeof var void while with yield arguments eval`.split(/\s+/),
);

/** Whether a text may refer to a variable of that name; property names after a dot do not count. */
function mentions(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    const before = text.charCodeAt(at - 1);
    const isWhole = !isPartOfName(before) && !isPartOfName(text.charCodeAt(at + name.length));
    if (isWhole && before !== dot) return true;
  }
  return false;
}

const dot = 46;
