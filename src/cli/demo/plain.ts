import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { GodwitError } from '../../core/errors.ts';
import { builtEntry } from '../../entries.ts';
import type { PlannedExecution } from './plan.ts';

/** What a plain Node process got out of one call. */
export interface PlainResult {
  /** Encoded value. */
  readonly value: Uint8Array;
  readonly cpuMs: number;
}

/** The plain Node process ended before it had answered. */
export class PlainRunError extends GodwitError {
  override readonly name = 'PlainRunError';
  readonly code = 'PLAIN_RUN';
  readonly retryable = false;
}

/** Calls the same functions, one after the other, in a plain Node process. */
export async function runPlainly(
  plan: readonly PlannedExecution[],
  onResult: (index: number) => void,
): Promise<readonly PlainResult[]> {
  const child = spawn(process.execPath, [builtEntry('cli/demo/plain-run').pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const results: PlainResult[] = [];
  try {
    const lines = createInterface({ input: child.stdout });
    const answers = lines[Symbol.asyncIterator]();
    for (const [index, execution] of plan.entries()) {
      child.stdin.write(`${JSON.stringify(execution)}\n`);
      const answer = await answers.next();
      if (answer.done === true)
        throw new PlainRunError(`The plain run of ${execution.title} failed: see above.`);
      const { value, cpuMs } = JSON.parse(answer.value) as { readonly value: string; readonly cpuMs: number };
      results.push({ value: Buffer.from(value, 'base64'), cpuMs });
      onResult(index);
    }
    child.stdin.end();
  } finally {
    if (child.exitCode === null) child.kill();
  }
  return results;
}
