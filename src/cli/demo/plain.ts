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

/** Calls the same functions in plain Node processes, one after the other in each. The order of results is the plan's. */
export async function runPlainly(
  plan: readonly PlannedExecution[],
  processes: number,
  onResult: (index: number) => void,
): Promise<readonly PlainResult[]> {
  const results = new Map<number, PlainResult>();
  const shares = Array.from({ length: processes }, (_, share) =>
    [...plan.entries()].filter(([index]) => index % processes === share),
  );
  await Promise.all(
    shares.map((share) =>
      runShare(share, (index, result) => {
        results.set(index, result);
        onResult(index);
      }),
    ),
  );
  return plan.flatMap((_, index) => results.get(index) ?? []);
}

async function runShare(
  share: readonly (readonly [number, PlannedExecution])[],
  onResult: (index: number, result: PlainResult) => void,
): Promise<void> {
  const child = spawn(process.execPath, [builtEntry('cli/demo/plain-run').pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    for (const [index, execution] of share) {
      child.stdin.write(`${JSON.stringify(execution)}\n`);
      const answer = await answers.next();
      if (answer.done === true)
        throw new PlainRunError(`The plain run of ${execution.title} failed: see above.`);
      const { value, cpuMs } = JSON.parse(answer.value) as { readonly value: string; readonly cpuMs: number };
      onResult(index, { value: Buffer.from(value, 'base64'), cpuMs });
    }
    child.stdin.end();
  } finally {
    if (child.exitCode === null) child.kill();
  }
}
