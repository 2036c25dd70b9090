import { expect, test } from 'vitest';
import { Desk } from './program.ts';

const desk = await Desk.open();

test('godwit simulate-faults says what its runs came to, as JSON and for people', async () => {
  const { code, stdout } = await desk.run('simulate-faults', '--seeds', '3..8', '--json');
  expect(code).toBe(0);
  const told = JSON.parse(stdout) as { readonly runs: number; readonly moves: number };
  expect(told).toMatchObject({ seeds: [3, 8], runs: 6, failures: [] });
  expect(told.moves).toBeGreaterThan(0);
  const shown = await desk.run('simulate-faults', '--seeds', '3..8');
  expect(shown.stdout).toContain(`6 runs, ${told.moves} moves`);
  expect(shown.stdout).toContain('no promise was broken');
});

test('what the runs come to is the same on one thread and on several', async () => {
  const told = await Promise.all(
    ['1', '3'].map(async (jobs) => {
      const { stdout } = await desk.run('simulate-faults', '--seeds', '1..24', '--jobs', jobs, '--json');
      const { simulatedSecondsPerSecond: _, ...document } = JSON.parse(stdout) as Record<string, unknown>;
      return document;
    }),
  );
  expect(told[0]).toMatchObject({ runs: 24, interrupted: false });
  expect(told[1]).toEqual(told[0]);
});

test('interrupted, it tells what the runs until then came to', async () => {
  const program = desk.start('simulate-faults', '--seeds', '1..1000000', '--jobs', '2', '--json');
  await program.line(/^\d+ runs, \d+ moves/);
  program.signal('SIGINT');
  const { code, stdout } = await program.ended;
  expect(code).toBe(130);
  const told = JSON.parse(stdout) as { readonly runs: number };
  expect(told).toMatchObject({ interrupted: true, failures: [] });
  expect(told.runs).toBeGreaterThan(0);
});

test('a range of seeds that is none is refused', async () => {
  const { code, stderr } = await desk.run('simulate-faults', '--seeds', '8..3');
  expect(code).not.toBe(0);
  expect(stderr).toContain('1..2000');
});
