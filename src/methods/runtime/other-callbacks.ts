import { Cursor, walkOf } from './cursors.ts';
import { acceptFunctions, libraryMethod, nameMovable } from './library.ts';
import type { AnyFunction, Frame } from './method-code.ts';
import { callerUrl } from './stack-walk.ts';
import { thread } from './thread.ts';

const natives = {
  mapForEach: Map.prototype.forEach as AnyFunction,
  setForEach: Set.prototype.forEach as AnyFunction,
  arrayFrom: Array.from as AnyFunction,
  replace: String.prototype.replace as AnyFunction,
  replaceAll: String.prototype.replaceAll as AnyFunction,
};
const NativeArray = Array;
const regExpReplace = RegExp.prototype[Symbol.replace];

function callWith(callback: AnyFunction, self: unknown, args: readonly unknown[]): unknown {
  return Reflect.apply(callback, self, args);
}

/** `forEach` of a Map or Set, as data. */
interface EntryWalk {
  readonly entries: Cursor;
  readonly of: object;
  readonly callback: AnyFunction;
  readonly self: unknown;
}

function walkEntries(walk: EntryWalk): undefined {
  const { entries, of, callback, self } = walk;
  try {
    while (entries.step()) {
      const [key, value] = entries.value as [unknown, unknown];
      callWith(callback, self, [value, key, of]);
    }
  } catch (error) {
    const { gate } = thread;
    if (error !== gate.capture) throw error;
    throw gate.save(entryWalking, 1, [walk], null, null);
  }
  return undefined;
}

function resumeEntries(frame: Frame): undefined {
  thread.gate.take();
  return walkEntries(frame.vars[0] as EntryWalk);
}

const entryWalking = libraryMethod('forEach', ['walk'], resumeEntries);

function mapForEach(this: unknown, callback: unknown, self: unknown): unknown {
  if (!(this instanceof Map) || typeof callback !== 'function')
    return Reflect.apply(natives.mapForEach, this, [callback, self]);
  return walkEntries({
    entries: Cursor.over(this, 'entries'),
    of: this,
    callback: callback as AnyFunction,
    self,
  });
}

function setForEach(this: unknown, callback: unknown, self: unknown): unknown {
  if (!(this instanceof Set) || typeof callback !== 'function')
    return Reflect.apply(natives.setForEach, this, [callback, self]);
  return walkEntries({
    entries: Cursor.over(this, 'entries'),
    of: this,
    callback: callback as AnyFunction,
    self,
  });
}

/** `Array.from` with a function, as data. */
interface Making {
  /** A list that is read by index as long as it is then; something of a fixed length; or a cursor. */
  readonly source: Cursor | Record<number, unknown>;
  /** Of something that cannot be iterated over; null for lists, which may grow meanwhile. */
  readonly length: number | null;
  readonly callback: AnyFunction;
  readonly self: unknown;
  readonly into: unknown[];
}

function walkSource(making: Making): unknown {
  const { source, length, callback, self, into } = making;
  try {
    for (;;) {
      const index = into.length;
      let value: unknown;
      if (source instanceof Cursor) {
        if (!source.step()) return into;
        ({ value } = source);
      } else {
        if (index >= (length ?? (source as { readonly length: number }).length)) return into;
        value = source[index];
      }
      into.push(callWith(callback, self, [value, index]));
    }
  } catch (error) {
    const { gate } = thread;
    if (error !== gate.capture) throw error;
    throw gate.save(arrayMaking, 1, [making], null, null);
  }
}

function resumeMaking(frame: Frame): unknown {
  const making = frame.vars[0] as Making;
  making.into.push(thread.gate.take());
  return walkSource(making);
}

const arrayMaking = libraryMethod('Array.from', ['making'], resumeMaking);

function arrayFrom(this: unknown, items: unknown, callback: unknown, self: unknown): unknown {
  const source = this === NativeArray && typeof callback === 'function' ? sourceOf(items) : null;
  if (source === null) return Reflect.apply(natives.arrayFrom, this, [items, callback, self]);
  return walkSource({ ...source, callback: callback as AnyFunction, self, into: [] });
}

/** What has a position that can be moved; null where the language's own function is to walk. */
function sourceOf(items: unknown): Pick<Making, 'source' | 'length'> | null {
  if (items === null || items === undefined) return null;
  const iterate = (items as { [Symbol.iterator]?: unknown })[Symbol.iterator];
  if (iterate === undefined || iterate === null) {
    const length = Math.trunc(Number((items as { readonly length?: unknown }).length)) || 0;
    // Longer arrays than there can be are refused by the language.
    if (length > 2 ** 32 - 1) return null;
    return { source: Object(items) as Record<number, unknown>, length };
  }
  const isKnown =
    Array.isArray(items) ||
    ArrayBuffer.isView(items) ||
    typeof items === 'string' ||
    items instanceof Map ||
    items instanceof Set;
  if (!isKnown) return null;
  let walked: unknown;
  try {
    walked = walkOf(items);
  } catch {
    return null;
  }
  if (walked !== items && !(walked instanceof Cursor)) return null;
  return { source: walked as Making['source'], length: null };
}

/** `replace` with a function, as data: all matches are found before the first call. */
interface Replacing {
  readonly text: string;
  readonly matches: readonly (readonly unknown[])[];
  readonly callback: AnyFunction;
  next: number;
  /** Up to where the text has been taken over. */
  position: number;
  done: string;
}

function walkMatches(replacing: Replacing): string {
  const { text, matches, callback } = replacing;
  try {
    for (;;) {
      const match = matches[replacing.next];
      if (match === undefined) return replacing.done + text.slice(replacing.position);
      takeReplacement(replacing, String(callWith(callback, undefined, match)));
    }
  } catch (error) {
    const { gate } = thread;
    if (error !== gate.capture) throw error;
    throw gate.save(textReplacing, 1, [replacing], null, null);
  }
}

function takeReplacement(replacing: Replacing, replacement: string): void {
  const match = replacing.matches[replacing.next] as readonly unknown[];
  const at = match.findLast((part) => typeof part === 'number') as number;
  replacing.next += 1;
  if (at < replacing.position) return;
  replacing.done += replacing.text.slice(replacing.position, at) + replacement;
  replacing.position = at + (match[0] as string).length;
}

function resumeMatches(frame: Frame): string {
  const replacing = frame.vars[0] as Replacing;
  takeReplacement(replacing, String(thread.gate.take()));
  return walkMatches(replacing);
}

const textReplacing = libraryMethod('replace', ['replacing'], resumeMatches);

function replaceWith(native: AnyFunction): AnyFunction {
  return function replace(this: unknown, pattern: unknown, callback: unknown): unknown {
    const isPlain =
      typeof pattern === 'string' || (pattern instanceof RegExp && pattern[Symbol.replace] === regExpReplace);
    if (typeof this !== 'string' || typeof callback !== 'function' || !isPlain)
      return Reflect.apply(native, this, [pattern, callback]);
    const matches: unknown[][] = [];
    // The language finds them, and leaves `lastIndex` as it would.
    Reflect.apply(native, this, [
      pattern,
      (...match: unknown[]) => {
        matches.push(match);
        return '';
      },
    ]);
    return walkMatches({
      text: this,
      matches,
      callback: callback as AnyFunction,
      next: 0,
      position: 0,
      done: '',
    });
  };
}

nameMovable('Map.forEach', natives.mapForEach, mapForEach);
nameMovable('Set.forEach', natives.setForEach, setForEach);
nameMovable('Array.from', natives.arrayFrom, arrayFrom);
nameMovable('String.replace', natives.replace, replaceWith(natives.replace));
nameMovable('String.replaceAll', natives.replaceAll, replaceWith(natives.replaceAll));

acceptFunctions(callerUrl(), {
  callWith: 'calls',
  walkEntries: 'walks',
  resumeEntries: 'passes',
  mapForEach: 'passes',
  setForEach: 'passes',
  walkSource: 'walks',
  resumeMaking: 'passes',
  arrayFrom: 'passes',
  walkMatches: 'walks',
  resumeMatches: 'passes',
  replace: 'passes',
});
