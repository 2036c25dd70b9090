import { defineConfig } from 'vitest/config';

const report = process.env['GODWIT_TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/temporary-folder.ts', 'test/build.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Tests of real processes share the machine with whatever else runs there: in CI a failure counts when it repeats.
    retry: process.env['CI'] === undefined ? 0 : 1,
    ...(report === undefined ? {} : { reporters: ['default', 'json'], outputFile: { json: report } }),
  },
});
