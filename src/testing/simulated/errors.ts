import { GodwitError } from '../../core/errors.ts';
import type { ExecutionId } from '../../core/ids.ts';
import type { Violation } from '../../simulator/cluster/witness.ts';
import type { EffectCall } from './effect-calls.ts';

/** An option of a simulated cluster that cannot be used, or one that does not exist. */
export class TestOptionsError extends GodwitError {
  override readonly name = 'TestOptionsError';
  readonly code = 'TEST_OPTIONS';
  readonly retryable = false;
}

/** An effect waits for something that does not come, and simulated time with it. */
export class EffectHangsError extends GodwitError {
  override readonly name = 'EffectHangsError';
  readonly code = 'EFFECT_HANGS';
  readonly retryable = false;

  constructor({ name, execution, host }: EffectCall, realMs: number) {
    super(
      `Effect '${name}' of ${execution} on ${host} has been waiting for ${realMs} ms of real time. Simulated time stands still ` +
        'meanwhile, so timers and time-outs do not come. Wait for simulated time with delay() of godwit/testing, or give ' +
        'the option realMaxMs a larger value.',
    );
  }
}

/** What was waited for did not come within simulated time. */
export class NotInTimeError extends GodwitError {
  override readonly name = 'NotInTimeError';
  readonly code = 'NOT_IN_TIME';
  readonly retryable = false;

  constructor(what: string, withinMs: number, found: string) {
    super(`${what} within ${withinMs} ms of simulated time: ${found.replace(/\.$/, '')}.`);
  }
}

/** In a simulated cluster one of godwit's promises was broken. */
export class PromiseBrokenError extends GodwitError {
  override readonly name = 'PromiseBrokenError';
  readonly code = 'PROMISE_BROKEN';
  readonly retryable = false;
  readonly violations: readonly Violation[];

  constructor(text: string, violations: readonly Violation[], cause: unknown) {
    super(text, cause === undefined ? undefined : { cause });
    this.violations = violations;
  }
}

/** The cluster has no such execution. */
export function noExecution(execution: ExecutionId, known: Iterable<string>): string {
  const list = [...known];
  return (
    `There is no execution '${execution}'. ` +
    (list.length === 0 ? 'None was started.' : `There are: ${list.join(', ')}.`)
  );
}
