import { assert, assertNever } from '../../core/assert.ts';

/** What a host draws, by how much of its CPU is in use. An empty host may sleep; then it draws nothing. */
export type PowerModel =
  | { readonly kind: 'linear'; readonly idleW: number; readonly peakW: number }
  /** At least two readings at even steps of load, from idle to full: as SPECpower publishes them, eleven of them. */
  | { readonly kind: 'table'; readonly name: string; readonly readingsW: readonly number[] };

/**
 * HP ProLiant ML110 G4 (Xeon 3040) and G5 (Xeon 3075), mean active power at 0, 10, … 100 % of load, as published by
 * SPEC (SPECpower_ssj2008) and used for the two kinds of host in Beloglazov and Buyya, Concurrency and Computation:
 * Practice and Experience 24 (2012), table 2.
 */
export const proLiantG4: PowerModel = {
  kind: 'table',
  name: 'HP ProLiant ML110 G4',
  readingsW: [86, 89.4, 92.6, 96, 99.5, 102, 106, 108, 112, 114, 117],
};

export const proLiantG5: PowerModel = {
  kind: 'table',
  name: 'HP ProLiant ML110 G5',
  readingsW: [93.7, 97, 101, 105, 110, 116, 121, 125, 129, 133, 135],
};

/** A small two-socket server, where nothing is known of a host. */
export const unknownPower: PowerModel = { kind: 'linear', idleW: 100, peakW: 250 };

/**
 * @param utilization share of the CPU in use; what is above 1 draws no more than 1
 * @returns watts of a host that is awake
 */
export function powerW(model: PowerModel, utilization: number): number {
  const load = Math.max(0, Math.min(1, utilization));
  switch (model.kind) {
    case 'linear':
      return model.idleW + (model.peakW - model.idleW) * load;
    case 'table': {
      const { readingsW } = model;
      assert(readingsW.length >= 2, 'A power table has at least a reading at idle and one at full load.');
      const position = load * (readingsW.length - 1);
      const below = Math.min(readingsW.length - 2, Math.floor(position));
      const low = readingsW[below] ?? 0;
      return low + ((readingsW[below + 1] ?? low) - low) * (position - below);
    }
    default:
      return assertNever(model);
  }
}

/** @returns watt-hours of a host that is awake for this long */
export function energyWh(model: PowerModel, utilization: number, durationMs: number): number {
  return (powerW(model, utilization) * durationMs) / 3_600_000;
}
