import type { Fault } from './faults.ts';
import type { Outcome } from './run.ts';
import type { Move, Scenario } from './scenario.ts';
import { describe, hostNameOf } from './striking.ts';
import type { TraceLine } from './world.ts';

/** Lines of a trace that a report shows. */
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
    ...traceLines(trace, violations),
  ].join('\n');
}

export function scenarioText({ hosts, works, moves, faults, activeMs }: Scenario): string {
  return [
    `${hosts} hosts for ${activeMs} ms`,
    ...works.map(
      ({ atMs, on, until, bytes, durable, deals }, at) =>
        `${stamp(atMs)} x-${at + 1} starts on ${hostNameOf(on)}, ${until === null ? 'goes on' : `ends at ${until}`}, ${bytes} bytes${durable ? ', durable' : ''}${deals === null ? '' : `, deals ${JSON.stringify(deals)}`}`,
    ),
    ...moves.map(({ atMs, work, to }) => `${stamp(atMs)} x-${work + 1} is to move ${targetText(to)}`),
    ...faults.map(faultText),
  ].join('\n');
}

function targetText(to: Move['to']): string {
  return typeof to === 'number' ? `to ${hostNameOf(to)}` : `${to.hostsOn} hosts on`;
}

function faultText({ trigger, mishap }: Fault): string {
  const what = describe(mishap);
  if (trigger.kind === 'time') return `${stamp(trigger.atMs)}: ${what}`;
  const { phase, nth, afterMs } = trigger;
  return `${afterMs} ms after a host has entered '${phase}' for the ${nth}. time: ${what}`;
}

/** What concerns the executions that a promise was broken for, and all of them: the begin and the end of it. */
function traceLines(trace: readonly TraceLine[], violations: Outcome['violations']): readonly string[] {
  const failed = new Set<string>(violations.map(({ execution }) => execution));
  const concerned = trace.filter(({ text }) => {
    const named = text.match(/\bx-\d+/g) ?? [];
    return named.length === 0 || named.some((name) => failed.has(name));
  });
  const lines = concerned.map(({ atMs, host, text }) => `${stamp(atMs)} ${(host ?? '').padEnd(4)} ${text}`);
  const left = lines.length - linesMax;
  if (left <= 0) return lines;
  return [...lines.slice(0, linesMax / 2), `(${left} lines)`, ...lines.slice(-linesMax / 2)];
}

function stamp(atMs: number): string {
  return atMs.toFixed(2).padStart(10);
}
