import type { CodeId } from '../../core/ids.ts';
import { codeId } from '../../core/ids.ts';
import type { Digest } from '../../core/ports.ts';
import type { CompiledSite } from './contract.ts';
import { type BodyNames, type DerivedNames, Emission } from './emission.ts';
import { selfOwner } from './classes.ts';
import { baseOf, codeOf } from './factories.ts';
import { type FuelCounter, fuelCounter } from './fuel-counter.ts';
import { type FunctionKind, type Method, standsInClass } from './functions.ts';
import { type Site, sitesOf, type Slot, type Step } from './ir.ts';
import { liveAtSites } from './liveness.ts';
import { MethodContext, type ModuleContext } from './method-context.ts';
import { Parameters } from './parameters.ts';
import { finish, itMark, selfMark } from './source-text.ts';
import { Statements } from './statements.ts';
import { buildModule } from './whole.ts';
import { assert } from '../../core/assert.ts';
import { child, children } from './syntax.ts';

/** A site as the runtime knows it. */
export interface MethodSite extends CompiledSite {
  /** Which slots of the frame are live when the method goes on from here. */
  readonly live: readonly number[];
}

export interface LoweredMethod {
  readonly method: Method;
  /** The name of the function that stands for a whole module; empty for others. */
  readonly bodyName: string;
  readonly isAsync: boolean;
  readonly length: number;
  readonly code: CodeId;
  readonly metaName: string;
  /** Null where nothing can be captured. */
  readonly resumeName: string | null;
  /** The function itself: for its place in the module, or for its factory. */
  readonly text: string;
  /** The whole factory of a function inside another; null at the top level of the module. */
  readonly factory: string | null;
  /** The resume body; empty where nothing can be captured. */
  readonly resume: string;
  readonly sites: readonly MethodSite[];
  /** The frame's layout: each slot's name as its author wrote it, or empty. */
  readonly layout: readonly string[];
  /** Whether frames keep the object that `new` makes by it. */
  readonly constructs: boolean;
  /** How many values a frame begins with, before it has a layout; 0 for methods that begin without one. */
  readonly entry: number;
  /** The variables of its frames, as its bodies spell them: those that a frame has, and those that it begins with. */
  readonly savedNames: readonly string[];
  readonly entryNames: readonly string[];
}

/** Turns one function into a fast body and a resume body. */
export function lowerMethod(module: ModuleContext, method: Method, digest: Digest): LoweredMethod {
  const context = new MethodContext(module, method);
  const parameters = new Parameters(context);
  const steps = context.collect(() => buildBody(context, parameters));
  const sites = sitesOf(steps);
  sites.forEach((site, index) => {
    site.pc = index + 1;
  });
  const live = new Map(
    [...liveAtSites(steps)].map(([site, slots]) => [site, new Set([...slots, ...context.kept])]),
  );
  const saved = context.slots.filter((slot) => sites.some((site) => live.get(site)?.has(slot)));
  const described = sites.map((site) => describeSite(site, saved, live.get(site) ?? new Set()));
  for (const [index, step] of sitesByKind(steps).entries())
    described[index] = { ...described[index]!, kind: step };
  const names = bodyNames(module, method);
  const printed = new MethodPrinter(context, names, parameters, saved, steps).print();
  const identity = JSON.stringify([
    module.normalised(finish(printed.identity).code),
    saved.map(({ original }) => original),
    described.map(({ pc, kind, live: slots }) => [pc, kind, slots]),
  ]);
  return {
    method,
    bodyName: names.body,
    isAsync: method.kind === 'async',
    length: parameters.length,
    code: codeId(digest.sha256(new TextEncoder().encode(identity)).slice(0, 32)),
    metaName: names.meta,
    resumeName: printed.resume === '' ? null : names.resume,
    text: printed.text,
    factory: printed.factory,
    resume: printed.resume,
    sites: described,
    layout: saved.map(({ original }) => original),
    constructs: names.constructs || names.derived !== null,
    entry: printed.entry,
    savedNames: saved.map(({ name }) => name),
    entryNames: printed.entryNames,
  };
}

function sitesByKind(steps: readonly Step[]): readonly CompiledSite['kind'][] {
  const kinds = new Map<Site, CompiledSite['kind']>();
  const visit = (list: readonly Step[]): void => {
    for (const step of list) {
      if (step.kind === 'await') kinds.set(step.site, step.again ? 'effect' : 'await');
      else if (step.kind === 'call' || step.kind === 'tick' || step.kind === 'yield')
        kinds.set(step.site, step.kind);
      else if (step.kind === 'if') {
        visit(step.taken);
        visit(step.otherwise);
      } else if (step.kind === 'switch') for (const entry of step.cases) visit(entry.body);
      else if ('body' in step) visit(step.body);
    }
  };
  visit(steps);
  return sitesOf(steps).map((site) => kinds.get(site) ?? 'call');
}

function describeSite(site: Site, saved: readonly Slot[], live: ReadonlySet<Slot>): MethodSite {
  const indexes = saved.flatMap((slot, index) => (live.has(slot) ? [index] : []));
  return { pc: site.pc, kind: 'call', line: site.line, live: indexes };
}

function bodyNames(module: ModuleContext, method: Method): BodyNames {
  const base = baseOf(method);
  return {
    gate: module.gate,
    meta: module.fresh(`${base}$m`),
    resume: module.fresh(`${base}$r`),
    body: method.node.type === 'Program' ? module.fresh('$body') : '',
    pc: module.fresh('$pc'),
    goal: module.fresh('$q'),
    frame: module.fresh('$f'),
    task: module.fresh('$task'),
    error: module.fresh('$e'),
    self: module.names.ofMade(method),
    index: method.index,
    kind: method.kind,
    constructs: method.form === 'constructor' || (method.form === 'function' && keepsMade(module, method)),
    derived: derivedNames(module, method),
  };
}

function derivedNames(module: ModuleContext, method: Method): DerivedNames | null {
  const around = method.form === 'derived' ? module.classes.around(method) : null;
  if (around === null) return null;
  const target = module.names.ofOuter({ kind: 'new.target', of: method });
  const result = module.fresh('$result');
  const label = module.fresh('$out');
  return { home: around.home.name, target, result, label, hasElements: around.hasElements };
}

/**
 * Whether the object that `new` makes by a plain function is kept in its frames. Asking for `new.target` in every handler costs
 * loops up to a third, so a function that never says `this` pins for as long as it is called by `new`.
 */
function keepsMade(module: ModuleContext, method: Method): boolean {
  const uses = module.outer.get(method) ?? [];
  return module.isDense || uses.some(({ value }) => value.of === method && value.kind !== 'arguments');
}

function buildBody(context: MethodContext, parameters: Parameters): void {
  const { method, module } = context;
  const statements = new Statements(context);
  // Elsewhere only what is about to call something is charged: leaves of a recursion are not.
  if (module.isDense) {
    const site = context.site(method.node);
    context.emit({ kind: 'tick', site, counter: 'thread', units: 1, stretch: 1 });
  }
  if (method.node.type === 'Program') {
    assert(module.links !== null, 'a program is lowered where whole modules are');
    const modules: Slot = { name: module.fresh('$modules'), original: '' };
    context.slots.push(modules);
    context.own.push({
      slot: modules,
      value: `${context.gate}.program($given, ${JSON.stringify(module.path)})`,
    });
    return buildModule(context, statements, module.links, modules);
  }
  parameters.bind(statements);
  if (method.node.type === 'StaticBlock') return statements.scope(method.node, children(method.node, 'body'));
  const body = child(method.node, 'body');
  if (body.type === 'BlockStatement') statements.scope(method.node, children(body, 'body'));
  else context.emit({ kind: 'return', code: statements.expressions.value(body), charge: false });
}

interface PrintedMethod {
  readonly text: string;
  readonly factory: string | null;
  readonly resume: string;
  readonly entry: number;
  readonly entryNames: readonly string[];
  /** What tells this code from other code. */
  readonly identity: string;
}

class MethodPrinter {
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
    const { kind } = this.#context.method;
    const { text, resume } = kind === 'plain' ? this.#plain() : this.#framed();
    const isTop = this.#context.method.parent === null || standsInClass(this.#context.method);
    const entry = kind === 'plain' ? 0 : this.#entry.length;
    const entryNames = this.#entry.map(({ slot }) => slot.name);
    const identity = `${text}\n${resume}`;
    return isTop
      ? { text: text.replace(itMark, () => this.#it), resume, factory: null, entry, entryNames, identity }
      : { text, resume, factory: this.#factory(text), entry, entryNames, identity };
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

  #plain(): { readonly text: string; readonly resume: string } {
    const fast = new Emission(this.#names, this.#saved, this.#counter, false);
    const body = fast.body(this.#steps);
    const { pc, error, gate, meta, constructs } = this.#names;
    const canBeCaptured = sitesOf(this.#steps).some(({ isSilent }) => !isSilent);
    const own = this.#context.own.filter(({ slot }) => slot.name !== selfMark);
    const first = [
      ...(canBeCaptured ? [`${pc} = 0`] : []),
      ...own.map(({ slot, value }) => `${slot.name} = ${value}`),
    ];
    const locals = this.#probe() + this.#locals([...this.#given, ...own.map(({ slot }) => slot)], first);
    if (!canBeCaptured) return { text: this.#function(`{\n${locals}${body}\n}`), resume: '' };
    const saves = (made: string): string =>
      `throw ${error} === ${gate}.capture ? ${gate}.save(${meta}, ${pc}, STATE, null, ${made}) : ${error};`;
    const isCalled = constructs && this.#context.method.form === 'function';
    const made = isCalled ? '(new.target === undefined ? null : this)' : constructs ? 'this' : 'null';
    const save = saves(made).replace('STATE', () => fast.state);
    const resumed = saves(constructs ? `${this.#names.frame}.made` : 'null');
    return {
      text: this.#function(`{\n${locals}try {\n${body}\n} catch (${error}) {\n${save}\n}\n}`),
      resume: this.#resumeBody(resumed),
    };
  }

  /** A function whose code always runs from a frame. */
  #framed(): { readonly text: string; readonly resume: string } {
    const { gate, meta, pc, error, task, index, resume, kind } = this.#names;
    const values = this.#entry.map(({ value }) => value).join(', ');
    const failures: Readonly<Record<FunctionKind, string>> = {
      plain: '',
      async: `return ${gate}.fail(${task}, ${error});`,
      generator: `throw ${gate}.failed(${task}, ${error});`,
      asyncGenerator: `return ${gate}.asyncFailed(${task}, ${error});`,
    };
    const save =
      `if (${error} === ${gate}.capture) throw ${gate}.save(${meta}, ${pc}, STATE, ${task}, null);\n` +
      failures[kind];
    if (kind === 'generator' || kind === 'asyncGenerator') {
      const made = `${gate}.${kind}(${meta}, ${itMark}, [${values}])`;
      return {
        text: this.#function(`{\n${this.#probe()}return ${made};\n}`),
        resume: this.#resumeBody(save),
      };
    }
    // The line of this call is passed through by every capture in the part before the first await.
    const begin = `\uFDD3${index * 2}:0\uFDD4${this.#placed(resume)}\n${gate}.begin(${meta}, [${values}]))`;
    return {
      text: this.#function(`{\n${this.#probe()}return (\n${begin}\n);\n}`),
      resume: this.#resumeBody(save),
    };
  }

  /** The beginning of a call of the resume body, where it stands. */
  #placed(resume: string): string {
    const { method, module } = this.#context;
    const place = module.classes.placeOf(method);
    if (place === null) return `${resume}(`;
    const code = `${codeOf(place)}.${resume}`;
    if (place.superOf === null) return `${code}(`;
    const owner = selfOwner(method);
    const self = owner === method ? 'this' : module.names.ofOuter({ kind: 'this', of: owner });
    return `${code}.call(\n${self},`;
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
    const { node, form, name, parent } = this.#context.method;
    const { head } = this.#parameters;
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
    const { pc, goal, frame, task, error, kind, resume } = this.#names;
    const isFramed = kind !== 'plain';
    const emission = new Emission(this.#names, this.#saved, this.#counter, true);
    const { derived } = this.#names;
    const printed = emission.body(this.#steps);
    const body = derived === null ? printed : `${derived.label}: {\n${printed}\n}`;
    const spelled = (slot: Slot): string => (slot.name === selfMark ? this.#names.self : slot.name);
    const from = (slots: readonly Slot[]): string =>
      slots.map((slot, index) => `${spelled(slot)} = ${frame}.vars[${index}];\n`).join('');
    const given = this.#entry.map(({ slot }) => slot);
    const first = isFramed
      ? `if (${goal} === 0) {\n${from(given)}} else {\n${from(this.#saved)}}\n`
      : from(this.#saved);
    const end = this.#end();
    const locals = this.#locals(
      [],
      [
        `${pc} = 0`,
        `${goal} = ${frame}.pc`,
        ...(isFramed ? [`${task} = ${frame}.task`] : []),
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
