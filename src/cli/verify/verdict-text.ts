import type { Observation, Verdict } from '../../verify/index.ts';
import type { SnapshotHead } from '../../verify/snapshot-file.ts';

/** A line for people, and one below it for each reason. */
export function verdictText(verdict: Verdict): string {
  const { file, points, moves, pinned, bytes, pids, reasons, difference, nativeMs, compiledMs } = verdict;
  const counts = `${points} points, ${moves} moves through ${pids.length} processes, ${(bytes / 1024).toFixed(1)} KiB`;
  const time =
    nativeMs === null || compiledMs === null
      ? ''
      : `, ${nativeMs.toFixed(2)} ms natively, ${compiledMs.toFixed(2)} ms compiled`;
  return [
    `${verdict.verdict.padEnd(9)} ${file}: ${counts}${pinned === 0 ? '' : `, ${pinned} pinned`}${time}`,
    ...(difference === null ? [] : [`  ${difference}`]),
    ...reasons.map(({ kind, text, count }) => {
      const prefix = text.startsWith(kind) ? '' : `${kind}: `;
      return `  ${prefix}${text}${count === 1 ? '' : ` (${count} times)`}`;
    }),
  ].join('\n');
}

/** How a program that was resumed has ended. */
export function observationText({ at, point }: SnapshotHead, observation: Observation): string {
  const { outcome, exitCode, unhandled } = observation;
  const from = `resumed at point ${point}${at === '' ? '' : ` (${at})`}`;
  if (outcome === null) return `${from}: ended without a result${unhandled === null ? '' : `: ${unhandled}`}`;
  const { root, nodes } = outcome.value;
  const message = nodes[0]?.keys.find(([key]) => key === 'string "message"')?.[2];
  const value = root.startsWith('#') ? (message ?? nodes[0]?.kind ?? root) : root;
  return `${from}: ${outcome.kind} ${value}, exit code ${exitCode}`;
}
