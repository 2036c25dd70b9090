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
