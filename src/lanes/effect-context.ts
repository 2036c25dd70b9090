import { AsyncLocalStorage } from 'node:async_hooks';
import type { ExecutionId } from '../core/ids.ts';

/**
 * Which execution's effect the present code belongs to, across its awaits and callbacks. Costs nothing on a lane before
 * its first effect.
 */
export class EffectContext {
  readonly #storage = new AsyncLocalStorage<ExecutionId | null>();
  #entered = false;

  /** The effect is called next; everything that it sets going belongs to it, too. */
  enter(execution: ExecutionId): void {
    this.#entered = true;
    this.#storage.enterWith(execution);
  }

  /** Precedes other code of the same turn of the event loop. */
  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.#storage.enterWith(null);
  }

  execution(): ExecutionId | null {
    return this.#storage.getStore() ?? null;
  }
}
