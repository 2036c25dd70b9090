import { type BodyNames, Emission } from './emission.ts';
import { type FuelCounter, fuelCounter } from './fuel-counter.ts';
import { standsInClass } from './functions.ts';
import { sitesOf, type Slot, type Step } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import type { Parameters } from './parameters.ts';
import { itMark, selfMark } from './source-text.ts';

/** The text of a method, and what its frames begin with. */
interface PrintedMethod {
  readonly text: string;
  readonly factory: string | null;
  readonly resume: string;
  readonly entry: number;
  readonly entryNames: readonly string[];
  /** What tells this code from other code. */
  readonly identity: string;
}

/** Writes the function of a method, its factory, and its resume body, around what `Emission` writes of its steps. */
export class MethodPrinter {
  readonly #context: MethodContext;
  readonly #names: BodyNames;
  readonly #parameters: Parameters;
  readonly #saved: readonly Slot[];
  readonly #steps: readonly Step[];

  constructor(
    context: MethodContext,
    names: BodyNames,
    parameters: Parameters,
    saved: readonly Slot[],
    steps: readonly Step[],
  ) {
    this.#context = context;
    this.#names = names;
    this.#parameters = parameters;
    this.#saved = saved;
    this.#steps = steps;
  }

  print(): PrintedMethod {
    const { text: marked, resume: markedResume } = this.#isFramed ? this.#framed() : this.#direct();
    const isTop = this.#context.method.parent === null || standsInClass(this.#context.method);
    const entry = this.#isFramed ? this.#entry.length : 0;
    const entryNames = this.#entry.map(({ slot }) => slot.name);
    const identity = ownPart(`${marked}\n${markedResume}`);
    const text = complete(marked);
    const resume = complete(markedResume);
    return isTop
      ? { text: text.replace(itMark, () => this.#it), resume, factory: null, entry, entryNames, identity }
      : { text, resume, factory: this.#factory(text), entry, entryNames, identity };
  }

  /** Generators run from frames only, which their objects hold. */
  get #isFramed(): boolean {
    const { kind } = this.#context.method;
    return kind === 'generator' || kind === 'asyncGenerator';
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
  #direct(): { readonly text: string; readonly resume: string } {
    const fast = new Emission(this.#names, this.#saved, this.#counter, false);
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
    const save = (of: string, made: string): string =>
      `throw ${gate}.save(${meta}, ${pc}, STATE, ${of}, ${made})`;
    const caught = (of: string, made: string, failed: string): string =>
      isAsync
        ? `${canBeCaptured ? `if (${error} === ${gate}.capture) ${save(of, made)};\n` : ''}return ${failed};`
        : `${save(of, made).replace('throw ', `throw ${error} === ${gate}.capture ? `)} : ${error};`;
    const isCalled = constructs && this.#context.method.form === 'function';
    const made = isCalled ? '(new.target === undefined ? null : this)' : constructs ? 'this' : 'null';
    const began = caught(
      isAsync ? `${gate}.task(${meta})` : 'null',
      made,
      `${gate}.thrown(${meta}, ${depth}, ${error})`,
    );
    if (!canBeCaptured && !isAsync) return { text: this.#function(`{\n${locals}${body}\n}`), resume: '' };
    const text = this.#function(
      `{\n${locals}try {\n${body}${end}\n} catch (${error}) {\n${began.replace('STATE', () => fast.state)}\n}\n}`,
    );
    if (!canBeCaptured) return { text, resume: '' };
    const resumed = caught(
      isAsync ? task : 'null',
      constructs ? `${frame}.made` : 'null',
      `${gate}.fail(${task}, ${error})`,
    );
    return { text, resume: this.#resumeBody(resumed) };
  }

  /** Whether it has a parameter of its own behind the author's, which nothing of theirs can see. */
  get #takesDepth(): boolean {
    return this.#context.module.awaited.takesDepth(this.#context.method);
  }

  /** A generator: its code always runs from a frame. */
  #framed(): { readonly text: string; readonly resume: string } {
    const { gate, meta, pc, error, task, kind } = this.#names;
    const values = this.#entry.map(({ value }) => value).join(', ');
    const failed =
      kind === 'generator'
        ? `throw ${gate}.failed(${task}, ${error});`
        : `return ${gate}.asyncFailed(${task}, ${error});`;
    const save = `if (${error} === ${gate}.capture) throw ${gate}.save(${meta}, ${pc}, STATE, ${task}, null);\n`;
    const made = `${gate}.${kind}(${meta}, ${itMark}, [${values}])`;
    return {
      text: this.#function(`{\n${this.#probe()}return ${made};\n}`),
      resume: this.#resumeBody(save + failed),
    };
  }

  /** Everything that has its value when the method begins. */
  get #entry(): readonly { readonly slot: Slot; readonly value: string }[] {
    const { own, captured, self } = this.#context;
    const named = [...this.#parameters.slots, ...captured, ...(self === null ? [] : [self])];
    return [
      ...named.map((slot) => ({ slot, value: slot.name })),
      ...own.map(({ slot, value }) => ({ slot, value })),
    ];
  }

  /** What is in scope without a declaration in the body. */
  get #given(): readonly Slot[] {
    const { captured, self, own } = this.#context;
    const selves = own.filter(({ slot }) => slot.name === selfMark).map(({ slot }) => slot);
    return [...this.#parameters.slots, ...captured, ...(self === null ? [] : [self]), ...selves];
  }

  #locals(given: readonly Slot[], first: readonly string[]): string {
    const rest = this.#context.slots
      .filter((slot) => !given.includes(slot))
      .map(({ name }) => (name === selfMark ? this.#names.self : name));
    const list = [...first, ...rest, ...this.#context.scratch.map((name) => `${name} = 0`)];
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
    if (node.type === 'StaticBlock') return body;
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
    const emission = new Emission(this.#names, this.#saved, this.#counter, true);
    const { derived } = this.#names;
    const printed = emission.body(this.#steps);
    const body = derived === null ? printed : `${derived.label}: {\n${printed}\n}`;
    const spelled = (slot: Slot): string => (slot.name === selfMark ? this.#names.self : slot.name);
    const from = (slots: readonly Slot[]): string =>
      slots.map((slot, index) => `${spelled(slot)} = ${frame}.vars[${index}];\n`).join('');
    const given = this.#entry.map(({ slot }) => slot);
    const first = this.#isFramed
      ? `if (${goal} === 0) {\n${from(given)}} else {\n${from(this.#saved)}}\n`
      : from(this.#saved);
    const end = this.#end();
    const locals = this.#locals(
      [],
      [
        `${pc} = 0`,
        `${goal} = ${frame}.pc`,
        ...(kind === 'plain' ? [] : [`${task} = ${frame}.task`]),
        ...(kind === 'plain' || kind === 'generator' ? [] : [`${depth} = ${gate}.depthOf(${frame})`]),
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
    if (kind === 'generator') return `\nreturn ${gate}.ended(${task}, undefined);`;
    if (kind === 'asyncGenerator') return `\nreturn ${gate}.asyncEnded(${task}, undefined);`;
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
  const escaped = name.replaceAll('$', '\\$');
  return new RegExp(`(?<![\\p{ID_Continue}$.])${escaped}(?![\\p{ID_Continue}$])`, 'u').test(text);
}
