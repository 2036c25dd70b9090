import { access } from './call-text.ts';
import type { Expressions } from './expressions.ts';
import { type Code, code, slotCode } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import { isFresh } from './patterns.ts';
import { child, flag, type Node, text, unwrap } from './syntax.ts';

/** Lowers assignments: what stands on the left is evaluated first, and kept while the right side may be left. */
export class Assignments {
  readonly #context: MethodContext;
  readonly #expressions: Expressions;

  constructor(context: MethodContext, expressions: Expressions) {
    this.#context = context;
    this.#expressions = expressions;
  }

  /** `x = value` for a local that is not boxed. */
  name(name: Node, right: Node): boolean {
    const binding = this.#context.bindingOf(name);
    const slot = binding === null ? null : this.#context.slotOf(binding);
    if (binding === null || slot === null || this.#context.isBoxed(binding)) return false;
    this.#context.set(slot, this.#expressions.value(right));
    return true;
  }

  value(node: Node): Code {
    const operator = text(node, 'operator');
    const left = unwrap(child(node, 'left'));
    const right = child(node, 'right');
    if (operator === '&&=' || operator === '||=' || operator === '??=') return this.#logicalAssignment(node);
    if (left.type === 'Identifier') {
      const name = code(this.#context.written(left), this.#context.verbatim(left));
      if (operator === '=') {
        if (this.name(left, right)) return name;
        const value = this.#expressions.value(right);
        return code(`(${name.text} = ${value.text})`, name, value);
      }
      const before = this.#expressions.waiting(left, [right]);
      const value = this.#expressions.value(right);
      return code(
        `(${name.text} = ${before.text} ${operator.slice(0, -1)} ${value.text})`,
        name,
        before,
        value,
      );
    }
    if (left.type !== 'MemberExpression') {
      const value = this.#expressions.spill(this.#expressions.value(right));
      this.#expressions.patterns.assign(left, value, isFresh(right));
      return value;
    }
    return this.#memberAssignment(left, operator, right);
  }

  #memberAssignment(left: Node, operator: string, right: Node): Code {
    const property = flag(left, 'computed') ? [child(left, 'property')] : [];
    const places = [child(left, 'object'), ...property];
    const isSite = this.#context.module.accessors.isSite(left);
    if (!isSite && (operator === '=' || !this.#context.hasSite(right))) {
      const parts = this.#expressions.operands([...places, right]);
      const value = parts.at(-1) as Code;
      const [base, ...key] = parts.slice(0, -1) as [Code, ...Code[]];
      return code(`(${base.text}${access(left, key)} ${operator} ${value.text})`, ...parts);
    }
    const { properties } = this.#expressions;
    const target = this.#expressions.heldMember(left, [right]);
    if (operator === '=') {
      const value = this.#expressions.spill(this.#expressions.value(right));
      properties.store(left, target, value);
      return value;
    }
    const before = this.#expressions.spill(properties.fetch(left, target));
    const value = this.#expressions.value(right);
    const after = code(`(${before.text} ${operator.slice(0, -1)} ${value.text})`, before, value);
    if (!isSite) return code(`(${target.text} = ${after.text})`, target, after);
    const held = this.#expressions.spill(after);
    properties.store(left, target, held);
    return held;
  }

  /** `++` and `--` of a member that an accessor of movable code may stand for. */
  update(place: Node, operator: string, isPrefix: boolean): Code {
    const context = this.#context;
    const { properties } = this.#expressions;
    const target = this.#expressions.heldMember(place, []);
    const slot = context.temporary();
    context.set(slot, properties.fetch(place, target));
    const counted = slotCode(slot);
    const text = isPrefix ? `${operator}${slot.name}` : `${slot.name}${operator}`;
    const result = this.#expressions.spill(code(`(${text})`, counted));
    properties.store(place, target, counted);
    return result;
  }

  #logicalAssignment(node: Node): Code {
    const context = this.#context;
    const left = unwrap(child(node, 'left'));
    const right = child(node, 'right');
    const isName = left.type === 'Identifier';
    const { properties } = this.#expressions;
    const target = isName
      ? code(context.written(left), context.verbatim(left))
      : this.#expressions.heldMember(left, [right]);
    const slot = context.temporary();
    context.set(slot, isName ? target : properties.fetch(left, target));
    this.#expressions.when(text(node, 'operator').slice(0, -1), slotCode(slot), () => {
      context.set(slot, this.#expressions.value(right));
      if (isName) context.plain(code(`${target.text} = ${slot.name};`, target, slotCode(slot)));
      else properties.store(left, target, slotCode(slot));
    });
    return this.#expressions.hold(slot);
  }
}
