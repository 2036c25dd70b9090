import { assert } from '../../core/assert.ts';
import { Expressions } from './expressions.ts';
import { type Code, code, type Slot, slotCode, type Step } from './ir.ts';
import { Loops } from './loops.ts';
import type { MethodContext } from './method-context.ts';
import { child, children, isLoop, type Node, nodes, optional, text, unwrap } from './syntax.ts';

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

/** Lowers statements to steps. */
export class Statements {
  readonly context: MethodContext;
  readonly expressions: Expressions;
  readonly #loops: Loops;
  readonly #surroundings: Surrounding[] = [];
  /** Labels that stand directly before the statement to come. */
  #pendingNames: string[] = [];

  constructor(context: MethodContext) {
    this.context = context;
    this.expressions = new Expressions(context);
    this.#loops = new Loops(this);
    context.leave = (value) => this.#returnAgain(value);
  }

  get isCounting(): boolean {
    return this.#surroundings.some(({ kind }) => kind === 'counting');
  }

  /** The statements of a block, whose variables and functions come to be first. */
  scope(scope: Node, statements: readonly (Node | null)[]): void {
    this.open(scope);
    this.list(statements);
  }

  /** Makes what a block's variables need before its first statement: boxes, dead zones, declared functions. */
  open(scope: Node): void {
    const { context } = this;
    const { module, gate } = context;
    const { variables } = module;
    const declared = variables.declaredIn(scope).filter((binding) => binding.kind !== 'functionName');
    for (const binding of declared) {
      const slot = context.slotOf(binding);
      if (slot === null) continue;
      const empty = variables.isEarly(binding) ? `${gate}.unset` : 'undefined';
      if (binding.copyOf !== null) {
        const first = context.spelling(binding.copyOf);
        const from = context.slotOf(binding.copyOf);
        const value = variables.isBoxed(binding) ? `{ v: ${first} }` : first;
        if (from !== null) context.set(slot, code(value, slotCode(from)));
      } else if (module.links?.exports.has(binding) === true) {
        // The box is there already, and others may have it.
        if (!variables.isEarly(binding)) context.plain(code(`${slot.name}.v = undefined;`, slotCode(slot)));
      } else if (context.isMadeEarly(binding) && binding.kind !== 'import') {
        context.set(slot, code(variables.isBoxed(binding) ? `{ v: ${empty} }` : empty));
      }
    }
    for (const binding of declared) {
      const isFunction = binding.kind === 'function' && context.module.calls.isMethod(binding.source);
      if (isFunction)
        this.expressions.patterns.declare(binding.declaration, context.creation(binding.source));
    }
  }

  list(statements: readonly (Node | null)[]): void {
    for (const statement of statements) if (statement !== null) this.statement(statement);
  }

  statement(node: Node): void {
    const { expressions, context } = this;
    if (isLoop(node)) return this.#loops.loop(node, this.#takeNames());
    switch (node.type) {
      case 'ExpressionStatement':
        return typeof node['directive'] === 'string'
          ? undefined
          : expressions.effect(child(node, 'expression'));
      case 'VariableDeclaration':
        return this.declaration(node);
      case 'FunctionDeclaration':
        return this.#sloppyFunction(node);
      case 'ClassDeclaration':
        return expressions.patterns.declare(child(node, 'id'), expressions.value(node));
      case 'ReturnStatement':
        return this.#return(node);
      case 'ThrowStatement':
        return context.emit({ kind: 'throw', code: expressions.value(child(node, 'argument')) });
      case 'IfStatement':
        return this.#if(node);
      case 'BlockStatement':
        return this.#block(node);
      case 'LabeledStatement':
        return this.#labelled(node);
      case 'BreakStatement':
      case 'ContinueStatement': {
        const label = optional(node, 'label');
        const kind = node.type === 'BreakStatement' ? 'break' : 'continue';
        return this.#jump({ kind, name: label === null ? null : text(label, 'name') });
      }
      case 'TryStatement':
        return this.#try(node);
      case 'SwitchStatement':
        return this.#switch(node);
      case 'EmptyStatement':
        return;
      case 'DebuggerStatement':
        return context.plain(code('debugger;'));
      default:
        if (node.type.startsWith('TS')) return;
        assert(false, `no lowering for ${node.type}`);
    }
  }

  declaration(node: Node): void {
    for (const declarator of nodes(node, 'declarations')) {
      const target = child(declarator, 'id');
      const init = optional(declarator, 'init');
      if (init !== null) this.expressions.patterns.declare(target, this.expressions.value(init));
      else if (node['kind'] !== 'var') this.expressions.patterns.declare(target, code('undefined'));
    }
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
    const body = this.context.collect(build);
    if (jumpsTo(body, label)) this.context.emit({ kind: 'block', label, body });
    else for (const step of body) this.context.emit(step);
  }

  #takeNames(): string[] {
    const names = this.#pendingNames;
    this.#pendingNames = [];
    return names;
  }

  #block(node: Node): void {
    const names = this.#takeNames();
    const build = (): void => this.scope(node, children(node, 'body'));
    if (names.length === 0) return build();
    this.#inBlock(names, build);
  }

  #inBlock(names: readonly string[], build: () => void): void {
    const label = this.context.label('block');
    this.block(label, () => this.inTarget(names, { breakLabel: label, continueLabel: null }, build));
  }

  #labelled(node: Node): void {
    const body = child(node, 'body');
    const name = text(child(node, 'label'), 'name');
    if (isLoop(body) || ['LabeledStatement', 'BlockStatement', 'SwitchStatement'].includes(body.type)) {
      this.#pendingNames.push(name);
      return this.statement(body);
    }
    this.#inBlock([...this.#takeNames(), name], () => this.statement(body));
  }

  /** A function in a block of sloppy code is also given to a variable of the function around (ECMA-262, B.3.3). */
  #sloppyFunction(node: Node): void {
    const { context } = this;
    const outside = context.module.scopes.annexB.get(node);
    const inside = context.bindingOf(child(node, 'id'));
    const slot = outside === undefined ? null : context.slotOf(outside);
    const from = inside === null ? null : context.slotOf(inside);
    if (outside === undefined || inside === null || slot === null || from === null) return;
    const value = code(context.isBoxed(inside) ? `${from.name}.v` : from.name, slotCode(from));
    if (context.isBoxed(outside))
      context.plain(code(`${slot.name}.v = ${value.text};`, value, slotCode(slot)));
    else context.set(slot, value);
  }

  #if(node: Node): void {
    const test = this.expressions.value(child(node, 'test'));
    const alternate = optional(node, 'alternate');
    const taken = this.context.collect(() => this.statement(child(node, 'consequent')));
    const otherwise = alternate === null ? [] : this.context.collect(() => this.statement(alternate));
    this.context.emit({ kind: 'if', test, taken, otherwise });
  }

  #return(node: Node): void {
    const argument = optional(node, 'argument');
    const given = argument === null ? null : this.expressions.value(argument);
    const isAwaited = this.context.method.kind === 'asyncGenerator' && given !== null;
    const value = isAwaited ? this.expressions.awaited(node, given) : given;
    const finalizer = this.#surroundings.findLast((around) => around.kind === 'finalizer');
    if (finalizer === undefined) {
      this.context.emit({ kind: 'return', code: value, charge: this.isCounting });
      return;
    }
    this.context.set(finalizer.value, value ?? code('undefined'));
    this.#leaveThrough(finalizer, { kind: 'return' });
  }

  /** Goes to the end of a body with a `finally`, which then goes on with the jump. */
  #leaveThrough(finalizer: Finalizer, jump: Jump): void {
    let index = finalizer.jumps.findIndex((known) => JSON.stringify(known) === JSON.stringify(jump));
    if (index === -1) index = finalizer.jumps.push(jump) - 1;
    this.#settleCount(this.#surroundings.lastIndexOf(finalizer));
    this.context.set(finalizer.completion, code(String(index + 2)));
    this.context.emit({ kind: 'break', label: finalizer.label });
  }

  #jump(jump: Jump & { readonly kind: 'break' | 'continue' }): void {
    for (let index = this.#surroundings.length - 1; index >= 0; index -= 1) {
      const around = this.#surroundings[index] as Surrounding;
      if (around.kind === 'counting') continue;
      if (around.kind === 'finalizer') return this.#leaveThrough(around, jump);
      if (!around.names.includes(jump.name)) continue;
      const label = jump.kind === 'break' ? around.breakLabel : around.continueLabel;
      if (label === null) continue;
      this.#settleCount(index);
      return this.context.emit({ kind: 'break', label });
    }
    assert(false, `a ${jump.kind} without a target`);
  }

  #settleCount(outermost: number): void {
    if (this.#surroundings.slice(outermost + 1).some(({ kind }) => kind === 'counting')) {
      this.context.plain(code(this.#loops.settleText()));
    }
  }

  #try(node: Node): void {
    const finalizer = optional(node, 'finalizer');
    if (finalizer === null) return this.#tryCatch(node);
    this.finalized(
      () => {
        if (optional(node, 'handler') === null) this.statement(child(node, 'block'));
        else this.#tryCatch(node);
      },
      () => this.statement(finalizer),
    );
  }

  /**
   * Runs `build`; however it is left, what `last` builds comes then, and then whatever left it goes on.
   *
   * @param last `completion`: 0 at the end of what was built, 1 after an error, more for jumps
   */
  finalized(build: () => void, last: (completion: Slot) => void): void {
    const { context } = this;
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
      when(index + 2, () => (jump.kind === 'return' ? this.#returnAgain(value) : this.#jump(jump)));
    });
  }

  /** Goes on with a `return` whose value waited for a `finally`. */
  #returnAgain(value: Slot): void {
    const outer = this.#surroundings.findLast((around) => around.kind === 'finalizer');
    if (outer === undefined) {
      this.context.emit({ kind: 'return', code: slotCode(value), charge: this.isCounting });
      return;
    }
    this.context.set(outer.value, slotCode(value));
    this.#leaveThrough(outer, { kind: 'return' });
  }

  #tryCatch(node: Node): void {
    const { context } = this;
    const handler = child(node, 'handler');
    const flag = context.temporary();
    const caught = context.temporary();
    context.set(flag, code('0'));
    const body = context.collect(() => this.statement(child(node, 'block')));
    context.emit({ kind: 'try', body, flag, caught });
    const taken = context.collect(() => {
      const parameter = optional(handler, 'param');
      this.open(handler);
      if (parameter !== null) this.expressions.patterns.declare(parameter, slotCode(caught));
      this.statement(child(handler, 'body'));
    });
    context.emit({ kind: 'if', test: code(`${flag.name} === 1`, slotCode(flag)), taken, otherwise: [] });
  }

  #switch(node: Node): void {
    const { context } = this;
    const label = context.label('switch');
    const names = [...this.#takeNames(), null];
    const cases = nodes(node, 'cases');
    const tests = cases.map((entry) => optional(entry, 'test'));
    const held = this.expressions.value(child(node, 'discriminant'));
    const opened = context.collect(() => this.open(node));
    const subject =
      opened.length === 0 && isStableSubject(unwrap(child(node, 'discriminant')))
        ? held
        : this.expressions.spill(held);
    for (const step of opened) context.emit(step);
    const index = tests.some((test) => test !== null && context.hasSite(test))
      ? this.#caseIndex(tests, this.expressions.spill(subject))
      : null;
    const bodies = cases.map((entry) =>
      context.collect(() =>
        this.inTarget(names, { breakLabel: label, continueLabel: null }, () =>
          this.list(nodes(entry, 'consequent')),
        ),
      ),
    );
    context.emit({
      kind: 'switch',
      label,
      subject: index ?? subject,
      cases: bodies.map((body, at) => ({ test: this.#caseTest(tests[at] ?? null, index, at), body })),
    });
  }

  #caseTest(test: Node | null, index: Code | null, at: number): Code | null {
    if (test === null) return null;
    return index === null ? this.context.verbatim(test) : code(String(at));
  }

  /** Evaluates tests that contain safe points, in order, up to the one that matches. */
  #caseIndex(tests: readonly (Node | null)[], subject: Code): Code {
    const { context } = this;
    const index = context.temporary();
    context.set(index, code('-1'));
    tests.forEach((test, at) => {
      if (test === null) return;
      const taken = context.collect(() => {
        const value = this.expressions.value(test);
        const matched: Step = { kind: 'set', slot: index, code: code(String(at)) };
        context.emit({
          kind: 'if',
          test: code(`${subject.text} === ${value.text}`, subject, value),
          taken: [matched],
          otherwise: [],
        });
      });
      context.emit({ kind: 'if', test: code(`${index.name} === -1`, slotCode(index)), taken, otherwise: [] });
    });
    return slotCode(index);
  }
}

function isStableSubject(node: Node): boolean {
  return node.type === 'Literal';
}

/** Whether any step breaks to the label. */
export function jumpsTo(steps: readonly Step[], label: string): boolean {
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
