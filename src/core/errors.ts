/**
 * An operation that failed. Expected outcomes are variants (`refused`, with a reason), and bugs are assertions;
 * neither is a `GodwitError`.
 */
export abstract class GodwitError extends Error {
  /** Stable, for programs: `EPOCH_FENCED`. */
  abstract readonly code: string;
  /** Whether the same call may succeed later, unchanged. */
  abstract readonly retryable: boolean;

  /** @param message what, which one, found against expected, what to do */
  constructor(message: string, options?: { readonly cause: unknown }) {
    super(message, options);
  }
}

/** What a caught value says, whatever it is. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
