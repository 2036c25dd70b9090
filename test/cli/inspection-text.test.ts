import { expect, test } from 'vitest';
import { inspectionText } from '../../src/cli/inspection-text.ts';
import { epoch, executionId, generation } from '../../src/core/ids.ts';
import type { Inspection } from '../../src/core/inspection.ts';

const waiting: Inspection = {
  tenure: { execution: executionId('x-1'), epoch: epoch(2), generation: generation(1) },
  state: 'waiting',
  tasks: [],
  mailbox: 1,
  effectsPending: [{ sequence: 7, name: 'fetch' }],
  timersPending: 0,
  pin: { reason: `pinned: crawl.ts:12 'r' (Response) is live`, method: 'crawl', line: 12, path: 'r' },
};

test('a deep stack is shown from both ends, each line within the terminal', () => {
  const frames = Array.from({ length: 1_000 }, (_, depth) => ({
    method: `m${depth}`,
    file: 'deep.ts',
    line: depth + 1,
    locals: [{ name: 'text', preview: 'a'.repeat(200) }],
  }));
  const lines = inspectionText({ ...waiting, tasks: [{ waitsFor: 'effect fetch', frames }] }, 60).split('\n');
  expect(lines.slice(0, 6)).toEqual([
    'x-1: waiting, epoch 2, generation 1, pending: 1 message, 1',
    '  effect, 0 timers',
    `  pinned: crawl.ts:12 'r' (Response) is live`,
    'task 1 waits for effect fetch',
    '  m0 (deep.ts:1)',
    `      text = ${'a'.repeat(46)}…`,
  ]);
  expect(lines).toContain('  … 975 frames more');
  expect(lines.filter((line) => line.startsWith('  m'))).toHaveLength(25);
  expect(lines).toContain('  m999 (deep.ts:1000)');
  expect(lines.at(-1)).toBe('effect 7: fetch');
  expect(lines.every((line) => line.length <= 60)).toBe(true);
});
