import { findSourceMap } from 'node:module';

type Prepare = (error: Error, sites: NodeJS.CallSite[]) => unknown;

/**
 * Node.js puts stacks in terms of what authors wrote, unless somebody else prepares them, as vitest does. Whoever does is given
 * call sites of movable code that say where the author wrote it.
 *
 * @param isMovable whether a file, as call sites name it, holds movable code
 * @param readsRaw whether who prepares a stack wants the places of generated code as they are
 */
export function showAuthorSites(
  isMovable: (url: string) => boolean,
  readsRaw: (prepare: unknown) => boolean,
): void {
  const first: unknown = Reflect.get(Error, 'prepareStackTrace');
  let given = first;
  let used = first;
  const wrapped = new WeakMap<object, unknown>();
  // Node.js's own knows of source maps.
  if (typeof first === 'function') wrapped.set(first, first);
  const wrap = (prepare: unknown): unknown => {
    if (typeof prepare !== 'function' || readsRaw(prepare)) return prepare;
    const known = wrapped.get(prepare);
    if (known !== undefined) return known;
    const made: Prepare = (error, sites) =>
      Reflect.apply(prepare, Error, [error, sites.map((site) => authorSite(site, isMovable))]) as unknown;
    wrapped.set(prepare, made);
    // Whoever puts back what stood here before puts back this.
    wrapped.set(made, made);
    return made;
  };
  Object.defineProperty(Error, 'prepareStackTrace', {
    configurable: true,
    enumerable: true,
    get: () => used,
    set: (prepare: unknown) => {
      if (prepare === given) return;
      given = prepare;
      used = wrap(prepare);
    },
  });
}

function authorSite(site: NodeJS.CallSite, isMovable: (url: string) => boolean): NodeJS.CallSite {
  const url = site.getScriptNameOrSourceURL() ?? site.getFileName() ?? null;
  const [line, column] = [site.getLineNumber(), site.getColumnNumber()];
  if (url === null || line === null || !isMovable(url)) return site;
  const entry = findSourceMap(url)?.findEntry(line - 1, (column ?? 1) - 1);
  if (entry === undefined || !('originalLine' in entry)) return site;
  const [file, at] = [entry.originalSource, [entry.originalLine + 1, entry.originalColumn + 1]];
  const name = site.getFunctionName()?.replace(/\$[rn]\d*$/, '') ?? null;
  const place = `${file}:${at.join(':')}`;
  const own = {
    getFileName: () => file,
    getScriptNameOrSourceURL: () => file,
    getLineNumber: () => at[0],
    getColumnNumber: () => at[1],
    getFunctionName: () => name,
    // A resume body is called on what describes its method.
    getTypeName: () => null,
    getMethodName: () => null,
    toString: () => (name === null ? place : `${name} (${place})`),
  };
  return new Proxy(site, {
    get(target, key): unknown {
      if (Object.hasOwn(own, key)) return Reflect.get(own, key);
      const found: unknown = Reflect.get(target, key);
      return typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });
}
