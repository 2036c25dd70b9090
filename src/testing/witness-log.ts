/** One act of an execution, as it told the witness. */
export interface Act {
  readonly execution: string;
  readonly generation: number;
  readonly epoch: number;
  /** Of the effect that carried the act. */
  readonly sequence: number;
  /** Counts the acts of one execution, from 1. */
  readonly iteration: number;
}

/** An act as it stands in the log. */
export interface LoggedAct extends Act {
  /** Its line in the log, from 1. */
  readonly line: number;
  /** When it arrived, in milliseconds of the witness's wall clock; null where the log does not say. */
  readonly atMs: number | null;
  /** Whether the witness took it for what it says it is, and refused it: by then a newer generation had acted. */
  readonly isRefused: boolean;
}

/** @throws {SyntaxError} naming the line that is none of the witness's */
export function parseWitnessLog(text: string): readonly LoggedAct[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line, index) => {
    const fields = fieldsOf(line);
    const act = actOf(fields);
    if (act === null)
      throw new SyntaxError(`Line ${index + 1} of the witness's log is no act: ${line.slice(0, 80)}`);
    const { atMs, refused } = fields;
    const at = typeof atMs === 'number' ? atMs : null;
    return { ...act, line: index + 1, atMs: at, isRefused: refused === true };
  });
}

/** @returns null when the line is no act */
export function parseAct(line: string): Act | null {
  return actOf(fieldsOf(line));
}

/** Of a line that is no object: none. */
function fieldsOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function actOf(fields: Readonly<Record<string, unknown>>): Act | null {
  const { execution, generation, epoch, sequence, iteration } = fields;
  if (typeof execution !== 'string' || !isCount(generation) || !isCount(epoch)) return null;
  if (!isCount(sequence) || !isCount(iteration)) return null;
  return { execution, generation, epoch, sequence, iteration };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
