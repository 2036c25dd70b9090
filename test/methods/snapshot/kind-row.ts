import { newCode } from './handmade.ts';

export type How = 'exact' | 'by reference' | 'by reopening' | 'pinned' | 'refused';

export interface Row {
  readonly kind: string;
  readonly how: How;
  readonly remark: string;
  readonly example: () => unknown;
  /** What can be seen of it, in a form that two processes can compare. Not asked of what cannot move. */
  see(value: never): unknown;
}

export type F = (...args: unknown[]) => unknown;
export type New = new (...args: unknown[]) => Record<string, unknown>;

export const code = newCode();
export const make = (id: string, ...captured: unknown[]): F => code.makeClosure(id, captured) as F;
export const makeClass = (id: string, captured: unknown[] = [], superclass?: unknown): New =>
  code.makeClass(id, captured, superclass, []) as unknown as New;

export const row = <T>(
  kind: string,
  how: How,
  remark: string,
  example: () => T,
  see: (value: T) => unknown,
): Row => ({
  kind,
  how,
  remark,
  example,
  see: see as (value: never) => unknown,
});
export const stays = (kind: string, how: 'pinned' | 'refused', remark: string, example: () => unknown): Row =>
  row(kind, how, remark, example, () => null);

/** Attributes, order, integrity. */
export const shapeOf = (value: object): unknown => [
  Reflect.ownKeys(value).map((key) => {
    const property = Reflect.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
    const { writable, enumerable, configurable } = property;
    return [String(key), writable, enumerable, configurable, typeof property.get, typeof property.set];
  }),
  Object.isExtensible(value),
  Object.isSealed(value),
  Object.isFrozen(value),
];
