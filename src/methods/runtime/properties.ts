// Names of properties where generated code handles them apart from their values.

/** The keys that `for…in` visits, in its order. */
export function keysIn(value: unknown): readonly string[] {
  const keys: string[] = [];
  for (const name in value as object) keys.push(name);
  return keys;
}

/** What is left for `...rest` of a pattern once these were taken. */
export function omit(value: object, keys: readonly (string | symbol)[]): object {
  const rest = { ...value };
  for (const name of keys) Reflect.deleteProperty(rest, name);
  return rest;
}

/** A computed name, converted once: the language does so before it evaluates what comes next. */
export function key(value: unknown): string | symbol {
  if (typeof value === 'symbol') return value;
  if (typeof value !== 'object' && typeof value !== 'function') return String(value as string | number);
  return Reflect.ownKeys({ [value as unknown as string]: 0 })[0] as string | symbol;
}
