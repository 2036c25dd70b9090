import { expect, test } from 'vitest';
import { unalignedStride, unevenStride } from '../../src/forecasting/period.ts';

test.each([3, 5, 6, 8, 12, 24, 36])(
  'origins meet all phases of a cycle of %i evenly, whatever was wanted',
  (cycle) => {
    for (const wanted of [2.4, 5, 6.9, 8, 11.1, 13, 24]) {
      const stride = unevenStride(wanted);
      expect(stride).toBeLessThanOrEqual(wanted);
      expect(stride).toBeGreaterThan(wanted - 1);
      const met = new Float64Array(cycle);
      const origins = 300;
      for (let count = 0; count < origins; count += 1)
        met[Math.floor(count * stride) % cycle]! += cycle / origins;
      for (const share of met) expect(Math.abs(share - 1)).toBeLessThan(0.5);
    }
  },
);

test('where origins are wanted close together, every value is one', () => {
  expect(unevenStride(0.3)).toBe(1);
  expect(unevenStride(1)).toBe(1);
});

test('an unaligned stride has no divisor in common with the day', () => {
  expect(unalignedStride(12, 300_000)).toBe(11);
  expect(unalignedStride(4, 3_600_000)).toBe(1);
});
