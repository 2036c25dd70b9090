import { inspect } from 'node:util';

const options = {
  depth: 0,
  maxArrayLength: 0,
  customInspect: false,
  showHidden: true,
  showProxy: true,
  compact: true,
  breakLength: Number.POSITIVE_INFINITY,
} as const;

/** All that is printed besides the elements, without the numbers. */
function outline(value: object): string {
  return inspect(value, options).replaceAll(/\d+/g, '#');
}

/** More than one element, so that the plural is the same. */
const sampleLength = 300;
const samples = new Map<unknown, string>();

/** What an array or view of the same kind prints that has elements only. */
function sampleOutline(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  let sample = samples.get(prototype);
  if (sample === undefined) {
    sample = outline(sampleLike(value));
    samples.set(prototype, sample);
  }
  return sample;
}

function sampleLike(value: object): object {
  if (Buffer.isBuffer(value)) return Buffer.alloc(sampleLength);
  if (ArrayBuffer.isView(value)) {
    return new (value.constructor as new (length: number) => object)(sampleLength);
  }
  return Array.from({ length: sampleLength }, () => 0);
}

/**
 * Whether an array or a typed array has own properties besides its elements, in a few microseconds whatever its length:
 * the language can only list all keys, but Node's `inspect` reads just those that are no elements.
 *
 * @param indexed an array or typed array of the language's own classes, or a Buffer, with more than one element
 * @returns true in case of doubt
 */
export function hasNamedProperties(indexed: object): boolean {
  return outline(indexed) !== sampleOutline(indexed);
}
