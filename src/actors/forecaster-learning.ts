import { assertNever } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { ForecasterMemory, Recalled } from './forecaster-memory.ts';
import type { ActorContext } from './kernel/contract.ts';
import type { EventSink, Learning } from './ports.ts';

/** What the analyzer tells itself about what its forecaster learned. */
export type LearningMessage =
  | { readonly kind: 'recallDue'; readonly attempt: number }
  | { readonly kind: 'recalled'; readonly recalled: Recalled }
  | { readonly kind: 'recallFailed'; readonly attempt: number; readonly failure: string }
  | { readonly kind: 'learnDue' }
  | { readonly kind: 'learned'; readonly learning: Learning }
  | { readonly kind: 'learnFailed'; readonly failure: string }
  | { readonly kind: 'keepDue' }
  | { readonly kind: 'kept' }
  | { readonly kind: 'keepFailed'; readonly failure: string };

export interface LearningPorts {
  readonly memory: ForecasterMemory;
  readonly events: EventSink;
  /** Between two times that it learns. */
  readonly learnMs: number;
}

type LearningContext = Pick<ActorContext<LearningMessage>, 'pipe' | 'after'>;

const recallsMax = 10;
const againMs = 1_000;
const keepAgainMs = 60_000;

/**
 * Recalls what the holders before had learned; then, time after time, learns on and keeps what came of it. It is never
 * kept before it was recalled, unless it cannot be.
 */
export function followLearning(
  message: LearningMessage,
  context: LearningContext,
  { memory, events, learnMs }: LearningPorts,
): void {
  const failed = (reason: string): void => events.emit({ kind: 'forecasterFailed', reason });
  switch (message.kind) {
    case 'recallDue': {
      const { attempt } = message;
      return context.pipe(
        memory.recall(),
        (recalled) => ({ kind: 'recalled', recalled }),
        (error) => ({ kind: 'recallFailed', attempt, failure: messageOf(error) }),
      );
    }
    case 'recallFailed':
      if (message.attempt < recallsMax)
        return void context.after(againMs, { kind: 'recallDue', attempt: message.attempt + 1 });
      failed(`what it had learned cannot be read, so it begins as it was shipped: ${message.failure}`);
      return void context.after(learnMs, { kind: 'learnDue' });
    case 'recalled':
      if (message.recalled.kind === 'refused')
        failed(
          `what it had learned is of no use, so it begins as it was shipped: ${message.recalled.reason}`,
        );
      return void context.after(learnMs, { kind: 'learnDue' });
    case 'learnDue':
      return context.pipe(
        memory.learn(),
        (learning) => ({ kind: 'learned', learning }),
        (error) => ({ kind: 'learnFailed', failure: messageOf(error) }),
      );
    case 'learned': {
      context.after(learnMs, { kind: 'learnDue' });
      if (message.learning.kind === 'kept') return;
      const { series, errorBefore, errorAfter } = message.learning;
      events.emit({ kind: 'forecasterLearned', series, errorBefore, errorAfter });
      return keep(context, memory);
    }
    case 'learnFailed':
      failed(`it could not learn: ${message.failure}`);
      return void context.after(learnMs, { kind: 'learnDue' });
    case 'keepDue':
      return keep(context, memory);
    case 'keepFailed':
      failed(`what it learned is not in the vault yet: ${message.failure}`);
      return void context.after(keepAgainMs, { kind: 'keepDue' });
    case 'kept':
      return;
    default:
      return assertNever(message);
  }
}

function keep(context: LearningContext, memory: ForecasterMemory): void {
  context.pipe(
    memory.save(),
    () => ({ kind: 'kept' }),
    (error) => ({ kind: 'keepFailed', failure: messageOf(error) }),
  );
}
