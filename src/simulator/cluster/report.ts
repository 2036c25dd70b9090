import type { Fault } from './faults.ts';
import type { Outcome } from './run.ts';
import type { Scenario } from './scenario.ts';
import { describe, hostNameOf } from './striking.ts';
import type { TraceLine } from './world.ts';

/** Lines of a trace that a report ends with. */
const linesMax = 400;

/** A failed run for people: what was promised and broken, what happened, and how to see it again. */
export function reportText(scenario: Scenario, { violations, trace }: Outcome): string {
  return [
    `SEED=${scenario.seed}`,
    ...violations.map(
      ({ atMs, execution, promise, text }) => `${stamp(atMs)} ${promise} is broken for ${execution}: ${text}`,
    ),
    '',
    scenarioText(scenario),
    '',
    ...traceLines(trace),
  ].join('\n');
}

export function scenarioText({ hosts, works, moves, faults, activeMs }: Scenario): string {
  return [
    `${hosts} hosts for ${activeMs} ms`,
    ...works.map(
      ({ on, until, bytes }, at) =>
        `x-${at + 1} starts on ${hostNameOf(on)}, ${until === null ? 'goes on' : `ends at ${until}`}, ${bytes} bytes`,
    ),
    ...moves.map(({ atMs, work, to }) => `${stamp(atMs)} x-${work + 1} is to move to ${hostNameOf(to)}`),
    ...faults.map(faultText),
  ].join('\n');
}

function faultText({ trigger, mishap }: Fault): string {
  const when =
    trigger.kind === 'time' ? stamp(trigger.atMs) : `when a host enters '${trigger.phase}' (${trigger.nth})`;
  return `${when}: ${describe(mishap)}`;
}

function traceLines(trace: readonly TraceLine[]): readonly string[] {
  const lines = trace.map(({ atMs, host, text }) => `${stamp(atMs)} ${(host ?? '').padEnd(4)} ${text}`);
  const left = lines.length - linesMax;
  return left > 0 ? [`(${left} earlier lines)`, ...lines.slice(-linesMax)] : lines;
}

function stamp(atMs: number): string {
  return atMs.toFixed(2).padStart(10);
}
