// What V8 says in errors that its own code would throw, and the runtime's throws instead.

/**
 * @param name how V8 names what should be iterable; by its value where that is not given
 */
export function notIterable(value: unknown, name?: string): TypeError {
  if (name !== undefined) return new TypeError(`${name} is not iterable`);
  return new TypeError(`${valueName(value)} is not iterable (cannot read property Symbol(Symbol.iterator))`);
}

/** The same of the only spread of a call, behind all its other arguments. */
export function notSpreadable(value: unknown, name: string): TypeError {
  if (value !== null && value !== undefined)
    return new TypeError('Spread syntax requires ...iterable[Symbol.iterator] to be a function');
  return new TypeError(`${name} is not iterable (cannot read property ${String(value)})`);
}

/** How V8 names what it has no name for. */
function valueName(value: unknown): string {
  if (typeof value === 'string') return `string "${value}"`;
  const isShown = value === null || typeof value === 'boolean' || typeof value === 'number';
  return isShown ? `${typeof value} ${String(value)}` : typeof value;
}

/** What the engine says, in its own words, of an iterator without `throw`. */
export const throwMissing = ((): string => {
  const delegating = (function* (): Generator<number> {
    yield* [0];
  })();
  delegating.next();
  try {
    delegating.throw(0);
  } catch (error) {
    if (error instanceof TypeError) return error.message;
  }
  return '';
})();

let rejects = false;

/**
 * Whether a list that `yield*` of an asynchronous generator walks rejects with what is thrown into it, as engines did before ECMAScript 2025,
 * which closes it and makes that an error (https://github.com/tc39/ecma262/pull/2600).
 */
export function listsReject(): boolean {
  return rejects;
}

const thrown = {};
const walking = (async function* (): AsyncGenerator<number> {
  yield* [0];
})();
// Known a few jobs after this module was loaded; before that nobody can have got so far.
void walking.next();
void walking.throw(thrown).catch((error: unknown) => {
  rejects = error === thrown;
});
