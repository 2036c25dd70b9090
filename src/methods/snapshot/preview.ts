import { describeValue } from './describe-value.ts';
import {
  builtinTag,
  dateTime,
  describe,
  getPrototypeOf,
  isArray,
  firstOfMap,
  mapPrototype,
  mapSize,
  objectPrototype,
  ownNames,
  regExpFlags,
  regExpSource,
  firstOfSet,
  setPrototype,
  setSize,
  typedArrayExtent,
  typedArrayName,
} from './intrinsics.ts';

const depthMax = 3;
const itemsMax = 8;

/** A value for people's eyes, at most `lengthMax` characters; runs no user code and never throws. */
export function preview(value: unknown, lengthMax: number): string {
  let text: string;
  try {
    text = show(value, depthMax, lengthMax);
  } catch {
    // Only a Proxy's traps can throw here.
    text = '(unreadable)';
  }
  return text.length <= lengthMax ? text : `${text.slice(0, Math.max(0, lengthMax - 1))}…`;
}

function show(value: unknown, depth: number, lengthMax: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > lengthMax ? value.slice(0, lengthMax) : value);
    case 'bigint':
      return `${value}n`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'object':
      return value === null ? 'null' : showObject(value, depth, lengthMax);
    case 'function':
      return `[${describeValue(value)}]`;
    default:
      return String(value);
  }
}

function showObject(value: object, depth: number, lengthMax: number): string {
  const inner = (item: unknown): string => show(item, depth - 1, lengthMax);
  if (isArray(value)) return depth === 0 ? `Array(${value.length})` : showArray(value, inner);
  const prototype = getPrototypeOf(value);
  if (prototype === mapPrototype) return depth === 0 ? 'Map' : showMap(value, inner);
  if (prototype === setPrototype) return depth === 0 ? 'Set' : showSet(value, inner);
  switch (builtinTag(value)) {
    case '[object Date]':
      return Number.isNaN(dateTime(value)) ? 'Invalid Date' : new Date(dateTime(value)).toISOString();
    case '[object RegExp]':
      return `/${regExpSource(value)}/${regExpFlags(value)}`;
    case '[object Error]':
      return `${describeValue(value)}: ${show(describe(value, 'message')?.value ?? '', 0, lengthMax)}`;
    default:
      break;
  }
  const name = typedArrayName(value);
  if (name !== undefined) return `${name}(${typedArrayExtent(value).length})`;
  const isPlain = prototype === objectPrototype || prototype === null;
  if (isPlain) return depth === 0 ? '{…}' : showProperties(value, inner);
  const isShown = depth === depthMax && ownNames(value).length > 0;
  return isShown ? `${describeValue(value)} ${showProperties(value, inner)}` : describeValue(value);
}

function showArray(array: readonly unknown[], inner: (item: unknown) => string): string {
  const parts: string[] = [];
  for (let index = 0; index < Math.min(array.length, itemsMax); index += 1) {
    const property = describe(array, String(index));
    parts.push(property === undefined ? '(hole)' : showProperty(property, inner));
  }
  return `[${parts.join(', ')}${more(array.length)}]`;
}

function showMap(map: object, inner: (item: unknown) => string): string {
  const parts: string[] = [];
  for (const [key, item] of firstOfMap(map, itemsMax)) parts.push(`${inner(key)} => ${inner(item)}`);
  return `Map(${mapSize(map)}) {${parts.join(', ')}${more(mapSize(map))}}`;
}

function showSet(set: object, inner: (item: unknown) => string): string {
  const parts: string[] = [];
  for (const item of firstOfSet(set, itemsMax)) parts.push(inner(item));
  return `Set(${setSize(set)}) {${parts.join(', ')}${more(setSize(set))}}`;
}

function showProperties(value: object, inner: (item: unknown) => string): string {
  const names = ownNames(value);
  const parts = names.slice(0, itemsMax).map((name) => {
    const property = describe(value, name);
    return `${name}: ${property === undefined ? '(gone)' : showProperty(property, inner)}`;
  });
  return `{${parts.join(', ')}${more(names.length)}}`;
}

function showProperty(property: PropertyDescriptor, inner: (item: unknown) => string): string {
  if (property.get !== undefined) return '[getter]';
  if (property.set !== undefined) return '[setter]';
  return inner(property.value);
}

function more(count: number): string {
  return count > itemsMax ? `, … ${count - itemsMax} more` : '';
}
