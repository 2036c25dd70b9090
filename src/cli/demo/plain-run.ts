import { register } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { builtEntry } from '../../entries.ts';
import { encodeValue } from '../../methods/snapshot/index.ts';
import type { PlannedExecution } from './plan.ts';

// A plain Node process: calls the same functions with the same arguments, without any of godwit in between. Takes one
// planned execution per line of standard input, and answers each with its result, encoded, and its time.
register(builtEntry('cli/demo/plain-hooks'));

for await (const line of createInterface({ input: process.stdin })) {
  const { file, method, options } = JSON.parse(line) as PlannedExecution;
  const module = (await import(pathToFileURL(file).href)) as Record<string, (options: unknown) => unknown>;
  const before = process.cpuUsage();
  const value = await module[method]?.(options);
  const { user, system } = process.cpuUsage(before);
  console.log(
    JSON.stringify({
      value: Buffer.from(encodeValue(value)).toString('base64'),
      cpuMs: (user + system) / 1_000,
    }),
  );
}
