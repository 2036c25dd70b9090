/**
 * How much CPU time the executions of one method took until they ended, as a histogram with logarithmic bins: its
 * size is bounded, it adds up over hosts, and its quantiles are right within the width of a bin.
 */
export interface MethodHistory {
  /** Executions that ended, newer ones weighing more: see `agedAt`. */
  readonly ended: number;
  /** Weight of bin k, which holds [binMs(k), binMs(k + 1)); as long as the highest that was needed. */
  readonly bins: readonly number[];
  /** Means over what ended, for people and for executions that were never captured. */
  readonly meanCpuMs: number;
  readonly meanSnapshotBytes: number;
}

export const noHistory: MethodHistory = { ended: 0, bins: [], meanCpuMs: 0, meanSnapshotBytes: 0 };

/** Eight bins an octave from 1 ms: each 9 % wide. */
const binsPerOctave = 8;
/** 2^32 ms, 50 days. */
const binsMax = 32 * binsPerOctave;
/** When so many have ended, all weights are halved: methods change with their inputs. */
const agedAt = 4096;

/** Adds one execution that ended. One whose figures are no amounts is passed over. */
export function recordEnd(
  history: MethodHistory,
  ended: { readonly cpuMs: number; readonly snapshotBytes: number },
): MethodHistory {
  const { cpuMs, snapshotBytes } = ended;
  if (!(cpuMs >= 0 && cpuMs < Infinity && snapshotBytes >= 0 && snapshotBytes < Infinity)) return history;
  const { ended: before, bins: old } = history.ended >= agedAt ? halved(history) : history;
  const bin = binOf(cpuMs);
  const bins = Array.from(
    { length: Math.max(old.length, bin + 1) },
    (_, k) => (old[k] ?? 0) + Number(k === bin),
  );
  const count = before + 1;
  return {
    ended: count,
    bins,
    meanCpuMs: history.meanCpuMs + (cpuMs - history.meanCpuMs) / count,
    meanSnapshotBytes: history.meanSnapshotBytes + (snapshotBytes - history.meanSnapshotBytes) / count,
  };
}

/** What two hosts know of the same method, together. */
export function merged(a: MethodHistory, b: MethodHistory): MethodHistory {
  const ended = a.ended + b.ended;
  if (ended === 0) return noHistory;
  const mean = (ofA: number, ofB: number) => (ofA * a.ended + ofB * b.ended) / ended;
  return {
    ended,
    bins: Array.from(
      { length: Math.max(a.bins.length, b.bins.length) },
      (_, k) => (a.bins[k] ?? 0) + (b.bins[k] ?? 0),
    ),
    meanCpuMs: mean(a.meanCpuMs, b.meanCpuMs),
    meanSnapshotBytes: mean(a.meanSnapshotBytes, b.meanSnapshotBytes),
  };
}

/** Weight of the executions that took more than `cpuMs`. */
export function outlasting(history: MethodHistory, cpuMs: number): number {
  const at = binOf(cpuMs);
  const above = history.bins.slice(at + 1).reduce((sum, weight) => sum + weight, 0);
  return above + (history.bins[at] ?? 0) * (1 - shareBelow(at, cpuMs));
}

/**
 * Quantile of the CPU time that is left to an execution which has used `cpuMs`, among those of its method that took
 * longer than that.
 *
 * @param level in (0, 1)
 * @returns in ms; null when fewer than `lastingMin` took longer
 */
export function remainingQuantile(history: MethodHistory, cpuMs: number, level: number): number | null {
  const lasting = outlasting(history, cpuMs);
  if (lasting < lastingMin) return null;
  let wanted = level * lasting;
  for (let k = binOf(cpuMs); k < history.bins.length; k += 1) {
    const from = Math.max(cpuMs, binMs(k));
    const weight = (history.bins[k] ?? 0) * (1 - shareBelow(k, cpuMs));
    if (weight >= wanted && weight > 0) return from + (binMs(k + 1) - from) * (wanted / weight) - cpuMs;
    wanted -= weight;
  }
  return binMs(history.bins.length) - cpuMs;
}

/** Fewer predecessors say too little. */
export const lastingMin = 5;

function halved(history: MethodHistory): Pick<MethodHistory, 'ended' | 'bins'> {
  return { ended: history.ended / 2, bins: history.bins.map((weight) => weight / 2) };
}

function binOf(cpuMs: number): number {
  return cpuMs <= 1 ? 0 : Math.min(binsMax - 1, 1 + Math.floor(Math.log2(cpuMs) * binsPerOctave));
}

/** Lower end of a bin; the first one begins at 0. */
function binMs(bin: number): number {
  return bin === 0 ? 0 : 2 ** ((bin - 1) / binsPerOctave);
}

/** Share of a bin that lies below `cpuMs`, as if its weight were spread evenly. */
function shareBelow(bin: number, cpuMs: number): number {
  const from = binMs(bin);
  return Math.max(0, Math.min(1, (cpuMs - from) / (binMs(bin + 1) - from)));
}
