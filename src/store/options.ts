import type { Clock, Random } from '../core/ports.ts';
import { callTimeoutMsDefault, openTimeoutMsDefault } from './contract.ts';

/** What a store needs from its host. */
export interface StoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Bound of every call; see `Registry` and `Vault`. */
  readonly callTimeoutMs: number;
  /** Bound of `openStore`. */
  readonly openTimeoutMs: number;
  /** How many bytes of keys and values the embedded registry holds at most; then `StoreFullError`. */
  readonly registryBytesMax: number;
  /** Whether an empty store is made where there is none; else that is a `StoreAbsentError`. The embedded store is always made. */
  readonly mayCreate: boolean;
}

/** `StoreOptions` with the shipped defaults. */
export function storeOptions(ports: { readonly clock: Clock; readonly random: Random }): StoreOptions {
  return {
    clock: ports.clock,
    random: ports.random,
    callTimeoutMs: callTimeoutMsDefault,
    openTimeoutMs: openTimeoutMsDefault,
    registryBytesMax: 1024 * 1024 * 1024,
    mayCreate: true,
  };
}
