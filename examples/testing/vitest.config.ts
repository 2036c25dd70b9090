import godwit from 'godwit/vite';
import { defineConfig } from 'vitest/config';

// A seed takes some tenths of a second; many of them stand in one test.
export default defineConfig({ plugins: [godwit()], test: { testTimeout: 60_000 } });
