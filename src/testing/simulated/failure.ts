import type { ClusterRun } from './cluster-run.ts';
import { faultText } from './cluster-faults.ts';
import { ExecutionFailedError } from '../../cluster-errors.ts';
import { PromiseBrokenError, TestOptionsError } from './errors.ts';

/** The run that an error was explained with: it is told once. */
const explained = new WeakSet<object>();

/**
 * A failure as a test's author reads it: what, the seed, and what happened before.
 *
 * @param error what the test's function threw; undefined when only promises were broken
 * @returns what to throw: the same error, its message extended, unless a promise was broken
 */
export function explain(run: ClusterRun, error: unknown): unknown {
  if (error instanceof PromiseBrokenError || error instanceof TestOptionsError) return error;
  const { violations } = run;
  const account = accountOf(run);
  if (violations.length > 0) {
    const broken = violations.map(
      ({ promise, execution, text }) => `${promise} is broken for ${execution}: ${text}`,
    );
    return new PromiseBrokenError([...broken, '', account].join('\n'), violations, error);
  }
  if (!(error instanceof Error) || explained.has(error)) return error;
  explained.add(error);
  const stack = error instanceof ExecutionFailedError ? [error.executionStack] : [];
  error.message = [error.message, ...stack, '', account].join('\n');
  return error;
}

function accountOf(run: ClusterRun): string {
  const { seed, traceLines, faults, isDrawn } = run.options;
  const lines = run.traceLines();
  const shown = lines.slice(Math.max(0, lines.length - traceLines));
  const left = lines.length - shown.length;
  return [
    `In a simulated cluster with SEED=${seed}. The same again: set SEED=${seed} in the environment, or the option seed: ${seed}.`,
    ...(isDrawn ? ['It drew these faults:', ...faults.map((fault) => `  ${faultText(fault)},`)] : []),
    left > 0
      ? `What happened (the last ${shown.length} of ${lines.length} lines; ms):`
      : 'What happened (ms):',
    ...shown,
  ].join('\n');
}
