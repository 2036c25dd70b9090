import type { Expressions } from './expressions.ts';
import { type Code, code, type Slot, slotCode } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import { nameText, spokenDelegate } from './spoken-names.ts';
import { child, flag, type Node, optional } from './syntax.ts';

/** One `yield*` while it is lowered: whom it asks, and what came and goes. */
interface Delegation {
  readonly node: Node;
  readonly held: Code;
  readonly way: Code;
  readonly received: Slot;
  readonly mode: Slot;
  readonly value: Slot;
  readonly label: string;
}

/** Lowers `yield` and `yield*`, and what comes back by `next`, `throw` and `return`. */
export class Yields {
  readonly #context: MethodContext;
  readonly #expressions: Expressions;

  constructor(context: MethodContext, expressions: Expressions) {
    this.#context = context;
    this.#expressions = expressions;
  }

  value(node: Node): Code {
    const context = this.#context;
    const argument = optional(node, 'argument');
    if (flag(node, 'delegate')) return this.#delegate(node, child(node, 'argument'));
    const given = argument === null ? code('undefined') : this.#expressions.value(argument);
    const value = this.#isAsync ? this.awaited(node, given) : given;
    const slot = context.temporary();
    context.emit({ kind: 'yield', site: context.site(node), slot, code: value, result: null, mode: null });
    this.#when(`${context.mode} === 2`, [], () => this.#leave(node, slot));
    return this.#expressions.hold(slot);
  }

  /** What an expression gives once it was awaited. */
  awaited(node: Node, value: Code): Code {
    const slot = this.#context.temporary();
    this.#context.emit({ kind: 'await', site: this.#context.site(node), slot, code: value, again: false });
    return this.#expressions.hold(slot);
  }

  get #isAsync(): boolean {
    return this.#context.method.kind === 'asyncGenerator';
  }

  #when(test: string, uses: readonly Code[], build: () => void): void {
    const context = this.#context;
    context.emit({ kind: 'if', test: code(test, ...uses), taken: context.collect(build), otherwise: [] });
  }

  /** Returns what came by `return`: asynchronous generators wait for it first. */
  #leave(node: Node, slot: Slot): void {
    if (this.#isAsync) this.#context.set(slot, this.awaited(node, slotCode(slot)));
    this.#context.leave(slot);
  }

  /** Whatever comes is handed on to the other iterator, whose results are handed out as they are. */
  #delegate(node: Node, argument: Node): Code {
    const context = this.#context;
    const expressions = this.#expressions;
    const given = this.#isAsync ? expressions.value(argument) : expressions.walked(argument);
    const name = this.#isAsync ? 'walkAsync' : 'delegate';
    const held = expressions.spill(
      expressions.invocations.ofGate(node, name, [given, ...nameText(spokenDelegate(argument))]),
    );
    const received = context.temporary();
    const mode = context.temporary();
    const value = context.temporary();
    const label = context.label('loop');
    const way = expressions.spill(
      this.#isAsync ? code('0') : code(`${context.gate}.wayOf(${held.text})`, held),
    );
    context.set(received, code('undefined'));
    context.set(mode, code('0'));
    const delegation = { node, held, way, received, mode, value, label };
    const body = context.collect(() => {
      if (this.#isAsync) this.#askAsync(delegation);
      else this.#ask(delegation);
    });
    context.emit({ kind: 'loop', label, body, ends: false });
    return expressions.hold(value);
  }

  /** A generator of movable code is gone on with right here; of all others the runtime asks for their results. */
  #ask({ node, held, way, received, mode, value, label }: Delegation): void {
    const context = this.#context;
    const { invocations } = this.#expressions;
    const result = context.temporary();
    const directly = context.collect(() => {
      const given = [held, code('0'), slotCode(received)];
      context.set(result, invocations.ofMethod(node, held, 'body', given));
    });
    const generally = context.collect(() => {
      const step = [held, slotCode(mode), slotCode(received)];
      context.set(result, invocations.ofGate(node, 'delegated', step));
      this.#when(`${result.name} === null`, [slotCode(result)], () => this.#leave(node, received));
    });
    const test = code(`${way.text} === 3 && ${mode.name} === 0`, way, slotCode(mode));
    context.emit({ kind: 'if', test, taken: directly, otherwise: generally });
    this.#when(`${result.name} !== true`, [slotCode(result)], () => {
      const isOver = `(${result.name} === false || ${result.name}.done)`;
      this.#when(isOver, [slotCode(result)], () => {
        const from = `${result.name} === false ? ${held.text}.value : ${result.name}.value`;
        context.set(value, code(from, slotCode(result), held));
        this.#when(`${mode.name} === 2`, [slotCode(mode)], () => context.leave(value));
        context.emit({ kind: 'break', label });
      });
    });
    const out = code(`${held.text}.value`, held);
    const site = context.site(node);
    context.emit({ kind: 'yield', site, slot: received, code: out, result: slotCode(result), mode });
  }

  #askAsync({ node, held, received, mode, value, label }: Delegation): void {
    const context = this.#context;
    const expressions = this.#expressions;
    const step = [held, slotCode(mode), slotCode(received)];
    const asked = expressions.spill(expressions.invocations.ofGate(node, 'delegatedAsync', step));
    this.#when(`${asked.text} === null`, [asked], () => this.#leave(node, received));
    const awaited = this.awaited(node, asked);
    const inspected = code(`${context.gate}.resultAwaited(${held.text}, ${awaited.text})`, held, awaited);
    const result = expressions.spill(inspected);
    this.#when(`${result.text}.done`, [result], () => {
      context.set(value, code(`${result.text}.value`, result));
      this.#when(`${mode.name} === 2`, [slotCode(mode)], () => context.leave(value));
      context.emit({ kind: 'break', label });
    });
    const out = code(`${result.text}.value`, result);
    const site = context.site(node);
    context.emit({ kind: 'yield', site, slot: received, code: out, result: null, mode });
    this.#awaitReturned(node, mode, received);
  }

  /** A value that came by `return` is awaited first; what it rejects with is thrown into the other iterator. */
  #awaitReturned(node: Node, mode: Slot, received: Slot): void {
    const context = this.#context;
    this.#when(`${mode.name} === 2`, [slotCode(mode)], () => {
      const failed = context.temporary();
      const caught = context.temporary();
      context.set(failed, code('0'));
      const body = context.collect(() => context.set(received, this.awaited(node, slotCode(received))));
      context.emit({ kind: 'try', body, flag: failed, caught });
      this.#when(`${failed.name} === 1`, [slotCode(failed)], () => {
        context.set(received, slotCode(caught));
        context.set(mode, code('1'));
      });
    });
  }
}
