import { assertNever } from '../../core/assert.ts';
import type { OwnershipAnswer, OwnershipAsk, OwnerPointer } from '../ownership/ownership.ts';
import type { Cargo, Passage, SourceMessage, TargetMessage } from './messages.ts';
import type {
  SourceEffect,
  SourceEvent,
  SourceOutcome,
  SourceState,
  SourceStep,
  SourceTimer,
} from './source.ts';
import type { MigrationStep } from './steps.ts';

type In<Phase extends SourceState['phase']> = Extract<SourceState, { phase: Phase }>;

/**
 * Starts a move: it will have happened whole, or not at all (promise 3).
 *
 * @param attemptsMax how often `prepare` may be sent in all, at least 1
 */
export function beginSource(passage: Passage, cargo: Cargo, attemptsMax: number): SourceStep {
  const state: SourceState = { passage, cargo, attemptsLeft: attemptsMax - 1, phase: 'preparing' };
  return enter(state, ...waitFor(state));
}

/** Which step's child waits in this phase. */
export function sourceStepOf(state: SourceState): MigrationStep {
  switch (state.phase) {
    case 'preparing':
      return 'prepare';
    case 'freezing':
    case 'transferring':
    case 'unfreezing':
      return 'transfer';
    case 'releasing':
    case 'resuming':
    case 'doubting':
      return 'resume';
    case 'confirming':
    case 'committing':
    case 'done':
      return 'commit';
    default:
      return assertNever(state);
  }
}

/**
 * What a source that is finished, or was never heard of here, answers a late message; null when nothing is owed. A
 * `resumed` is a fact of the register, so it may be acknowledged by anybody.
 */
export function answerAsUnknownSource(message: TargetMessage): SourceMessage | null {
  const { passage } = message;
  switch (message.kind) {
    case 'resumed':
      return { kind: 'commit', passage };
    case 'prepared':
    case 'transferred':
      return { kind: 'cancel', passage, reason: 'the migration is over' };
    case 'refused':
    case 'transferFailed':
    case 'declined':
    case 'committed':
      return null;
    default:
      return assertNever(message);
  }
}

/** Advances the source by one event. Events that a phase does not expect change nothing. */
export function stepSource(state: SourceState, event: SourceEvent): SourceStep {
  if (event.kind === 'restarted') return stay(state, ...waitFor(state));
  switch (state.phase) {
    case 'preparing':
      return stepPreparing(state, event);
    case 'freezing':
      return stepFreezing(state, event);
    case 'transferring':
      return stepTransferring(state, event);
    case 'unfreezing':
    case 'doubting':
      return stepUnfreezing(state, event);
    case 'releasing':
      return stepReleasing(state, event);
    case 'resuming':
      return stepResuming(state, event);
    case 'confirming':
      return event.kind === 'answered' ? stepConfirming(state, event.answer) : stay(state);
    case 'committing':
      return stepCommitting(state, event);
    case 'done':
      return stay(state);
    default:
      return assertNever(state);
  }
}

/** What a phase waits for, so that a restarted step can ask for it again. */
function waitFor(state: SourceState): SourceEffect[] {
  const { passage, cargo } = state;
  const { migration } = passage;
  switch (state.phase) {
    case 'preparing':
      return [send({ kind: 'prepare', passage, cargo }), startTimer('prepare')];
    case 'freezing':
      return [ask({ kind: 'freeze', migration, epoch: passage.epoch })];
    case 'transferring': {
      const { digest, sizeBytes } = state;
      return [send({ kind: 'transfer', passage, digest, sizeBytes }), startTimer('transfer')];
    }
    case 'unfreezing':
    case 'doubting':
      return [ask({ kind: 'unfreeze', migration })];
    case 'releasing':
      return [ask({ kind: 'release', migration, digest: state.digest })];
    case 'resuming':
      return [send({ kind: 'resume', passage, digest: state.digest }), startTimer('resume')];
    case 'confirming':
      return [ask({ kind: 'confirmHandOver', migration })];
    case 'committing':
      return [send({ kind: 'commit', passage }), startTimer('commit')];
    case 'done':
      return [{ kind: 'finish', outcome: state.outcome }];
    default:
      return assertNever(state);
  }
}

function stepPreparing(state: In<'preparing'>, event: SourceEvent): SourceStep {
  switch (event.kind) {
    case 'received':
      if (event.message.kind === 'prepared') return moveTo({ ...base(state), phase: 'freezing' });
      if (event.message.kind === 'refused') {
        return finish(state, { kind: 'refused', reason: event.message.reason });
      }
      return stay(state);
    case 'timedOut':
      if (event.timer !== 'prepare') return stay(state);
      if (state.attemptsLeft === 0) return calledOff(state, refused('the target did not answer prepare'));
      return moveTo({ ...state, attemptsLeft: state.attemptsLeft - 1 });
    case 'cancelled':
      return calledOff(state, refused(event.reason));
    case 'targetEnded':
      return finish(state, refused('the target is gone'));
    default:
      return stay(state);
  }
}

function stepFreezing(state: In<'freezing'>, event: SourceEvent): SourceStep {
  switch (event.kind) {
    case 'answered':
      if (event.answer.kind === 'frozen') {
        const { digest, sizeBytes } = event.answer;
        return moveTo({ ...base(state), phase: 'transferring', digest, sizeBytes });
      }
      if (event.answer.kind === 'pinned' || event.answer.kind === 'busy') {
        return calledOff(state, refused(event.answer.reason));
      }
      return goneOr(state, event.answer);
    case 'cancelled':
      return unfreeze(state, 'rollBack', event.reason);
    case 'targetEnded':
      return unfreeze(state, 'rollBack', 'the target is gone');
    default:
      return stay(state);
  }
}

function stepTransferring(state: In<'transferring'>, event: SourceEvent): SourceStep {
  switch (event.kind) {
    case 'received':
      return receivedTransferring(state, event.message);
    case 'answered':
      return goneOr(state, event.answer);
    case 'timedOut':
      return event.timer === 'transfer'
        ? unfreeze(state, 'retry', 'the transfer took too long')
        : stay(state);
    case 'cancelled':
      return unfreeze(state, 'rollBack', event.reason);
    case 'targetEnded':
      return unfreeze(state, 'rollBack', 'the target is gone');
    default:
      return stay(state);
  }
}

function receivedTransferring(state: In<'transferring'>, message: TargetMessage): SourceStep {
  switch (message.kind) {
    case 'transferred':
      // The digest tells this attempt's copy from an earlier one's.
      return message.digest === state.digest
        ? moveTo({ ...base(state), phase: 'releasing', digest: state.digest })
        : stay(state);
    case 'transferFailed':
      return message.digest === state.digest ? unfreeze(state, 'retry', message.reason) : stay(state);
    case 'refused':
      return unfreeze(state, 'rollBack', message.reason);
    default:
      return stay(state);
  }
}

/** Both before `resume` (runs on freely) and after it (ownership claims): the answer says which. */
function stepUnfreezing(state: In<'unfreezing'> | In<'doubting'>, event: SourceEvent): SourceStep {
  if (event.kind !== 'answered') return stay(state);
  const { answer } = event;
  switch (answer.kind) {
    case 'unfrozen': {
      const retries =
        state.phase === 'unfreezing' &&
        state.afterwards === 'retry' &&
        state.attemptsLeft > 0 &&
        answer.epoch === state.passage.epoch;
      if (retries) {
        return moveTo({ ...base(state), attemptsLeft: state.attemptsLeft - 1, phase: 'preparing' });
      }
      return calledOff(state, { kind: 'rolledBack', reason: state.reason, epoch: answer.epoch });
    }
    case 'handedOver':
      return handedOver(state, answer.pointer);
    default:
      return goneOr(state, answer);
  }
}

function stepReleasing(state: In<'releasing'>, event: SourceEvent): SourceStep {
  switch (event.kind) {
    case 'answered':
      return event.answer.kind === 'released'
        ? moveTo({ ...base(state), phase: 'resuming', digest: state.digest })
        : goneOr(state, event.answer);
    case 'cancelled':
      return unfreeze(state, 'rollBack', event.reason);
    case 'targetEnded':
      return unfreeze(state, 'rollBack', 'the target is gone');
    default:
      return stay(state);
  }
}

/** In doubt from here: the target may run, so only the register decides. */
function stepResuming(state: In<'resuming'>, event: SourceEvent): SourceStep {
  switch (event.kind) {
    case 'received':
      if (event.message.kind === 'resumed') return moveTo({ ...base(state), phase: 'confirming' });
      return event.message.kind === 'declined' ? doubt(state, event.message.reason) : stay(state);
    case 'answered':
      return goneOr(state, event.answer);
    case 'timedOut':
      return event.timer === 'resume' ? doubt(state, 'the target did not answer resume') : stay(state);
    case 'targetEnded':
      return doubt(state, 'the target is gone');
    default:
      return stay(state);
  }
}

function stepConfirming(state: In<'confirming'>, answer: OwnershipAnswer): SourceStep {
  switch (answer.kind) {
    case 'handedOver':
      return handedOver(state, answer.pointer);
    case 'released':
      return doubt(state, 'the register could not be read, or does not show the target');
    case 'unfrozen':
      return finish(state, { kind: 'rolledBack', reason: 'it was claimed back', epoch: answer.epoch });
    default:
      return goneOr(state, answer);
  }
}

function stepCommitting(state: In<'committing'>, event: SourceEvent): SourceStep {
  const moved: SourceOutcome = { kind: 'moved', pointer: state.pointer };
  switch (event.kind) {
    case 'received':
      return event.message.kind === 'committed' ? finish(state, moved) : stay(state);
    case 'timedOut':
      return event.timer === 'commit' ? stay(state, ...waitFor(state)) : stay(state);
    case 'targetEnded':
      return finish(state, moved);
    default:
      return stay(state);
  }
}

function handedOver(state: SourceState, pointer: OwnerPointer): SourceStep {
  if (pointer.owner !== state.passage.target) {
    return finish(state, {
      kind: 'gone',
      reason: `it is owned by ${pointer.owner} since epoch ${pointer.epoch}`,
    });
  }
  return moveTo({ ...base(state), phase: 'committing', pointer });
}

function goneOr(state: SourceState, answer: OwnershipAnswer): SourceStep {
  return answer.kind === 'gone' ? calledOff(state, { kind: 'gone', reason: answer.reason }) : stay(state);
}

function unfreeze(state: SourceState, afterwards: 'retry' | 'rollBack', reason: string): SourceStep {
  return moveTo({ ...base(state), phase: 'unfreezing', afterwards, reason });
}

function doubt(state: SourceState, reason: string): SourceStep {
  return moveTo({ ...base(state), phase: 'doubting', reason });
}

function calledOff(state: SourceState, outcome: SourceOutcome): SourceStep {
  const reason = outcome.kind === 'moved' ? 'moved' : outcome.reason;
  return finish(state, outcome, send({ kind: 'cancel', passage: state.passage, reason }));
}

function finish(state: SourceState, outcome: SourceOutcome, ...before: SourceEffect[]): SourceStep {
  return enter({ ...base(state), phase: 'done', outcome }, ...before, { kind: 'finish', outcome });
}

function base(state: SourceState): Pick<SourceState, 'passage' | 'cargo' | 'attemptsLeft'> {
  return { passage: state.passage, cargo: state.cargo, attemptsLeft: state.attemptsLeft };
}

/** Enters a phase and asks for what it waits for. */
function moveTo(state: SourceState): SourceStep {
  return enter(state, ...waitFor(state));
}

function enter(state: SourceState, ...effects: SourceEffect[]): SourceStep {
  return { state, effects: [{ kind: 'save' }, ...effects] };
}

function stay(state: SourceState, ...effects: SourceEffect[]): SourceStep {
  return { state, effects };
}

function refused(reason: string): SourceOutcome {
  return { kind: 'refused', reason };
}

function send(message: SourceMessage): SourceEffect {
  return { kind: 'send', message };
}

function ask(asked: OwnershipAsk): SourceEffect {
  return { kind: 'askOwnership', ask: asked };
}

function startTimer(timer: SourceTimer): SourceEffect {
  return { kind: 'startTimer', timer };
}
