import type { Binding, Scopes } from './scopes.ts';
import { child, flag, memberName, type Node, nodes, optional, text, unwrap } from './syntax.ts';

/** What is known of an enum member's value at compile time. `text`: a string, it is not known which. */
export type EnumValue =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'text' }
  | { readonly kind: 'unknown' };

const unknown: EnumValue = { kind: 'unknown' };

const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '**': (a, b) => a ** b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
  '>>>': (a, b) => a >>> b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
};

/** Evaluates initialisers of enum members as far as TypeScript calls them constant: strings have no reverse mapping. */
export class EnumValues {
  readonly #scopes: Scopes;
  readonly #members = new Map<Binding, Map<string, EnumValue>>();

  constructor(scopes: Scopes) {
    this.#scopes = scopes;
  }

  note(owner: Binding | undefined, name: string, value: EnumValue): void {
    if (owner === undefined) return;
    const known = this.#members.get(owner) ?? new Map<string, EnumValue>();
    this.#members.set(owner, known);
    known.set(name, value);
  }

  valueOf(node: Node): EnumValue {
    const inner = unwrap(node);
    switch (inner.type) {
      case 'Literal': {
        const { value } = inner;
        if (typeof value === 'number') return { kind: 'number', value };
        return typeof value === 'string' ? { kind: 'string', value } : unknown;
      }
      case 'TemplateLiteral':
        return this.#template(inner);
      case 'UnaryExpression':
        return this.#unary(inner);
      case 'BinaryExpression':
        return this.#binary(inner);
      case 'Identifier':
        return this.#name(inner);
      case 'MemberExpression': {
        const object = unwrap(child(inner, 'object'));
        const owner = object.type === 'Identifier' ? this.#scopes.byNode.get(object) : undefined;
        const name = memberName(inner);
        const isPlain = !flag(inner, 'optional') && owner !== undefined && name !== null;
        return isPlain ? (this.#members.get(owner)?.get(name) ?? unknown) : unknown;
      }
      default:
        return unknown;
    }
  }

  #template(node: Node): EnumValue {
    const values = nodes(node, 'expressions').map((entry) => this.valueOf(entry));
    let whole = '';
    for (const [index, quasi] of nodes(node, 'quasis').entries()) {
      whole += (quasi['value'] as { readonly cooked: string }).cooked;
      const value = values[index];
      if (value === undefined) continue;
      if (value.kind !== 'number' && value.kind !== 'string') return { kind: 'text' };
      whole += String(value.value);
    }
    return { kind: 'string', value: whole };
  }

  #unary(node: Node): EnumValue {
    const of = this.valueOf(child(node, 'argument'));
    if (of.kind !== 'number') return unknown;
    switch (text(node, 'operator')) {
      case '+':
        return of;
      case '-':
        return { kind: 'number', value: -of.value };
      case '~':
        return { kind: 'number', value: ~of.value };
      default:
        return unknown;
    }
  }

  #binary(node: Node): EnumValue {
    const left = this.valueOf(child(node, 'left'));
    const right = this.valueOf(child(node, 'right'));
    const operator = text(node, 'operator');
    if (left.kind === 'number' && right.kind === 'number') {
      const apply = operators[operator];
      return apply === undefined ? unknown : { kind: 'number', value: apply(left.value, right.value) };
    }
    if (operator !== '+') return unknown;
    const isKnown = (of: EnumValue): of is EnumValue & { readonly value: string | number } =>
      of.kind === 'number' || of.kind === 'string';
    if (isKnown(left) && isKnown(right)) return { kind: 'string', value: `${left.value}${right.value}` };
    const isString = [left, right].some(({ kind }) => kind === 'string' || kind === 'text');
    return isString ? { kind: 'text' } : unknown;
  }

  #name(node: Node): EnumValue {
    const binding = this.#scopes.byNode.get(node);
    if (binding === undefined) {
      const name = text(node, 'name');
      return name === 'NaN' || name === 'Infinity' ? { kind: 'number', value: Number(name) } : unknown;
    }
    if (binding.source.type === 'TSEnumMember') {
      const owner = this.#scopes.byNode.get(child(binding.scope, 'id'));
      return (owner === undefined ? undefined : this.#members.get(owner)?.get(binding.name)) ?? unknown;
    }
    const isConstant = binding.kind === 'const' && binding.source.type === 'VariableDeclarator';
    const init = isConstant ? optional(binding.source, 'init') : null;
    return init !== null && child(binding.source, 'id') === binding.declaration
      ? this.valueOf(init)
      : unknown;
  }
}
