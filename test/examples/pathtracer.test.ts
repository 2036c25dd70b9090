import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { RenderResult } from '../../examples/pathtracer.ts';
import { encodePng } from '../../examples/png.ts';
import { load, runNative } from '../methods/runtime/workshop.ts';
import { movable, movedAtRandom, native } from './as-written.ts';

const size = { width: 32, height: 18, samples: 4 };
const small = { width: 8, height: 6, samples: 1 };

/** Runs in plain Node. */
async function render(options: Record<string, unknown>): Promise<RenderResult> {
  const ran = await runNative(native, 'pathtracer.ts', 'render', [options]);
  if (!ran.ok) throw new Error(ran.error);
  return ran.value as RenderResult;
}

function pixelsOf(result: RenderResult): Uint8Array {
  if (result.pixels === null) throw new Error('the pixels went to a file');
  return result.pixels;
}

test('bands join without a seam', async () => {
  const whole = await render(size);
  const above = await render({ ...size, rows: 7 });
  const below = await render({ ...size, fromRow: 7, rows: 11 });
  expect([above.rows, below.rows]).toEqual([7, 11]);
  expect(Buffer.concat([pixelsOf(above), pixelsOf(below)])).toEqual(Buffer.from(pixelsOf(whole)));
});

test('light falls from the lamp: spheres shine, and the picture is neither dark nor white', async () => {
  const pixels = pixelsOf(await render({ ...size, samples: 16 }));
  const mean = pixels.reduce((sum, byte) => sum + byte, 0) / pixels.length;
  expect(mean).toBeGreaterThan(70);
  expect(mean).toBeLessThan(180);
  expect(pixels.some((byte) => byte > 200)).toBe(true);
});

test('a band goes to a PNG file as an effect', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'godwit picture '));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'made on the way', 'band.png');
  const result = await render({ ...size, fromRow: 4, rows: 5, file });
  expect(result).toMatchObject({ pixels: null, rows: 5, rays: 32 * 5 * 4, acts: 3 });
  const { pixels } = await render({ ...size, fromRow: 4, rows: 5 });
  expect(await readFile(file)).toEqual(encodePng({ width: 32, height: 5, pixels: pixels as Uint8Array }));
});

test('a band outside the picture is refused', async () => {
  await expect(render({ ...size, fromRow: 10, rows: 9 })).rejects.toThrow('Rows 10 to 19 are no band');
});

test.each([1, 2])('moves in the middle of a ray (SEED=%i)', async (seed) => {
  await load(movable, 'pathtracer.ts');
  const { outcome, moved } = await movedAtRandom('pathtracer.ts#render', [small], seed);
  expect(outcome).toEqual({ ok: true, value: await render(small) });
  expect(moved).toBeGreaterThan(3);
});
