import type { PowerCurve } from './policy.ts';

/**
 * Watts at 0, 10, …, 100 % load: SPECpower_ssj2008 results of two servers, as published by SPEC, and a straight line. The
 * G4 and the G5 are the two hosts of Beloglazov & Buyya 2012, so figures compare. A sleeping host draws 10 W by
 * assumption.
 */
export const powerCurves: readonly PowerCurve[] = [
  {
    name: 'hp-g4',
    watts: [86, 89.4, 92.6, 96, 99.5, 102, 106, 108, 112, 114, 117],
    sleepWatts: 10,
  },
  {
    name: 'hp-g5',
    watts: [93.7, 97, 101, 105, 110, 116, 121, 125, 129, 133, 135],
    sleepWatts: 10,
  },
  { name: 'linear', watts: [100, 110, 120, 130, 140, 150, 160, 170, 180, 190, 200], sleepWatts: 10 },
];

/** @param utilisation share of the host's CPU in use, in [0, 1] */
export function wattsAt(curve: PowerCurve, utilisation: number): number {
  const last = curve.watts.length - 1;
  const at = Math.max(0, Math.min(1, utilisation)) * last;
  const low = Math.min(last - 1, Math.floor(at));
  const from = curve.watts[low] ?? 0;
  return from + ((curve.watts[low + 1] ?? from) - from) * (at - low);
}
