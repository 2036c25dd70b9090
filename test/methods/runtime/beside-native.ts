import { expect } from 'vitest';
import { $ } from '../../../src/methods/runtime/gate.ts';
import type { AnyFunction } from '../../../src/methods/runtime/method-code.ts';
import { BareExecution } from './bare-execution.ts';

// Each row is done twice, by the language's own method and by the movable one; whatever can be seen must be the same.

/** Calls a method of an object by its name. */
export type Call = (object: object, name: string, ...args: readonly unknown[]) => unknown;

const natively: Call = (object, name, ...args) =>
  Reflect.apply((object as Record<string, AnyFunction>)[name] as AnyFunction, object, args);
const movably: Call = (object, name, ...args) =>
  Reflect.apply($.callback(object, name) as AnyFunction, object, args);

/** What a row does and sees, as text. */
function observe(call: Call, row: (call: Call, log: (...what: unknown[]) => void) => unknown): string {
  const seen: string[] = [];
  const log = (...what: unknown[]): void => void seen.push(what.map(text).join(' '));
  try {
    seen.push(`=> ${text(row(call, log))}`);
  } catch (error) {
    seen.push(`threw ${text(error)}`);
  }
  return seen.join('\n');
}

/** As much of a value as can be seen, property attributes included. */
export function text(value: unknown): string {
  if (value instanceof Error) return String(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const list = value as unknown as unknown[];
    const items = Array.from({ length: list.length }, (_, index) =>
      index in list ? text(list[index]) : 'hole',
    );
    const descriptors = Object.values(Object.getOwnPropertyDescriptors(list)).map(
      ({ writable, enumerable, configurable }) => [writable, enumerable, configurable].join(),
    );
    return `${value.constructor.name}[${items.join()}] ${[...new Set(descriptors)].join('/')}`;
  }
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name}(${text([...value])})`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return String(value);
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

export function inExecution<T>(body: () => T): T {
  let result: { readonly value: T } | null = null;
  const bare = new BareExecution(() => {
    result = { value: body() };
  });
  bare.run();
  if (result === null) throw new Error('the body did not end');
  return (result as { readonly value: T }).value;
}

/** Expects that both ways log, return and throw the same. */
export function same(row: (call: Call, log: (...what: unknown[]) => void) => unknown, label: string): void {
  const native = observe(natively, row);
  expect(
    inExecution(() => observe(movably, row)),
    label,
  ).toBe(native);
}
