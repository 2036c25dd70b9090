import type { Callable, Permanents } from './options.ts';
import { searchParamsOf } from './recipes.ts';

/** Thrown to begin the pass again, with one hint more. */
export class Restart {}

/**
 * What one pass over a graph found too late: an object turned out to be a part of another when it was numbered already.
 * The next pass knows it from the start.
 */
export class Hints {
  /** The URL of each `searchParams` that has one. */
  readonly urls = new Map<object, object>();
  /** The class or function of each `prototype` that does not say so itself. */
  readonly prototypes = new Map<object, Callable>();
  /** Objects of the host that look like plain data until one of their functions is met. */
  readonly named = new Map<object, string>();
  /** What each iterator walks: it may be over, or walk what only it can reach. */
  readonly walked = new Map<object, object | 'over' | 'unreachable'>();
  /** Iterators that this pass has met, and nobody knows what they walk. */
  unsettledWalks: object[] = [];
  /** What `save` made of each instance: it is asked once. */
  readonly saved = new Map<object, unknown>();

  /** Whoever holds something of the host may be the host's own: then it is held by reference. @throws {Restart} */
  noteHost(holder: object | null, host: Permanents | undefined): void {
    const name = holder === null ? undefined : host?.nameOf(holder);
    if (holder === null || name === undefined || this.named.has(holder)) return;
    this.named.set(holder, name);
    throw new Restart();
  }

  /** What a URL's `searchParams` are must be known before they are met. @throws {Restart} */
  noteUrl(url: object, met: ReadonlyMap<unknown, unknown>): void {
    const params = searchParamsOf(url);
    if (this.urls.has(params)) return;
    this.urls.set(params, url);
    if (met.has(params)) throw new Restart();
  }

  /** @throws {Restart} when it was met as something else */
  notePrototype(prototype: object, owner: Callable, wasMet: boolean): void {
    if (this.prototypes.get(prototype) === owner) return;
    this.prototypes.set(prototype, owner);
    if (wasMet) throw new Restart();
  }
}
