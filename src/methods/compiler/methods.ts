import type { CodeId } from '../../core/ids.ts';
import { codeId } from '../../core/ids.ts';
import type { Digest } from '../../core/ports.ts';
import type { CompiledSite } from './contract.ts';
import { buildField } from './class-fields.ts';
import type { BodyNames, DerivedNames } from './body-names.ts';
import { baseOf } from './factories.ts';
import { FrameUse } from './frame-use.ts';
import type { Method } from './functions.ts';
import { makesGenerator } from './generator-text.ts';
import { type Site, sitesOf, type Slot, type Step } from './ir.ts';
import { liveAtSites } from './liveness.ts';
import { MethodContext, type ModuleContext } from './method-context.ts';
import { MethodPrinter, type PrintedMethod } from './method-text.ts';
import { Parameters } from './parameters.ts';
import { itMark, withoutMarks } from './source-text.ts';
import { Statements } from './statements.ts';
import { buildModule } from './whole-body.ts';
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
  /** Null for what makes no generators. */
  readonly stepName: string | null;
  /** The function itself: for its place in the module, or for its factory. */
  readonly text: string;
  /** The whole factory of a function inside another; null at the top level of the module. */
  readonly factory: string | null;
  /** The resume body; empty where nothing can be captured. */
  readonly resume: string;
  /** What a generator goes on with where it was left; empty for all others. */
  readonly step: string;
  /** The second form of a generator function: see `fresh-generators.ts`; empty where there is none. */
  readonly form: string;
  readonly sites: readonly MethodSite[];
  /** The frame's layout: each slot's name as its author wrote it, or empty. */
  readonly layout: readonly string[];
  /** Whether frames keep the object that `new` makes by it. */
  readonly constructs: boolean;
  /** What V8 would call what generated names stand for, by turns: see `spoken-errors.ts` of the runtime. */
  readonly spoken: readonly string[];
  /** The variables of its frames, as its bodies spell them. */
  readonly savedNames: readonly string[];
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
  const live = liveAtSites(steps);
  const kept = new Set(sites.length === 0 ? [] : context.kept);
  const needed = new Set([...kept, ...sites.flatMap((site) => [...(live.get(site) ?? [])])]);
  const saved = context.slots.filter((slot) => needed.has(slot));
  const kinds = siteKinds(steps);
  const described = sites.map((site): MethodSite => ({
    pc: site.pc,
    kind: kinds.get(site) ?? 'call',
    line: site.line,
    live: saved.flatMap((slot, index) =>
      kept.has(slot) || live.get(site)?.has(slot) === true ? [index] : [],
    ),
  }));
  const names = bodyNames(context);
  const use = makesGenerator(method.kind)
    ? new FrameUse(steps, { live, kept, assigned: context.assigned }, method.kind === 'asyncGenerator')
    : null;
  const printed = new MethodPrinter(context, names, parameters, {
    saved,
    steps,
    use,
    calculated: context.calculated,
  }).print();
  const identity = JSON.stringify([
    module.normalised(withoutMarks(printed.identity)),
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
    stepName: printed.step === '' ? null : names.step,
    text: printed.text,
    factory: printed.factory,
    resume: printed.resume,
    step: printed.step,
    form: printed.form,
    sites: described,
    layout: saved.map(({ original }) => original),
    spoken: spokenIn(context, names, printed),
    constructs: names.constructs || names.derived !== null,
    savedNames: saved.map(({ name }) => name),
  };
}

function siteKinds(steps: readonly Step[]): ReadonlyMap<Site, CompiledSite['kind']> {
  const kinds = new Map<Site, CompiledSite['kind']>();
  const visit = (list: readonly Step[]): void => {
    for (const step of list) {
      if (step.kind === 'await') kinds.set(step.site, step.again ? 'effect' : 'await');
      else if (step.kind === 'begin') kinds.set(step.site, 'begin');
      else if (step.kind === 'tick') kinds.set(step.site, step.point);
      else if (step.kind === 'call' || step.kind === 'yield') kinds.set(step.site, step.kind);
      else if (step.kind === 'if') {
        visit(step.taken);
        visit(step.otherwise);
      } else if (step.kind === 'switch') for (const entry of step.cases) visit(entry.body);
      else if ('body' in step) visit(step.body);
    }
  };
  visit(steps);
  return kinds;
}

/** The names of a method's text that errors may say, and what its author calls them. */
function spokenIn(
  context: MethodContext,
  names: BodyNames,
  { text, resume, step }: PrintedMethod,
): readonly string[] {
  const { module, method } = context;
  const facts = module.classes.around(method);
  const home = facts === null || !text.includes(facts.home.name) ? [] : [facts.home.name, facts.method.name];
  const own = text.includes(`${module.gate}.own(`) || resume.includes(`${module.gate}.own(`);
  const self = resume.includes(names.self) || step.includes(names.self) ? [names.self, 'this'] : [];
  const renamed = context.slots.flatMap(({ name, original }) =>
    original === '' || name === original || /\$b\d*$/.test(name) ? [] : [name, original],
  );
  return [
    ...(own ? [`${module.gate}.own(...)`, 'this'] : []),
    ...home,
    ...self,
    ...renamed,
    ...context.spoken.names,
  ];
}

function bodyNames(context: MethodContext): BodyNames {
  const { module, method } = context;
  const base = baseOf(method);
  return {
    gate: module.gate,
    meta: module.fresh(`${base}$m`),
    resume: module.fresh(`${base}$r`),
    step: makesGenerator(method.kind) ? module.fresh(`${base}$s`) : '',
    body: method.node.type === 'Program' ? module.fresh('$body') : '',
    pc: module.fresh('$pc'),
    goal: module.fresh('$q'),
    frame: module.fresh('$f'),
    task: module.fresh('$task'),
    depth: module.fresh('$w'),
    isDense: module.isDense,
    error: module.fresh('$e'),
    mode: context.mode,
    sent: module.fresh('$sent'),
    vars: module.fresh('$v'),
    self: module.names.ofMade(method),
    index: method.index,
    notesPoints: module.isDense,
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
  if (module.classes.isDeferred(method)) return buildField(context, statements);
  // Elsewhere only what is about to call something is charged: leaves of a recursion are not.
  const enter = (): void => {
    if (!module.isDense) return;
    const site = context.site(method.node);
    context.emit({
      kind: 'tick',
      point: 'entry',
      site,
      counter: 'thread',
      units: 1,
      stretch: 1,
      wraps: false,
    });
  };
  const makes = makesGenerator(method.kind);
  if (!makes) enter();
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
  if (method.form === 'constructor') statements.expressions.invocations.fields();
  parameters.bind(statements);
  if (makes) {
    // Its parameters belong to the call; the rest to whoever goes on with it.
    const it: Slot = { name: module.fresh('$it'), original: '' };
    context.slots.push(it);
    context.own.push({ slot: it, value: itMark });
    context.emit({ kind: 'begin', site: context.site(method.node), it });
    enter();
  }
  if (method.node.type === 'StaticBlock') return statements.scope(method.node, children(method.node, 'body'));
  const body = child(method.node, 'body');
  if (body.type === 'BlockStatement') statements.scope(method.node, children(body, 'body'));
  else {
    const { expressions } = statements;
    if (method.kind === 'async') expressions.invocations.handsOver(body);
    context.emit({ kind: 'return', code: expressions.value(body), charge: false });
  }
}
