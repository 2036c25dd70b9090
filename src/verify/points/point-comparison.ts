import type { SourcePoint } from './source-points.ts';

/** How many points of one kind on one line a compiled program has passed, each of which offered a capture. */
export interface OfferedPoints {
  readonly kind: string;
  readonly file: string;
  readonly line: number;
  readonly count: number;
}

const words: Readonly<Record<SourcePoint['kind'], string>> = {
  entry: 'the entry of a function',
  round: 'the back-edge of a loop',
  return: 'the return to a function',
  await: 'an await',
  yield: 'a yield',
};

/**
 * Whether every point that a native run has passed offers a capture in the compiled program.
 *
 * @param passed of the source's points, those that the native run has passed
 * @returns the first one that does not; null when all do
 */
export function missingPoint(
  points: readonly SourcePoint[],
  passed: readonly number[],
  offered: readonly OfferedPoints[],
): string | null {
  const open = new Map<string, number>();
  for (const { kind, file, line, count } of offered) {
    const key = `${file}:${line} ${kind}`;
    open.set(key, (open.get(key) ?? 0) + count);
  }
  for (const index of passed) {
    const point = points[index];
    if (point === undefined) continue;
    const { kind, file, line } = point;
    const key = `${file}:${line} ${kind}`;
    const left = (open.get(key) ?? 0) - 1;
    if (left < 0) return `${file}:${line} ${words[kind]} offers no capture`;
    open.set(key, left);
  }
  return null;
}
