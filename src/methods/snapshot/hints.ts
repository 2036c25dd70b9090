/**
 * What one pass over a graph found too late: an object turned out to be a part of another when it was numbered already.
 * The next pass knows it from the start.
 */
export interface Hints {
  /** The URL of each `searchParams` that has one. */
  readonly urls: Map<object, object>;
  /** The class or function of each `prototype` that does not say so itself. */
  readonly prototypes: Map<object, (...parameters: never[]) => unknown>;
  /** Objects of the host that look like plain data until one of their functions is met. */
  readonly named: Map<object, string>;
  /** What `save` made of each instance: it is asked once. */
  readonly saved: Map<object, unknown>;
}

export const noHints = (): Hints => ({
  urls: new Map(),
  prototypes: new Map(),
  named: new Map(),
  saved: new Map(),
});

/** Thrown to begin the pass again, with one hint more. */
export class Restart {}
