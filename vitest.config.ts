import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

const report = process.env['GODWIT_TEST_REPORT'];

/** Whole clusters whose hosts are killed, stopped and cut off: what else runs there would be one more fault. */
const clusters = ['test/faults/**/*.test.ts'];

const settings = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Tests of real processes share the machine with whatever else runs there: in CI a failure counts when it repeats.
  retry: process.env['CI'] === undefined ? 0 : 1,
};

export default defineConfig({
  test: {
    globalSetup: ['test/temporary-folder.ts', 'test/build.ts'],
    projects: [
      {
        test: {
          ...settings,
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...clusters],
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      {
        test: {
          ...settings,
          name: 'clusters',
          include: clusters,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    ...(report === undefined ? {} : { reporters: ['default', 'json'], outputFile: { json: report } }),
  },
});
