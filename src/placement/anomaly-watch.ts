import type { Anomaly, AnomalySignal } from './anomaly.ts';
import { anomalySignals } from './anomaly.ts';
import type { AnomalyOptions } from './anomaly-detector.ts';
import { AnomalyDetector } from './anomaly-detector.ts';

/** An anomaly of an execution, with the signal that showed it. */
export interface ExecutionAnomaly extends Anomaly {
  readonly signal: AnomalySignal;
  /** Whether it makes the execution look for another host: see `callsForMove`. */
  readonly callsForMove: boolean;
}

/**
 * For executions, whose signals come about once a second: the last two minutes against single values, ten minutes
 * against the level. Stricter than for a host's series, since there are so many more of them.
 */
export const executionAnomalyOptions: AnomalyOptions = {
  windowLength: 128,
  zMin: 10,
  tailFactor: 1.6,
  tailHalfLife: 512,
  blockLength: 5,
  blocksLength: 48,
  driftZ: 1.5,
  alarmZ: 15,
  quietLength: 60,
  seasonLength: 0,
};

/**
 * Whether an anomaly may make its execution move. Only a level that has changed for the worse does, and only in what a
 * host can spoil: slices that take longer, fuel or cycles that come slower. A single value has gone by before a move
 * would end; memory that grows makes a move dearer, and is the method's own. Such an execution looks around although it
 * scores above the threshold; hysteresis, cool-down, budgets and the gain of all still hold, so a false alarm moves
 * nothing that would not gain by it.
 */
export function callsForMove(signal: AnomalySignal, shape: Anomaly['shape']): boolean {
  if (signal === 'sliceMs') return shape === 'shiftUp';
  return (signal === 'fuelPerSecond' || signal === 'cyclesPerSecond') && shape === 'shiftDown';
}

/** Watches all signals of one execution on one host; after a move, begin anew: another host is another level. */
export class AnomalyWatch {
  readonly #detectors: ReadonlyMap<AnomalySignal, AnomalyDetector>;

  constructor(options: AnomalyOptions = executionAnomalyOptions) {
    this.#detectors = new Map(anomalySignals.map((signal) => [signal, new AnomalyDetector(options)]));
  }

  observe(signal: AnomalySignal, value: number): ExecutionAnomaly | null {
    const anomaly = this.#detectors.get(signal)?.observe(value) ?? null;
    if (anomaly === null) return null;
    return { ...anomaly, signal, callsForMove: callsForMove(signal, anomaly.shape) };
  }
}
