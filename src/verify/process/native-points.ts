import { readFileSync } from 'node:fs';
import { types } from 'node:util';
import { counterName, type SourcePoint } from '../points/source-points.ts';

/** Notes which points of its source a native program passes. */
export class NativePoints {
  readonly #points: readonly SourcePoint[];
  readonly #passed: Uint8Array;
  /** Whether a function of the program has begun since the last call was made. */
  #hasEntered = false;

  /** @param file JSON: the points of the source */
  constructor(file: string) {
    this.#points = JSON.parse(readFileSync(file, 'utf8')) as readonly SourcePoint[];
    this.#passed = new Uint8Array(this.#points.length);
  }

  /** Lets the program find it. */
  install(): void {
    const passed = this.#passed;
    const counter = {
      entered: (point: number): void => {
        passed[point] = 1;
        this.#hasEntered = true;
      },
      passed: (point: number, value: unknown): unknown => {
        passed[point] = 1;
        return value;
      },
      went: (point: number): boolean => {
        passed[point] = 1;
        return true;
      },
      calls: (): void => {
        this.#hasEntered = false;
      },
      returned: (point: number, value: unknown, root: unknown): unknown => {
        if (this.#hasEntered && passed[point] === 0 && this.#isOwn(point, root)) passed[point] = 1;
        // Whoever called the function that this call stands in has entered that one.
        this.#hasEntered = true;
        return value;
      },
    };
    Object.defineProperty(globalThis, counterName, { value: counter });
  }

  get passed(): readonly number[] {
    return [...this.#passed.keys()].filter((point) => this.#passed[point] === 1);
  }

  /** Whether what was called is written in JavaScript. No getter and no trap runs for this. */
  #isOwn(point: number, root: unknown): boolean {
    const path = this.#points[point]?.callee ?? null;
    if (path === null) return true;
    let value = root;
    for (const name of path) {
      const found = dataProperty(value, name);
      if (found === null) return false;
      value = found.value;
    }
    return typeof value === 'function' && !types.isProxy(value) && !isNative(value);
  }
}

function dataProperty(value: unknown, name: string): { readonly value: unknown } | null {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return null;
  for (let holder: object | null = value; holder !== null; holder = Reflect.getPrototypeOf(holder)) {
    if (types.isProxy(holder)) return null;
    const found = Reflect.getOwnPropertyDescriptor(holder, name);
    if (found !== undefined) return 'value' in found ? { value: found.value as unknown } : null;
  }
  return null;
}

/** Asked beforehand: the program may put something else there. */
const textOf = Reflect.get(Function.prototype, 'toString') as (this: object) => string;
const { apply } = Reflect;

function isNative(value: object): boolean {
  return apply(textOf, value, []).endsWith('{ [native code] }');
}
