import { assert } from '../../core/assert.ts';
import { isFigure } from './soundness.ts';

/** What a site is expected to use, at the quantile that is planned for. */
export interface UseForecast {
  readonly fromMs: number;
  readonly stepMs: number;
  /** Share of capacity in use over each step. */
  readonly utilization: readonly number[];
}

/**
 * When a site goes over a limit: the start of the first step that does, since a step's mean says nothing of when
 * within it.
 *
 * @returns in the forecast's clock; null when no step does. Values that cannot be true are passed over
 */
export function breachAtMs({ fromMs, stepMs, utilization }: UseForecast, limit: number): number | null {
  const at = utilization.findIndex((share) => isFigure(share) && share > limit);
  return at < 0 ? null : fromMs + at * stepMs;
}

/** How long moves took, from the newest ones; kept by `learnDuration`. Plain, so that it is stored with its owner. */
export interface MoveDurations {
  /** Oldest first; at most `durationsMax`. */
  readonly moves: readonly { readonly bytes: number; readonly durationMs: number }[];
}

export const noDurations: MoveDurations = { moves: [] };

const durationsMax = 64;
/** With fewer moves than this, the shipped figures are taken. */
const knownMin = 5;
/** What a move takes without its bytes, and how fast these go, until moves were measured: cautious. */
const shippedFixedMs = 250;
const shippedBytesPerSecond = 100e6;
/** A move of fewer bytes tells of the fixed part only. */
const bulkyBytes = 1e6;

export function learnDuration(
  { moves }: MoveDurations,
  measured: { readonly bytes: number; readonly durationMs: number },
): MoveDurations {
  if (!isFigure(measured.bytes) || !isFigure(measured.durationMs)) return { moves };
  const { bytes, durationMs } = measured;
  return { moves: [...moves, { bytes, durationMs }].slice(-durationsMax) };
}

/**
 * How long a move of this size takes at most, with the probability `quantile`: that quantile of the fixed part (of
 * small moves), and of what a byte took (of large ones).
 */
export function predictDurationMs({ moves }: MoveDurations, bytes: number, quantile: number): number {
  const small = moves.filter((move) => move.bytes < bulkyBytes).map(({ durationMs }) => durationMs);
  const fixedMs = small.length < knownMin ? shippedFixedMs : quantileOf(small, quantile);
  const typicalMs = small.length < knownMin ? 0 : quantileOf(small, 0.5);
  const perByte = moves
    .filter((move) => move.bytes >= bulkyBytes)
    .map((move) => Math.max(0, move.durationMs - typicalMs) / move.bytes);
  const byteMs = perByte.length < knownMin ? 1_000 / shippedBytesPerSecond : quantileOf(perByte, quantile);
  return fixedMs + (isFigure(bytes) ? bytes : 0) * byteMs;
}

function quantileOf(values: readonly number[], quantile: number): number {
  assert(values.length > 0, 'A quantile is of at least one value.');
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(quantile * sorted.length))] ?? 0;
}

export interface ScheduledMove {
  readonly startAtMs: number;
  readonly endsByMs: number;
  /** By how much it ends after `breach − margin` although it starts at once; 0 when it is in time. */
  readonly lateMs: number;
}

/**
 * Moves that leave one site, one after the other, each as late as it may begin: the last ends at `breach − margin`,
 * each of the others before the next begins. None begins before now.
 *
 * @param durationsMs predicted, in the order of the moves
 */
export function schedule(
  nowMs: number,
  breachMs: number,
  durationsMs: readonly number[],
  marginMs: number,
): readonly ScheduledMove[] {
  const latest: number[] = [];
  let endMs = breachMs - marginMs;
  for (const durationMs of durationsMs.toReversed()) latest.unshift((endMs -= durationMs));
  let freeMs = nowMs;
  return latest.map((latestMs, k) => {
    const startAtMs = Math.max(freeMs, latestMs);
    const endsByMs = startAtMs + (durationsMs[k] ?? 0);
    freeMs = endsByMs;
    const lateMs = Math.max(0, startAtMs - latestMs);
    return { startAtMs, endsByMs, lateMs };
  });
}

/**
 * What to do with a scheduled move when a newer forecast is there: the newest says whether and when it is useful.
 *
 * @param breachMs of the newest forecast; null when it sees none
 */
export function revise(
  scheduled: ScheduledMove,
  nowMs: number,
  breachMs: number | null,
  marginMs: number,
):
  | { readonly kind: 'drop' }
  | { readonly kind: 'start' }
  | { readonly kind: 'wait'; readonly move: ScheduledMove } {
  if (breachMs === null) return { kind: 'drop' };
  const durationMs = scheduled.endsByMs - scheduled.startAtMs;
  const [move] = schedule(nowMs, breachMs, [durationMs], marginMs);
  assert(move !== undefined, 'One duration makes one scheduled move.');
  return move.startAtMs <= nowMs ? { kind: 'start' } : { kind: 'wait', move };
}
