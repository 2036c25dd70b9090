import type { Expressions } from './expressions.ts';
import { isUnnamedClass, keyText } from './factories.ts';
import { type Code, code } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import { child, children, flag, keyName, type Node, nodes, text } from './syntax.ts';

/** Arrays, objects and templates with safe points among their parts: put together when all parts are there. */
export class Literals {
  readonly #context: MethodContext;
  readonly #expressions: Expressions;

  constructor(context: MethodContext, expressions: Expressions) {
    this.#context = context;
    this.#expressions = expressions;
  }

  array(node: Node): Code {
    const elements = children(node, 'elements');
    const values = this.#expressions.list(
      elements.filter((entry): entry is Node => entry !== null),
      true,
    );
    let next = 0;
    const texts = elements.map((entry) => (entry === null ? '' : (values[next++] as Code).text));
    return code(`[${texts.join(', ')}${elements.at(-1) === null ? ',' : ''}]`, ...values);
  }

  object(node: Node): Code {
    const context = this.#context;
    const { calls } = context.module;
    const properties = nodes(node, 'properties');
    const values = this.#operands(properties);
    let next = 0;
    const take = (): string => (values[next++] as Code).text;
    const made: Code[] = [];
    const accessors: string[] = [];
    const texts = properties.map((property) => {
      if (property.type === 'SpreadElement') return `...${take()}`;
      const key = child(property, 'key');
      const value = child(property, 'value');
      if (!calls.isMethod(value)) {
        if (flag(property, 'computed') && isUnnamedClass(value))
          return `...${context.gate}.keyed(${take()}, ${take()})`;
        if (flag(property, 'computed')) return `[${take()}]: ${take()}`;
        return `${context.module.source.source.slice(key.start, key.end)}: ${take()}`;
      }
      const creation = context.creation(value);
      made.push(creation);
      if (isAccessor(property)) {
        const isComputed = flag(property, 'computed');
        const name = isComputed ? take() : JSON.stringify(keyName(key));
        accessors.push(`[${name}, ${JSON.stringify(property['kind'])}, ${creation.text}]`);
        return isComputed ? `[${name}]: void 0` : `${keyText(key)}: void 0`;
      }
      if (flag(property, 'computed')) return `...${context.gate}.keyed(${take()}, ${creation.text})`;
      return `${keyText(key)}: ${creation.text}`;
    });
    const literal = `({ ${texts.join(', ')} })`;
    const whole =
      accessors.length === 0 ? literal : `${context.gate}.accessors(${literal}, [${accessors.join(', ')}])`;
    const home = context.module.functions.homeOf(node);
    return code(home === null ? whole : `${home.before}${whole}${home.after}`, ...values, ...made);
  }

  /** The values of an object's computed keys, spreads and properties, in order; functions are made later, with the object. */
  #operands(properties: readonly Node[]): readonly Code[] {
    const context = this.#context;
    const list: Node[] = [];
    for (const property of properties) {
      if (property.type === 'SpreadElement') list.push(child(property, 'argument'));
      else {
        if (flag(property, 'computed')) list.push(child(property, 'key'));
        if (!context.module.calls.isMethod(child(property, 'value'))) list.push(child(property, 'value'));
      }
    }
    const spreads = new Set(
      properties.filter(({ type }) => type === 'SpreadElement').map((p) => child(p, 'argument')),
    );
    const accessorKeys = new Set(
      properties.filter((p) => flag(p, 'computed') && isAccessor(p)).map((p) => child(p, 'key')),
    );
    const shorthands = new Map(
      properties.filter((p) => flag(p, 'shorthand')).map((p) => [child(p, 'value'), child(p, 'key')]),
    );
    const last = list.findLastIndex((entry) => context.hasSite(entry));
    return this.#expressions.operands(list, (value, index) => {
      const shorthand = shorthands.get(list[index] as Node);
      // A variable that is spelt otherwise here brought its key along.
      const key = shorthand === undefined ? '' : `${text(shorthand, 'name')}: `;
      if (key !== '' && value.text.includes(key)) return code(value.text.replace(key, ''), value);
      if (accessorKeys.has(list[index] as Node))
        return this.#expressions.spill(code(`${context.gate}.key(${value.text})`, value));
      return spreads.has(list[index] as Node) && index < last ? code(`{ ...${value.text} }`, value) : value;
    });
  }

  template(node: Node): Code {
    const expressions = nodes(node, 'expressions');
    const last = expressions.findLastIndex((entry) => this.#context.hasSite(entry));
    // Each value becomes a string before the next one is evaluated.
    const values = this.#expressions.operands(expressions, (value, index) =>
      index < last ? code(`\`\${${value.text}}\``, value) : value,
    );
    const quasis = nodes(node, 'quasis').map((quasi) => (quasi['value'] as { raw: string }).raw);
    const body = quasis
      .map((raw, index) => raw + (index < values.length ? `\${${values[index]?.text}}` : ''))
      .join('');
    return code(`\`${body}\``, ...values);
  }
}

function isAccessor(property: Node): boolean {
  return property['kind'] === 'get' || property['kind'] === 'set';
}
