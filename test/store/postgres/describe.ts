import { describe } from 'vitest';
import { whyNone } from './server.ts';

/** Tests that need a server of PostgreSQL. Where none can run they are skipped, with a word; in CI they fail instead. */
export function describeWithPostgres(name: string, body: () => void): void {
  const why = whyNone();
  if (why === null || process.env['CI'] === 'true') return void describe(name, body);
  console.warn(`Skipped: ${name}, since ${why}`);
  describe.skip(name, body);
}
