/** A broken invariant: a bug in godwit. It crashes the actor that met it, and that actor's supervisor decides. */
export class AssertionFailedError extends Error {
  override readonly name = 'AssertionFailedError';
}

/**
 * Holds an invariant; stays on in production.
 *
 * @throws {AssertionFailedError} when `condition` is false
 */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new AssertionFailedError(invariant);
}

/** Ends a `switch` over a discriminated union: the compiler proves that no variant is left. */
export function assertNever(value: never): never {
  throw new AssertionFailedError(`Unexpected variant: ${JSON.stringify(value)}`);
}
