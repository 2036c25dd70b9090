import { assertNever } from '../../core/assert.ts';
import { GodwitError } from '../../core/errors.ts';
import type { ExecutionId } from '../../core/ids.ts';
import type { SendRefusal } from '../../protocols/delivery/state.ts';
import { deliveryLimits } from '../../protocols/delivery/state.ts';

/** No movable method was registered where a package says that its modules are. */
export class MethodsMissingError extends GodwitError {
  override readonly name = 'MethodsMissingError';
  readonly code = 'METHODS_MISSING';
  readonly retryable = false;

  constructor(baseUrl: string) {
    super(
      `No module under ${baseUrl} registered a movable method. Import the package's modules first; ` +
        'if they were, they were not compiled by godwit, or a minifier removed the directive "use movable".',
    );
  }
}

/** A function of godwit's API was called where no execution runs. */
export class NoExecutionError extends GodwitError {
  override readonly name = 'NoExecutionError';
  readonly code = 'NO_EXECUTION';
  readonly retryable = false;

  constructor(api: string) {
    super(
      `${api}() was called outside an execution. It works inside a movable method that a cluster runs ` +
        '(godwit run FILE#method), not in a function that plain Node called, nor after an await in an effect.',
    );
  }
}

/** An effect's host is gone, its outcome is unknown, and it cannot be started again from where the method stands. */
export class EffectLostError extends GodwitError {
  override readonly name = 'EffectLostError';
  readonly code = 'EFFECT_LOST';
  readonly retryable = true;

  constructor(effect: string, sequence: number) {
    super(
      `The outcome of effect '${effect}' (number ${sequence}) is unknown: its host is gone. ` +
        `Write await effect('${effect}', …) in one expression: then it is started again under the same key.`,
    );
  }
}

/** One attempt of an effect took longer than it may. */
export class EffectTimeoutError extends GodwitError {
  override readonly name = 'EffectTimeoutError';
  readonly code = 'EFFECT_TIMEOUT';
  readonly retryable = true;

  constructor(
    effect: string,
    at: {
      readonly sequence: number;
      readonly key: string;
      readonly attempt: number;
      readonly attemptsMax: number;
      readonly timeoutMs: number;
    },
  ) {
    super(
      `Effect '${effect}' (number ${at.sequence}): attempt ${at.attempt} of at most ${at.attemptsMax} took longer than ` +
        `its timeoutMs of ${at.timeoutMs} ms. What it asked for may have been done all the same, under key ${at.key}. ` +
        'Raise timeoutMs, or give it more attempts (retry).',
    );
  }
}

/** An effect of a durable execution was called again, after a recovery, with other arguments than before. */
export class EffectChangedError extends GodwitError {
  override readonly name = 'EffectChangedError';
  readonly code = 'EFFECT_CHANGED';
  readonly retryable = false;

  constructor(sequence: number, before: string, now: string) {
    super(
      `Effect number ${sequence} was called as '${before}' before the recovery, and as '${now}' or with other options ` +
        'after it: under the same key it would be taken for the first one. ' +
        'Compute its name and options before the call, in variables that nothing else changes.',
    );
  }
}

/** A module of a movable file keeps state that would not move. */
export class ModuleStateError extends GodwitError {
  override readonly name = 'ModuleStateError';
  readonly code = 'MODULE_STATE';
  readonly retryable = false;

  constructor(path: string, constant: string) {
    super(
      `${path}: the module's constant '${constant}' is not frozen, so it would be state that does not move. ` +
        'Freeze it at each level (Object.freeze), or make it a local of a method.',
    );
  }
}

type Refusal = Exclude<SendRefusal, 'full'> | 'absent';

function refusalText(reason: Refusal, bytes: number): string {
  switch (reason) {
    case 'ended':
      return 'it has ended';
    case 'absent':
      return 'there is no such execution';
    case 'tooLarge':
      return `it has ${bytes} bytes, at most ${deliveryLimits.bodyBytesMax} are sent at a time. Send less, or in parts`;
    case 'tooManyPeers':
      return `its sender has ${deliveryLimits.peersMax} peers that have not ended. Send by way of one of them`;
    default:
      return assertNever(reason);
  }
}

/** A message or a result could not be sent. */
export class SendFailedError extends GodwitError {
  override readonly name = 'SendFailedError';
  readonly code = 'SEND_FAILED';
  readonly retryable = false;

  constructor(to: ExecutionId, reason: Refusal, bytes = 0) {
    super(`The message to ${to} was not sent: ${refusalText(reason, bytes)}.`);
  }
}
