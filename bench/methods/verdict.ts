import { quantile } from '../figure.ts';
import type { FormName, Kernel } from './catalog.ts';

/** Medians of one process. */
export interface Series {
  readonly nativeMs: number;
  readonly movableMs: number;
  /** Of the very first round, when nothing has been optimised yet. */
  readonly firstRatio: number;
  /** In the order of the job's. */
  readonly peerMs: readonly number[];
}

export interface Verdict {
  /** The median process's. */
  readonly ratio: number;
  readonly nativeMs: number;
  readonly movableMs: number;
  readonly firstRatio: number;
  readonly peerRatios: readonly number[];
  /** Why a ratio above its target may stand: native fell off the same cliff in another process. Null when it did not. */
  readonly excuse: string | null;
}

export interface Measured extends Verdict {
  readonly kernel: Kernel;
  readonly form: FormName;
  readonly peers: readonly string[];
}

/** So many times its own best is a cliff, and no noise. */
const cliff = 2;

/** Several processes that measured the same. */
export function verdictOf(series: readonly Series[]): Verdict {
  const ratios = series.map(({ nativeMs, movableMs }) => movableMs / nativeMs);
  const natives = series.map(({ nativeMs }) => nativeMs);
  const isNativeUnsteady = Math.max(...natives) > cliff * Math.min(...natives);
  return {
    ratio: quantile(ratios, 0.5),
    nativeMs: quantile(natives, 0.5),
    movableMs: quantile(
      series.map(({ movableMs }) => movableMs),
      0.5,
    ),
    firstRatio: quantile(
      series.map(({ firstRatio }) => firstRatio),
      0.5,
    ),
    peerRatios: (series[0]?.peerMs ?? []).map((_, peer) =>
      quantile(
        series.map(({ nativeMs, peerMs }) => (peerMs[peer] ?? Number.NaN) / nativeMs),
        0.5,
      ),
    ),
    excuse: isNativeUnsteady ? 'native falls off a cliff, too' : null,
  };
}
