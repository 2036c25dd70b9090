import { isNode, isTypeOnly, unwrap } from '../../../src/methods/compiler/syntax.ts';

/** Properties that say where, or that only types have. */
const left = new Set([
  'start',
  'end',
  'range',
  'raw',
  'typeAnnotation',
  'returnType',
  'typeParameters',
  'typeArguments',
  'superTypeArguments',
  'implements',
  'decorators',
  'accessibility',
  'readonly',
  'override',
  'optional',
  'definite',
  'declare',
  'abstract',
  'importKind',
  'exportKind',
]);

/** A program without positions and types, as nested lists: equal for a program and its erased text. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((entry) => !isNothing(entry)).map(shapeOf);
  }
  if (typeof value === 'bigint') return `${value}n`;
  if (!isNode(value)) return typeof value === 'object' ? JSON.stringify(value) : value;
  const node = unwrap(value);
  const shape: [string, unknown][] = [['type', node.type]];
  for (const property of Object.keys(node).sort()) {
    if (left.has(property) || property === 'type' || property === 'parent') continue;
    if (node.type === 'Literal' && property === 'value' && node['value'] instanceof RegExp) continue;
    const inner = node[property];
    if (inner !== null && inner !== undefined && inner !== false) shape.push([property, shapeOf(inner)]);
  }
  return shape;
}

function isNothing(entry: unknown): boolean {
  if (!isNode(entry)) return false;
  if (entry.type === 'EmptyStatement' || isTypeOnly(entry)) return true;
  if (entry.type === 'Identifier' && entry['name'] === 'this') return true;
  const declaration = entry['declaration'];
  if (entry.type.startsWith('Export') && isNode(declaration)) return isTypeOnly(declaration);
  const { value } = entry;
  if (entry.type === 'MethodDefinition')
    return isNode(value) && value.type === 'TSEmptyBodyFunctionExpression';
  if (entry['importKind'] === 'type' || entry['exportKind'] === 'type') return true;
  return entry.type === 'PropertyDefinition' && entry['declare'] === true;
}

/** Where two shapes part, as a path; null when they are equal. */
export function firstDifference(a: unknown, b: unknown, path = ''): string | null {
  if (Object.is(a, b)) return null;
  if (!Array.isArray(a) || !Array.isArray(b)) return `${path}: ${show(a)} / ${show(b)}`;
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const name = typeof a[0] === 'string' && index === 1 ? a[0] : String(index);
    const found = firstDifference(a[index], b[index], `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 120);
}
