import type { CodeId } from '../../core/ids.ts';
import { codeId } from '../../core/ids.ts';
import type { Digest } from '../../core/ports.ts';
import type { CompiledSite } from './contract.ts';
import type { Method } from './calls.ts';
import { convertClosures } from './closures.ts';
import { type BodyNames, Emission } from './emission.ts';
import { code, type Site, sitesOf, type Slot, slotCode, type Step } from './ir.ts';
import { liveAtSites } from './liveness.ts';
import { MethodContext, type ModuleContext } from './method-context.ts';
import { finish } from './source-text.ts';
import { Statements } from './statements.ts';
import { child, children, flag, type Node, nodes } from './syntax.ts';

/** A site as the runtime knows it. */
export interface MethodSite extends CompiledSite {
  /** Which slots of the frame are live when the method goes on from here. */
  readonly live: readonly number[];
}

export interface LoweredMethod {
  readonly method: Method;
  readonly isAsync: boolean;
  readonly length: number;
  readonly code: CodeId;
  readonly metaName: string;
  readonly resumeName: string;
  /** Replaces the function in the module. */
  readonly inPlace: string;
  /** Further functions, for the end of the module. */
  readonly appended: string;
  readonly sites: readonly MethodSite[];
  /** The frame's layout: each slot's name as its author wrote it, or empty. */
  readonly layout: readonly string[];
  /** Variables that hold functions while the method may be captured: they are refused. */
  readonly liveClosures: readonly { readonly slot: Slot; readonly line: number }[];
}

const liveMark = 0;

/** Turns one function into a fast body and a resume body. */
export function lowerMethod(module: ModuleContext, method: Method, digest: Digest): LoweredMethod {
  const context = new MethodContext(module, method);
  convertClosures(context);
  const isAsync = flag(method.node, 'async');
  const parameters = new Parameters(context);
  const steps = context.collect(() => buildBody(context, parameters));
  const sites = sitesOf(steps);
  sites.forEach((site, index) => {
    site.pc = index + 1;
  });
  const live = liveAtSites(steps);
  const saved = context.slots.filter((slot) => sites.some((site) => live.get(site)?.has(slot)));
  const described = sites.map((site) => describeSite(site, saved, live.get(site) ?? new Set()));
  for (const [index, step] of sitesByKind(steps).entries())
    described[index] = { ...described[index]!, kind: step };
  const names = bodyNames(module, method, isAsync);
  const printer = new MethodPrinter(context, names, parameters, saved, steps);
  const printed = isAsync ? printer.asynchronous() : printer.synchronous(sites.length > 0);
  const layout = saved.map(({ original }) => original);
  const identity = JSON.stringify([
    finish(printed.inPlace + printed.appended).code,
    saved.map(({ name }) => name),
    described.map(({ pc, kind, live: slots }) => [pc, kind, slots]),
  ]);
  return {
    method,
    isAsync,
    length: parameters.length,
    code: codeId(digest.sha256(new TextEncoder().encode(identity)).slice(0, 32)),
    metaName: names.meta,
    resumeName: names.resume,
    ...printed,
    sites: described,
    layout,
    liveClosures: saved
      .filter(({ closureAt }) => closureAt >= 0)
      .map((slot) => ({ slot, line: sites.find((site) => live.get(site)?.has(slot))?.line ?? liveMark })),
  };
}

function sitesByKind(steps: readonly Step[]): readonly CompiledSite['kind'][] {
  const kinds = new Map<Site, CompiledSite['kind']>();
  const visit = (list: readonly Step[]): void => {
    for (const step of list) {
      if (step.kind === 'await') kinds.set(step.site, step.again ? 'effect' : 'await');
      else if (step.kind === 'call' || step.kind === 'tick') kinds.set(step.site, step.kind);
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

function bodyNames(module: ModuleContext, method: Method, isAsync: boolean): BodyNames {
  return {
    gate: module.gate,
    meta: module.fresh(`${method.name}$m`),
    resume: module.fresh(`${method.name}$r`),
    pc: module.fresh('$pc'),
    goal: module.fresh('$q'),
    frame: module.fresh('$f'),
    task: module.fresh('$task'),
    error: module.fresh('$e'),
    index: method.index,
    isAsync,
  };
}

function buildBody(context: MethodContext, parameters: Parameters): void {
  const { method, module } = context;
  const statements = new Statements(context);
  if (module.calls.ticksOnEntry(method)) {
    context.emit({ kind: 'tick', site: context.site(method.node), counter: 'thread', units: 1 });
  }
  for (const binding of module.scopes.bindings) {
    const slot = binding.owner === method.node && binding.kind === 'var' ? context.slotOf(binding) : null;
    if (slot !== null && context.spelling(binding) !== slot.name) context.set(slot, code('{ v: undefined }'));
  }
  parameters.bind(statements);
  const body = child(method.node, 'body');
  if (body.type === 'BlockStatement') statements.list(children(body, 'body'));
  else context.emit({ kind: 'return', code: statements.expressions.value(body), charge: false });
}

/** A method's parameters: plain names in its head, defaults and patterns in its covered body. */
class Parameters {
  readonly #context: MethodContext;
  /** The head's slots, in order; they are the first that a frame starts with. */
  readonly slots: Slot[] = [];
  /** The function's `length`. */
  readonly length: number;

  constructor(context: MethodContext) {
    this.#context = context;
    const parameters = nodes(context.method.node, 'params');
    for (const parameter of parameters) this.slots.push(this.#slotFor(parameter));
    const end = parameters.findIndex(({ type }) => type === 'AssignmentPattern' || type === 'RestElement');
    this.length = end === -1 ? parameters.length : end;
  }

  /** The parameter list. Defaults stand in the body; `void 0` keeps the function's length. */
  get head(): string {
    return nodes(this.#context.method.node, 'params')
      .map((parameter, index) => {
        const name = (this.slots[index] as Slot).name;
        if (parameter.type === 'RestElement') return `...${name}`;
        return parameter.type === 'AssignmentPattern' ? `${name} = void 0` : name;
      })
      .join(', ');
  }

  bind(statements: Statements): void {
    nodes(this.#context.method.node, 'params').forEach((parameter, index) => {
      const slot = this.slots[index] as Slot;
      if (parameter.type === 'AssignmentPattern') {
        this.#default(statements, parameter, slot);
        this.#declare(statements, child(parameter, 'left'), slot);
      } else {
        this.#declare(
          statements,
          parameter.type === 'RestElement' ? child(parameter, 'argument') : parameter,
          slot,
        );
      }
    });
  }

  #slotFor(parameter: Node): Slot {
    const inner =
      parameter.type === 'RestElement'
        ? child(parameter, 'argument')
        : parameter.type === 'AssignmentPattern'
          ? child(parameter, 'left')
          : parameter;
    const binding = inner.type === 'Identifier' ? this.#context.bindingOf(inner) : null;
    return (binding === null ? null : this.#context.slotOf(binding)) ?? this.#context.temporary();
  }

  #default(statements: Statements, parameter: Node, slot: Slot): void {
    const context = this.#context;
    context.emit({
      kind: 'if',
      test: code(`${slot.name} === undefined`, slotCode(slot)),
      taken: context.collect(() =>
        context.set(slot, statements.expressions.value(child(parameter, 'right'))),
      ),
      otherwise: [],
    });
  }

  #declare(statements: Statements, target: Node, slot: Slot): void {
    const context = this.#context;
    if (target.type !== 'Identifier') return statements.expressions.patterns.declare(target, slotCode(slot));
    const binding = context.bindingOf(target);
    if (binding === null || context.spelling(binding) === slot.name) return;
    context.set(slot, code(`{ v: ${slot.name} }`, slotCode(slot)));
  }
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

  synchronous(canBeCaptured: boolean): { readonly inPlace: string; readonly appended: string } {
    const fast = new Emission(this.#names, this.#saved, this.#counter, false);
    const body = fast.body(this.#steps);
    const { pc, error, gate, meta } = this.#names;
    const locals = this.#locals(this.#parameters.slots, canBeCaptured ? [`${pc} = 0`] : []);
    if (!canBeCaptured) return { inPlace: this.#wrap(`{\n${locals}${body}\n}`), appended: '' };
    const save = `throw ${error} === ${gate}.capture ? ${gate}.save(${meta}, ${pc}, ${fast.state}, null) : ${error};`;
    return {
      inPlace: this.#wrap(`{\n${locals}try {\n${body}\n} catch (${error}) {\n${save}\n}\n}`),
      appended: this.#resumeBody(save),
    };
  }

  /** An asynchronous method has one body, which always runs from a frame; and the original, for use without godwit. */
  asynchronous(): { readonly inPlace: string; readonly appended: string } {
    const { gate, meta, pc, error, task, index } = this.#names;
    const { node, name } = this.#context.method;
    const original = this.#context.module.fresh(`${name}$n`);
    const slots = this.#parameters.slots.map((slot) => slot.name).join(', ');
    const spread = this.#parameters.slots.map((slot, at) =>
      nodes(node, 'params')[at]?.type === 'RestElement' ? `...${slot.name}` : slot.name,
    );
    const state = new Emission(this.#names, this.#saved, null, true).state;
    const save =
      `if (${error} === ${gate}.capture) throw ${gate}.save(${meta}, ${pc}, ${state}, ${task});\n` +
      `return ${gate}.fail(${task}, ${error});`;
    // The line of this call is passed through by every capture in the part before the first await.
    const begin = `\uFDD3${index * 2}:0\uFDD4${this.#resumeName()}(\n${gate}.begin(${meta}, [${slots}]))`;
    return {
      inPlace: this.#wrap(
        `{\nif (${gate}.x === null) return ${original}(${spread.join(', ')});\nreturn (\n${begin}\n);\n}`,
      ),
      appended: `${this.#resumeBody(save)}\n${this.#original(original)}`,
    };
  }

  get #counter(): string | null {
    return this.#context.scratch[0] ?? null;
  }

  #resumeName(): string {
    return this.#names.resume;
  }

  #locals(given: readonly Slot[], first: readonly string[]): string {
    const rest = this.#context.slots.filter((slot) => !given.includes(slot)).map(({ name }) => name);
    const list = [...first, ...rest, ...this.#context.scratch];
    return list.length === 0 ? '' : `let ${list.join(', ')};\n`;
  }

  #wrap(body: string): string {
    const { node, name } = this.#context.method;
    if (node.type === 'ArrowFunctionExpression') return `(${this.#parameters.head}) => ${body}`;
    const isDefault = name === 'default';
    return `function ${isDefault ? '' : name}(${this.#parameters.head}) ${body}`;
  }

  #resumeBody(save: string): string {
    const { pc, goal, frame, task, error, isAsync } = this.#names;
    const emission = new Emission(this.#names, this.#saved, this.#counter, true);
    const body = emission.body(this.#steps);
    const given = isAsync ? this.#parameters.slots : [];
    const restore = this.#saved.map((slot, index) => `${slot.name} = ${frame}.vars[${index}];\n`).join('');
    const first = isAsync
      ? `if (${goal} === 0) {\n${given.map((slot, index) => `${slot.name} = ${frame}.vars[${index}];\n`).join('')}} else {\n${restore}}\n`
      : restore;
    const end = isAsync ? `\nreturn ${this.#names.gate}.done(${task}, undefined);` : '';
    const locals = this.#locals(
      [],
      [`${pc} = 0`, `${goal} = ${frame}.pc`, ...(isAsync ? [`${task} = ${frame}.task`] : [])],
    );
    return (
      `function ${this.#resumeName()}(${frame}) {\n${locals}${first}` +
      `try {\n${body}${end}\n} catch (${error}) {\n${save}\n}\n}`
    );
  }

  /** The function as written, its types erased, for calls outside an execution. */
  #original(name: string): string {
    const { node } = this.#context.method;
    const source = this.#context.module.source;
    const body = child(node, 'body');
    const parameters = nodes(node, 'params');
    const head = parameters.map((parameter) => source.original(parameter.start, parameter.end)).join(', ');
    const text = source.original(body.start, body.end);
    return `async function ${name}(${head}) ${body.type === 'BlockStatement' ? text : `{\nreturn ${text};\n}`}`;
  }
}
