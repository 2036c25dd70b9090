import { access, isBareName } from './call-text.ts';
import type { Expressions } from './expressions.ts';
import { type Code, code, type Slot } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import { lineMark } from './source-text.ts';
import type { Node } from './syntax.ts';

/** Lowers reads and assignments of members: those that may call an accessor of movable code are steps of their own. */
export class PropertyUses {
  readonly #context: MethodContext;
  readonly #expressions: Expressions;

  constructor(context: MethodContext, expressions: Expressions) {
    this.#context = context;
    this.#expressions = expressions;
  }

  /** Reads a member: a step of its own where an accessor of movable code may be called. */
  load(node: Node, base: Code, key: readonly Code[]): Code {
    if (!this.#context.module.accessors.isRead(node) || isStandIn(base))
      return code(`${base.text}${access(node, key)}`, base, ...key);
    return this.use(node, base, access(node, key), key);
  }

  /** Reads a member whose object is held. */
  fetch(node: Node, place: Code): Code {
    if (!this.#context.module.accessors.isRead(node) || isStandIn(place)) return place;
    const slot = this.#context.temporary();
    this.#property(node, slot, place);
    return this.#expressions.hold(slot);
  }

  /** Reads `base.name`, as a step of its own. */
  use(node: Node, base: Code, place: string, key: readonly Code[]): Code {
    const slot = this.#context.temporary();
    const held = isBareName(base) ? base : this.#expressions.spill(base);
    this.#property(node, slot, code(`${held.text}${place}`, held, ...key));
    return this.#expressions.hold(slot);
  }

  /** Assigns a member. */
  store(node: Node, place: Code, value: Code): void {
    if (!this.#context.module.accessors.isWritten(node) || isStandIn(place))
      return this.#context.plain(code(`${place.text} = ${value.text};`, place, value));
    const held = isBareName(value) ? value : this.#expressions.spill(value);
    this.#property(node, null, code(`${place.text} = ${held.text}`, place, held));
  }

  #property(node: Node, slot: Slot | null, text: Code): void {
    const context = this.#context;
    const mark = `\n\uFDD5${lineMark(context.module.source.lineOf(node.start))}`;
    const site = context.site(node);
    context.emit({ kind: 'call', site, slot, code: code(`${mark}${text.text}`, text), holds: true });
  }
}

/** Whether something native stands for `super`: it would be found between a use of a property and its accessor. */
function isStandIn({ text }: Code): boolean {
  return text.includes('.super(');
}
