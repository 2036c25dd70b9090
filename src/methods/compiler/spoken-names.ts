import { type Code, code } from './ir.ts';
import { child, children, flag, memberName, type Node, nodes, optional, text, unwrap } from './syntax.ts';

const unnamed = '(intermediate value)';

/**
 * How V8 names an expression in an error of its own: `o.f(...).z is not a function`. As its `CallPrinter` does it
 * (`src/ast/prettyprinter.cc`), the same in Node.js 20 to 26.
 */
export function spokenName(node: Node): string {
  return printed(unwrap(node)) || unnamed;
}

/** The same for what a `for…of` or a spread walks. A call is named as one. @returns null for what is named by its value */
export function spokenIterable(node: Node): string | null {
  const inner = unwrap(node);
  if (inner.type === 'ConditionalExpression') return null;
  if (inner.type === 'CallExpression' || inner.type === 'NewExpression')
    return `${spokenName(child(inner, 'callee'))} is not a function or its return value`;
  return spokenName(inner);
}

/** The same for what a `for await` walks. */
export function spokenAsyncIterable(node: Node): string {
  const name = spokenName(node);
  return unwrap(node).type === 'CallExpression' ? `${name} is not a function or its return value` : name;
}

/** The same for what a declaration with an array pattern takes apart: V8 finds no name for members and their calls there. */
export function spokenSource(node: Node): string | null {
  const inner = unwrap(node);
  const called = inner.type === 'CallExpression' ? unwrap(child(inner, 'callee')) : inner;
  return called.type === 'MemberExpression' ? null : spokenIterable(inner);
}

/** The same for what `yield*` hands on to. */
export function spokenDelegate(node: Node): string | null {
  const { type } = unwrap(node);
  return type === 'Identifier' || type === 'Literal' ? null : `yield* ${unnamed}`;
}

/** A name as the last argument of a call. */
export function nameText(name: string | null): readonly Code[] {
  return name === null ? [] : [code(JSON.stringify(name))];
}

/** @returns empty for what V8 prints nothing of */
function printed(node: Node): string {
  switch (node.type) {
    case 'Identifier':
      return text(node, 'name');
    case 'ThisExpression':
      return 'this';
    case 'MetaProperty':
      return child(node, 'meta')['name'] === 'new' ? '.new.target' : '';
    case 'Literal':
      return literal(node);
    case 'TemplateLiteral':
      return template(node);
    case 'MemberExpression':
      return member(node);
    case 'CallExpression':
      return `${spokenName(child(node, 'callee'))}(...)`;
    case 'TaggedTemplateExpression':
      return `${spokenName(child(node, 'tag'))}(...)`;
    case 'ConditionalExpression':
      return unnamed.repeat(3);
    case 'ArrayExpression':
      return `[${children(node, 'elements').map(element).join()}]`;
    case 'ObjectExpression':
      return `{${unnamed.repeat(nodes(node, 'properties').length)}}`;
    case 'AssignmentExpression':
      return spokenName(child(node, 'left'));
    case 'UpdateExpression':
    case 'UnaryExpression':
      return unary(node);
    case 'BinaryExpression':
    case 'LogicalExpression':
      return binary(node);
    case 'SequenceExpression':
      return `(${nodes(node, 'expressions').map(spokenName).join(' , ')})`;
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return unnamed.repeat(Math.max(1, statements(node)));
    default:
      return '';
  }
}

function literal(node: Node): string {
  if (node['regex'] !== undefined && node['regex'] !== null) {
    const { pattern, flags } = node['regex'] as { readonly pattern: string; readonly flags: string };
    return `/${pattern}/${flags}`;
  }
  const { value } = node;
  if (typeof value === 'bigint' || typeof node['bigint'] === 'string') return '';
  return typeof value === 'string' ? `"${value}"` : String(value);
}

/** One without substitutions is a string; of another the substitutions are all that is named. */
function template(node: Node): string {
  const substitutions = nodes(node, 'expressions');
  if (substitutions.length > 0) return substitutions.map(spokenName).join('');
  return `"${constant(node)}"`;
}

function constant(template: Node): string {
  const [only] = nodes(template, 'quasis') as readonly [Node];
  return (only['value'] as { readonly cooked: string }).cooked;
}

function member(node: Node): string {
  const owner = unwrap(child(node, 'object'));
  const object = owner.type === 'Super' ? unnamed : spokenName(owner);
  const link = flag(node, 'optional') ? '?.' : '.';
  const property = unwrap(child(node, 'property'));
  if (property.type === 'PrivateIdentifier') return `${object}${link}#${text(property, 'name')}`;
  const name = memberName(node) ?? keyOf(property);
  if (name !== null) return `${object}${link}${name}`;
  return `${object}${flag(node, 'optional') ? '?.' : ''}[${spokenName(property)}]`;
}

function keyOf(property: Node): string | null {
  if (property.type === 'TemplateLiteral' && nodes(property, 'expressions').length === 0)
    return constant(property);
  return property.type === 'Literal' && typeof property['value'] === 'string' ? property['value'] : null;
}

function element(node: Node | null): string {
  if (node === null) return unnamed;
  return node.type === 'SpreadElement' ? `(...${spokenName(child(node, 'argument'))})` : spokenName(node);
}

function unary(node: Node): string {
  const operator = text(node, 'operator');
  const argument = unwrap(child(node, 'argument'));
  if (operator === '-' && argument.type === 'Literal' && typeof argument['value'] === 'number')
    return String(-argument['value']);
  const name = spokenName(argument);
  if (node.type === 'UpdateExpression' && !flag(node, 'prefix')) return `(${name}${operator})`;
  return `(${operator}${/^\w/.test(operator) ? ' ' : ''}${name})`;
}

/** Operators that V8 puts in a row where one stands left of the same one. */
const rows = new Set(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>', '>>>', '&&', '||', '??']);

function binary(node: Node): string {
  const operator = text(node, 'operator');
  const right = spokenName(child(node, 'right'));
  // The negated comparisons are the negation of the others.
  if (operator === '!=' || operator === '!==')
    return `(!(${spokenName(child(node, 'left'))} ${operator.replace('!', '=')} ${right}))`;
  const left = unwrap(child(node, 'left'));
  const isRow = rows.has(operator) && left['operator'] === operator && left.type === node.type;
  return `(${isRow ? binary(left).slice(1, -1) : spokenName(left)} ${operator} ${right})`;
}

/** Each statement of a function is named, whatever it is. */
function statements(node: Node): number {
  const body = optional(node, 'body');
  if (body === null || body.type !== 'BlockStatement') return 1;
  return nodes(body, 'body').filter(({ type }) => type !== 'FunctionDeclaration').length;
}
