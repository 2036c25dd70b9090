import { assert } from '../../core/assert.ts';
import { Expressions } from './expressions.ts';
import { type Code, code, slotCode, type Step } from './ir.ts';
import { Jumps } from './jumps.ts';
import { Loops } from './loops.ts';
import type { MethodContext } from './method-context.ts';
import { isFresh } from './patterns.ts';
import { child, children, isLoop, type Node, nodes, optional, text, unwrap } from './syntax.ts';

/** Lowers statements to steps. */
export class Statements {
  readonly context: MethodContext;
  readonly expressions: Expressions;
  readonly jumps: Jumps;
  readonly #loops: Loops;
  /** Labels that stand directly before the statement to come. */
  #pendingNames: string[] = [];

  constructor(context: MethodContext) {
    this.context = context;
    this.expressions = new Expressions(context);
    this.#loops = new Loops(this);
    this.jumps = new Jumps(context, () => this.#loops.settleText());
    context.leave = (value) => this.jumps.return(slotCode(value));
    context.finalized = (build, last) => this.jumps.finalized(build, last);
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
    const declared = variables
      .declaredIn(scope)
      .filter(({ kind }) => kind !== 'functionName' && kind !== 'parameter');
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
        return this.jumps.jump({ kind, name: label === null ? null : text(label, 'name') });
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
      if (init !== null) {
        const value = this.context.spoken.named(this.expressions.value(init), init);
        this.expressions.patterns.declare(target, value, isFresh(init));
      } else if (node['kind'] !== 'var') this.expressions.patterns.declare(target, code('undefined'));
    }
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
    this.jumps.block(label, () =>
      this.jumps.inTarget(names, { breakLabel: label, continueLabel: null }, build),
    );
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
    if (argument !== null && this.context.method.kind === 'async')
      this.expressions.invocations.handsOver(argument);
    const given = argument === null ? null : this.expressions.value(argument);
    const isAwaited = this.context.method.kind === 'asyncGenerator' && given !== null;
    const value = isAwaited ? this.expressions.awaited(node, given) : given;
    this.jumps.return(value);
  }

  #try(node: Node): void {
    const finalizer = optional(node, 'finalizer');
    if (finalizer === null) return this.#tryCatch(node);
    this.jumps.finalized(
      () => {
        if (optional(node, 'handler') === null) this.statement(child(node, 'block'));
        else this.#tryCatch(node);
      },
      () => this.statement(finalizer),
    );
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
      if (parameter !== null)
        this.expressions.patterns.declare(parameter, context.spoken.named(slotCode(caught), '.catch'));
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
        this.jumps.inTarget(names, { breakLabel: label, continueLabel: null }, () =>
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
        const matched: Step = { kind: 'set', slot: index, code: code(String(at)), through: false };
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
