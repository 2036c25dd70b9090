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
