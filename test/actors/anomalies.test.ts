import { expect, test } from 'vitest';
import { Anomalies } from '../../src/actors/anomalies.ts';
import { executionId } from '../../src/core/ids.ts';
import type { ExecutionTrace } from '../../src/core/inspection.ts';

const x = executionId('x-1');

/** What a lane traces of an execution whose slices take `sliceMs` each, for so many seconds. */
function* traces(shape: readonly (readonly [seconds: number, sliceMs: number])[]): Iterable<ExecutionTrace> {
  let cpuMs = 0;
  let slices = 0;
  let fuel = 0;
  for (const [seconds, sliceMs] of shape) {
    for (let second = 0; second < seconds; second += 1) {
      cpuMs += 900 + (second % 7);
      slices += Math.round(900 / sliceMs);
      fuel += 1_000 * Math.round(900 / sliceMs);
      yield { execution: x, cpuMs, slices, fuel, snapshotBytes: 1_000 } as ExecutionTrace;
    }
  }
}

test('a method whose slices take longer all at once is seen, and looks around for a minute', () => {
  const anomalies = new Anomalies();
  let nowMs = 0;
  const found: string[] = [];
  for (const trace of traces([
    [300, 2],
    [60, 6],
  ])) {
    nowMs += 1_000;
    for (const { signal, shape } of anomalies.observe(trace, nowMs)) found.push(`${signal} ${shape}`);
    if (nowMs <= 300_000) expect(anomalies.alarmed(nowMs), `at ${nowMs}`).toEqual([]);
  }
  expect(found).toContain('sliceMs shiftUp');
  expect(anomalies.alarmed(nowMs)).toEqual([x]);
  expect(anomalies.alarmed(nowMs + 60_001)).toEqual([]);
});

test('what always was so is no anomaly, and what left is forgotten', () => {
  const anomalies = new Anomalies();
  let nowMs = 0;
  for (const trace of traces([[600, 2]])) expect(anomalies.observe(trace, (nowMs += 1_000))).toEqual([]);
  anomalies.keep(new Set());
  // On another host everything may be slower: that is another level.
  for (const trace of traces([[100, 8]])) expect(anomalies.observe(trace, (nowMs += 1_000))).toEqual([]);
});
