import type { Observation, Written } from './contract.ts';
import { firstDifference } from './description.ts';

/** @returns the first difference, with where it is; null when the runs cannot be told apart */
export function observationDifference(native: Observation, other: Observation): string | null {
  return (
    outcomeDifference(native, other) ??
    writtenDifference(native.written, other.written) ??
    plainDifference('unhandled', native.unhandled, other.unhandled) ??
    plainDifference('exit code', native.exitCode, other.exitCode)
  );
}

function outcomeDifference(native: Observation, other: Observation): string | null {
  const kind = (observation: Observation): string => observation.outcome?.kind ?? 'did not return';
  if (native.outcome === null || other.outcome === null || native.outcome.kind !== other.outcome.kind) {
    return kind(native) === kind(other)
      ? null
      : `outcome: ${kind(native)}${shownOutcome(native)} against ${kind(other)}${shownOutcome(other)}`;
  }
  return firstDifference(native.outcome.value, other.outcome.value);
}

function shownOutcome({ outcome, unhandled }: Observation): string {
  if (outcome === null) return unhandled === null ? '' : ` (${unhandled})`;
  const { root, nodes } = outcome.value;
  const message = nodes[0]?.keys.find(([key]) => key === 'string "message"')?.[2];
  return ` ${(message ?? root).slice(0, 200)}`;
}

function plainDifference(what: string, native: unknown, other: unknown): string | null {
  return native === other ? null : `${what}: ${JSON.stringify(native)} against ${JSON.stringify(other)}`;
}

function writtenDifference(native: readonly Written[], other: readonly Written[]): string | null {
  const [left, right] = [joined(native), joined(other)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [ours, theirs] = [left[index], right[index]];
    if (ours?.stream === theirs?.stream && ours !== undefined && theirs !== undefined) {
      if (ours.bytes.equals(theirs.bytes)) continue;
      const at = firstByte(ours.bytes, theirs.bytes);
      return `${ours.stream}: ${around(ours.bytes, at)} against ${around(theirs.bytes, at)} (byte ${at} of piece ${index})`;
    }
    const shown = (piece: typeof ours): string =>
      piece === undefined ? 'nothing' : `${piece.stream} ${around(piece.bytes, 0)}`;
    return `output: ${shown(ours)} against ${shown(theirs)} (piece ${index})`;
  }
  return null;
}

interface Piece {
  readonly stream: Written[0];
  readonly bytes: Buffer;
}

/** Where one write ends and the next begins cannot be seen from outside. */
function joined(written: readonly Written[]): readonly Piece[] {
  const pieces: { stream: Written[0]; parts: Buffer[] }[] = [];
  for (const [stream, base64] of written) {
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length === 0) continue;
    const last = pieces.at(-1);
    if (last?.stream === stream) last.parts.push(bytes);
    else pieces.push({ stream, parts: [bytes] });
  }
  return pieces.map(({ stream, parts }) => ({ stream, bytes: Buffer.concat(parts) }));
}

function firstByte(a: Buffer, b: Buffer): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at += 1) if (a[at] !== b[at]) return at;
  return shorter;
}

function around(bytes: Buffer, at: number): string {
  const text = bytes.subarray(Math.max(0, at - 20), at + 40).toString('utf8');
  return at >= bytes.length ? `${JSON.stringify(text)} and its end` : JSON.stringify(text);
}
