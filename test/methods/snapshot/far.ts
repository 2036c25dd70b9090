/* The other process: reads snapshots from its standard input, one on each line, and says what it sees. */
import { createInterface } from 'node:readline';
import { decodeValue } from '../../../src/methods/snapshot/index.ts';
import { decodeOptions, rows } from './kinds.ts';

for await (const line of createInterface({ input: process.stdin })) {
  const [index, bytes] = JSON.parse(line) as [number, string];
  let seen: unknown;
  try {
    const value = decodeValue(Buffer.from(bytes, 'base64'), decodeOptions) as never;
    seen = { sees: rows[index]?.see(value) };
  } catch (error) {
    seen = { fails: String(error) };
  }
  process.stdout.write(`${JSON.stringify([index, seen])}\n`);
}
