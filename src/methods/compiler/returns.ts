import { type Code, code, type Slot, slotCode } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import { child, memberName, type Node, unwrap } from './syntax.ts';

/** Methods of the language's own that make iterators, which cannot be written to a snapshot. */
const iteratorMakers = new Set(['keys', 'values', 'entries', 'matchAll']);

/**
 * Where a call has come back, the source has a safe point if what was called is compiled. Only dense builds have it, and they
 * take every function for one, but for those that make the language's own iterators: what stands there is often consumed before
 * the next point.
 */
export class Returns {
  readonly #context: MethodContext;
  /** Whether what is called makes such an iterator. */
  readonly #natives = new Map<Node, Slot>();

  constructor(context: MethodContext) {
    this.#context = context;
  }

  /** Whether it has to be known before a call what it calls. */
  asks(call: Node): boolean {
    const { calls, isDense } = this.#context.module;
    return isDense && calls.isSite(call) && mayMakeIterator(call);
  }

  /** @param target what the call is about to call */
  ask(call: Node, target: Code): void {
    const context = this.#context;
    if (!this.asks(call)) return;
    const slot = context.temporary();
    context.set(slot, code(`${context.gate}.makesIterator(${target.text})`, target));
    this.#natives.set(call, slot);
  }

  /** The call has come back. */
  point(node: Node): void {
    const context = this.#context;
    if (!context.module.isDense) return;
    const native = this.#natives.get(node);
    if (native === undefined) return this.#tick(node);
    context.emit({
      kind: 'if',
      test: code(`!${native.name}`, slotCode(native)),
      taken: context.collect(() => this.#tick(node)),
      otherwise: [],
    });
  }

  #tick(node: Node): void {
    const site = this.#context.site(node);
    this.#context.emit({
      kind: 'tick',
      point: 'return',
      site,
      counter: 'thread',
      units: 1,
      stretch: 1,
      wraps: false,
    });
  }
}

function mayMakeIterator(call: Node): boolean {
  if (call.type !== 'CallExpression') return false;
  const callee = unwrap(child(call, 'callee'));
  if (callee.type !== 'MemberExpression') return false;
  const name = memberName(callee);
  if (name !== null) return iteratorMakers.has(name);
  const key = unwrap(child(callee, 'property'));
  return key.type === 'MemberExpression' && memberName(key) === 'iterator';
}
