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

test('a range of seeds that is none is refused', async () => {
  const { code, stderr } = await desk.run('simulate-faults', '--seeds', '8..3');
  expect(code).not.toBe(0);
  expect(stderr).toContain('1..2000');
});
