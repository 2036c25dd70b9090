/** What is wrong with an option: which one, what was found, what is expected. */
export function mismatchText(option: string, found: unknown, expected: string): string {
  return `${option}: found ${shown(found)}, expected ${expected}. See docs/testing.md.`;
}

/**
 * The same, of what an object has besides `known`.
 *
 * @param at what stands before an option's name
 * @returns null when it has nothing else
 */
export function unknownText(at: string, options: object, known: readonly string[]): string | null {
  const strange = Object.entries(options).find(([name]) => !known.includes(name));
  if (strange === undefined) return null;
  const [name, found] = strange;
  return mismatchText(`${at}${name}`, found, `none: there are ${known.join(', ')}`);
}

export function shown(value: unknown): string {
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null)
    return String(value);
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? typeof value);
}
