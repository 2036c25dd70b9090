import type { Expressions } from './expressions.ts';
import { type Code, code, type Slot, slotCode, type Step } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import { child, flag, type Node, optional } from './syntax.ts';

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
    context.emit({ kind: 'yield', site: context.site(node), slot, code: value, raw: false });
    this.#when(`${context.gate}.returns()`, [], () => this.#leave(node, slot));
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
    const { gate } = context;
    const isAsync = this.#isAsync;
    const given = expressions.value(argument);
    const held = expressions.spill(
      expressions.invocations.ofGate(node, isAsync ? 'walkAsync' : 'delegate', [given]),
    );
    const received = context.temporary();
    const mode = context.temporary();
    const value = context.temporary();
    const label = context.label('loop');
    context.set(received, code('undefined'));
    context.set(mode, code('0'));
    const leaveLoop: Step = { kind: 'break', label };
    const body = context.collect(() => {
      const step = [held, slotCode(mode), slotCode(received)];
      const asked = expressions.spill(
        expressions.invocations.ofGate(node, isAsync ? 'delegatedAsync' : 'delegated', step),
      );
      this.#when(`${asked.text} === null`, [asked], () => this.#leave(node, received));
      const result = isAsync ? expressions.spill(this.#resultOf(this.awaited(node, asked))) : asked;
      this.#when(`${result.text}.done`, [result], () => {
        context.set(value, code(`${result.text}.value`, result));
        this.#when(`${mode.name} === 2`, [slotCode(mode)], () => context.leave(value));
        context.emit(leaveLoop);
      });
      const out = isAsync ? code(`${result.text}.value`, result) : result;
      context.emit({ kind: 'yield', site: context.site(node), slot: received, code: out, raw: true });
      context.set(mode, code(`${gate}.mode`));
      if (isAsync) this.#awaitReturned(node, mode, received);
    });
    context.emit({ kind: 'loop', label, body });
    return expressions.hold(value);
  }

  #resultOf(awaited: Code): Code {
    return code(`${this.#context.gate}.result(${awaited.text})`, awaited);
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
