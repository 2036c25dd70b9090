import { assertNever } from '../../core/assert.ts';
import type { SnapshotDigest } from '../../core/ids.ts';
import type { OwnershipAnswer } from '../ownership/ownership.ts';
import type { SourceMessage, TargetMessage } from './messages.ts';
import type { MigrationStep } from './steps.ts';
import type { TargetEffect, TargetEvent, TargetOutcome, TargetState, TargetStep } from './target.ts';

type In<Phase extends TargetState['phase']> = Extract<TargetState, { phase: Phase }>;

/** Starts the target's end (promise 3), on a `prepare` for a migration that is not known here. */
export function beginTarget(message: Extract<SourceMessage, { kind: 'prepare' }>): TargetStep {
  const { passage, cargo } = message;
  return enter({ passage, cargo, phase: 'admitting' }, { kind: 'admit', cargo });
}

/** Which step's child waits in this phase. */
export function targetStepOf(state: TargetState): MigrationStep {
  switch (state.phase) {
    case 'admitting':
    case 'prepared':
      return 'prepare';
    case 'fetching':
    case 'rebuilding':
    case 'transferred':
    case 'dropping':
      return 'transfer';
    case 'claiming':
      return 'resume';
    case 'resumed':
    case 'done':
      return 'commit';
    default:
      return assertNever(state);
  }
}

/** What a target answers when the migration is not known here (any more); null when nothing is owed, or it begins. */
export function answerAsUnknownTarget(message: SourceMessage): TargetMessage | null {
  const { passage } = message;
  const reason = 'the target does not know this migration';
  switch (message.kind) {
    case 'transfer':
      return { kind: 'transferFailed', passage, digest: message.digest, reason };
    case 'resume':
      return { kind: 'declined', passage, reason };
    case 'commit':
      return { kind: 'committed', passage };
    case 'prepare':
    case 'cancel':
      return null;
    default:
      return assertNever(message);
  }
}

/** Advances the target by one event. Events that a phase does not expect change nothing. */
export function stepTarget(state: TargetState, event: TargetEvent): TargetStep {
  if (event.kind === 'restarted') return stay(state, ...waitFor(state));
  switch (state.phase) {
    case 'admitting':
      return stepAdmitting(state, event);
    case 'prepared':
    case 'fetching':
    case 'rebuilding':
    case 'transferred':
      return stepHolding(state, event);
    case 'claiming':
      return event.kind === 'answered' ? claimAnswered(state, event.answer) : stay(state);
    case 'resumed':
      return stepResumed(state, event);
    case 'dropping':
      return event.kind === 'answered' ? dropAnswered(state, event.answer) : stay(state);
    case 'done':
      return event.kind === 'received' ? answerDone(state, event.message) : stay(state);
    default:
      return assertNever(state);
  }
}

/** What a phase waits for, so that a restarted step can ask for it again. */
function waitFor(state: TargetState): TargetEffect[] {
  const { passage, cargo } = state;
  const { migration, epoch, generation, source } = passage;
  switch (state.phase) {
    case 'admitting':
      return [{ kind: 'admit', cargo }];
    case 'prepared':
      return [{ kind: 'send', message: { kind: 'prepared', passage } }, startReservation];
    case 'fetching':
      return [{ kind: 'fetch', digest: state.digest, sizeBytes: state.sizeBytes }];
    case 'rebuilding': {
      const copy = { migration, from: source, epoch, generation, digest: state.digest };
      return [{ kind: 'askOwnership', ask: { kind: 'receive', migration, copy } }];
    }
    case 'transferred': {
      const message = { kind: 'transferred', passage, digest: state.digest } as const;
      return [{ kind: 'send', message }, startReservation];
    }
    case 'claiming':
      return [{ kind: 'askOwnership', ask: { kind: 'claim', migration, digest: state.digest } }];
    case 'resumed':
      return [
        { kind: 'send', message: { kind: 'resumed', passage, epoch: state.epoch } },
        { kind: 'startTimer', timer: 'commit' },
      ];
    case 'dropping':
      return [{ kind: 'askOwnership', ask: { kind: 'drop', migration } }];
    case 'done':
      return [{ kind: 'releaseReservation' }, { kind: 'finish', outcome: state.outcome }];
    default:
      return assertNever(state);
  }
}

const startReservation: TargetEffect = { kind: 'startTimer', timer: 'reservation' };

function stepAdmitting(state: In<'admitting'>, event: TargetEvent): TargetStep {
  const { passage } = state;
  switch (event.kind) {
    case 'admitted':
      return moveTo({ ...base(state), phase: 'prepared' });
    case 'notAdmitted': {
      const { reason } = event;
      return finish(state, { kind: 'refused', reason }, { kind: 'refused', passage, reason });
    }
    case 'sourceEnded':
      return finish(state, { kind: 'dropped', reason: 'the source is gone' }, null);
    case 'received':
      if (event.message.kind === 'cancel') {
        return finish(state, { kind: 'dropped', reason: event.message.reason }, null);
      }
      return answerEarly(state, event.message);
    default:
      return stay(state);
  }
}

type Holding = In<'prepared'> | In<'fetching'> | In<'rebuilding'> | In<'transferred'>;

/** From the reservation to `resume`: everything here may be given up at any time. */
function stepHolding(state: Holding, event: TargetEvent): TargetStep {
  switch (event.kind) {
    case 'received':
      return receivedHolding(state, event.message);
    case 'fetched':
      return state.phase === 'fetching' && event.digest === state.digest
        ? moveTo({ ...base(state), phase: 'rebuilding', digest: state.digest })
        : stay(state);
    case 'fetchFailed':
      return state.phase === 'fetching' && event.digest === state.digest
        ? transferFailed(state, state.digest, event.reason)
        : stay(state);
    case 'answered':
      return receiveAnswered(state, event.answer);
    case 'timedOut':
      return event.timer === 'reservation' ? drop(state, 'no resume within the reservation') : stay(state);
    case 'sourceEnded':
      return drop(state, 'the source is gone');
    default:
      return stay(state);
  }
}

function receivedHolding(state: Holding, message: SourceMessage): TargetStep {
  const { passage } = state;
  switch (message.kind) {
    case 'prepare': // A further attempt: the reservation still stands.
      return stay(state, { kind: 'send', message: { kind: 'prepared', passage } });
    case 'transfer': {
      const { digest, sizeBytes } = message;
      if (state.phase === 'prepared' || state.digest !== digest) {
        return moveTo({ ...base(state), phase: 'fetching', digest, sizeBytes });
      }
      return state.phase === 'transferred' ? stay(state, ...waitFor(state)) : stay(state);
    }
    case 'resume':
      // Rule 5: only a resume that names the digest of the copy that stands here.
      return state.phase === 'transferred' && state.digest === message.digest
        ? moveTo({ ...base(state), phase: 'claiming', digest: state.digest })
        : answerEarly(state, message);
    case 'cancel':
      return drop(state, message.reason);
    case 'commit':
      return stay(state);
    default:
      return assertNever(message);
  }
}

function receiveAnswered(state: Holding, answer: OwnershipAnswer): TargetStep {
  switch (answer.kind) {
    case 'received':
      return state.phase === 'rebuilding' && answer.digest === state.digest
        ? moveTo({ ...base(state), phase: 'transferred', digest: state.digest })
        : stay(state);
    case 'notReceived':
      return state.phase === 'rebuilding' || state.phase === 'transferred'
        ? transferFailed(state, state.digest, answer.reason)
        : stay(state);
    default:
      return stay(state);
  }
}

function claimAnswered(state: In<'claiming'>, answer: OwnershipAnswer): TargetStep {
  const { passage } = state;
  switch (answer.kind) {
    case 'claimed':
      return moveTo(
        { ...base(state), phase: 'resumed', epoch: answer.epoch },
        { kind: 'releaseReservation' },
      );
    case 'lost':
    case 'gone': {
      const reason = 'the claim was lost: the register names another owner';
      return finish(state, { kind: 'dropped', reason }, { kind: 'declined', passage, reason });
    }
    case 'mismatched': {
      const reason = 'the copy is not here any more';
      return moveTo(
        { ...base(state), phase: 'dropping', reason },
        { kind: 'send', message: { kind: 'declined', passage, reason } },
      );
    }
    default:
      return stay(state);
  }
}

function stepResumed(state: In<'resumed'>, event: TargetEvent): TargetStep {
  const owner: TargetOutcome = { kind: 'owner', epoch: state.epoch };
  const { passage } = state;
  switch (event.kind) {
    case 'received':
      if (event.message.kind === 'commit') return finish(state, owner, { kind: 'committed', passage });
      return event.message.kind === 'resume' ? stay(state, ...waitFor(state)) : stay(state);
    case 'timedOut':
      return event.timer === 'commit' ? stay(state, ...waitFor(state)) : stay(state);
    case 'sourceEnded':
      return finish(state, owner, null);
    default:
      return stay(state);
  }
}

function dropAnswered(state: In<'dropping'>, answer: OwnershipAnswer): TargetStep {
  switch (answer.kind) {
    case 'dropped':
    case 'lost':
    case 'gone':
      return finish(state, { kind: 'dropped', reason: state.reason }, null);
    case 'claimed':
      return moveTo({ ...base(state), phase: 'resumed', epoch: answer.epoch });
    default:
      return stay(state);
  }
}

function answerDone(state: In<'done'>, message: SourceMessage): TargetStep {
  const { passage, outcome } = state;
  if (message.kind === 'resume' && outcome.kind === 'owner') {
    return stay(state, { kind: 'send', message: { kind: 'resumed', passage, epoch: outcome.epoch } });
  }
  if (message.kind === 'prepare' && outcome.kind !== 'owner') {
    return stay(state, { kind: 'send', message: { kind: 'refused', passage, reason: outcome.reason } });
  }
  return answerEarly(state, message);
}

/** Nothing here answers to the message, and the source should not wait for it. */
function answerEarly(state: TargetState, message: SourceMessage): TargetStep {
  const answered = answerAsUnknownTarget(message);
  return answered === null ? stay(state) : stay(state, { kind: 'send', message: answered });
}

function transferFailed(state: Holding, digest: SnapshotDigest, reason: string): TargetStep {
  const message: TargetMessage = { kind: 'transferFailed', passage: state.passage, digest, reason };
  return enter({ ...base(state), phase: 'prepared' }, { kind: 'send', message });
}

function drop(state: TargetState, reason: string): TargetStep {
  return moveTo({ ...base(state), phase: 'dropping', reason });
}

function finish(state: TargetState, outcome: TargetOutcome, told: TargetMessage | null): TargetStep {
  const before: TargetEffect[] = told === null ? [] : [{ kind: 'send', message: told }];
  return moveTo({ ...base(state), phase: 'done', outcome }, ...before);
}

function base(state: TargetState): Pick<TargetState, 'passage' | 'cargo'> {
  return { passage: state.passage, cargo: state.cargo };
}

/** Enters a phase and asks for what it waits for. */
function moveTo(state: TargetState, ...before: TargetEffect[]): TargetStep {
  return enter(state, ...before, ...waitFor(state));
}

function enter(state: TargetState, ...effects: TargetEffect[]): TargetStep {
  return { state, effects: [{ kind: 'save' }, ...effects] };
}

function stay(state: TargetState, ...effects: TargetEffect[]): TargetStep {
  return { state, effects };
}
