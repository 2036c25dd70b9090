import { inspect } from 'node:util';
import { GodwitError, messageOf } from '../core/errors.ts';

/** A result that JSON has no way to write. */
export class ValueNotJsonError extends GodwitError {
  override readonly name = 'ValueNotJsonError';
  readonly code = 'VALUE_NOT_JSON';
  readonly retryable = false;

  constructor(why: string) {
    super(`The result cannot be written as JSON: ${why}. Leave --json out to see it.`);
  }
}

/** A method's result for people: text as it is, plain data as JSON, everything else as Node.js shows it. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  const everything = { depth: null, maxArrayLength: null, maxStringLength: null };
  return isPlain(value, []) ? JSON.stringify(value, null, 2) : inspect(value, everything);
}

/**
 * A method's result as something that JSON can write: a bigint becomes `"5n"`, a Map the array of its entries, a Set and
 * a typed array the array of its elements, an Error its name and message, undefined null.
 *
 * @throws {ValueNotJsonError} for a value that contains itself
 */
export function jsonValue(value: unknown): unknown {
  try {
    const text = JSON.stringify(value, (_key, inner: unknown) => jsonable(inner)) as string | undefined;
    return text === undefined ? null : JSON.parse(text);
  } catch (error) {
    throw new ValueNotJsonError(messageOf(error).split('\n')[0] ?? '');
  }
}

function jsonable(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<unknown>);
  if (value instanceof Error) return { name: value.name, message: value.message };
  return value;
}

/** Whether JSON writes it without leaving anything out. */
function isPlain(value: unknown, above: readonly unknown[]): boolean {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || above.includes(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return false;
  return Object.values(value).every((inner) => isPlain(inner, [...above, value]));
}
