import { GodwitError } from '../../core/errors.ts';
import type { ExitReason } from './exit-reason.ts';
import { describeExit } from './exit-reason.ts';

/** An actor's name is part of its path and must be made of few characters. */
export class InvalidActorNameError extends GodwitError {
  override readonly name = 'InvalidActorNameError';
  readonly code = 'ACTOR_NAME_INVALID';
  readonly retryable = false;

  constructor(actorName: string, parentPath: string) {
    super(
      `Actor name '${actorName}' under ${parentPath} is invalid: expected 1 to 200 letters, digits or -_.+ . ` +
        `Name it by its role, or by an id.`,
    );
  }
}

/** Two living children of one parent cannot share a name. */
export class ActorNameTakenError extends GodwitError {
  override readonly name = 'ActorNameTakenError';
  readonly code = 'ACTOR_NAME_TAKEN';
  readonly retryable = true;

  constructor(path: string) {
    super(`Actor ${path} is alive already. Wait until it has ended, or choose another name.`);
  }
}

/** Two living actors of one kernel cannot share an address. */
export class AddressTakenError extends GodwitError {
  override readonly name = 'AddressTakenError';
  readonly code = 'ACTOR_ADDRESS_TAKEN';
  readonly retryable = true;

  constructor(address: string, holderPath: string) {
    super(`Address ${address} belongs to the living actor ${holderPath}. Stop that one first.`);
  }
}

/** The actor has ended, so nobody will answer or start children. */
export class ActorGoneError extends GodwitError {
  override readonly name = 'ActorGoneError';
  readonly code = 'ACTOR_GONE';
  readonly retryable = true;

  constructor(path: string, attempt: string, reason: ExitReason) {
    super(
      `Actor ${path} has ended (${describeExit(reason)}), so ${attempt} failed. Look its address up again.`,
      reason.kind === 'crashed' ? { cause: reason.error } : undefined,
    );
  }
}

/** The mailbox is at its bound; nothing was queued. */
export class MailboxFullError extends GodwitError {
  override readonly name = 'MailboxFullError';
  readonly code = 'MAILBOX_FULL';
  readonly retryable = true;

  constructor(path: string, messageKind: string, mailboxMax: number) {
    super(`The mailbox of ${path} is full: ${mailboxMax} messages wait. Send '${messageKind}' again later.`);
  }
}

/** No answer came in time; the message may still be handled. */
export class AskTimeoutError extends GodwitError {
  override readonly name = 'AskTimeoutError';
  readonly code = 'ASK_TIMEOUT';
  readonly retryable = true;

  constructor(path: string, messageKind: string, timeoutMs: number) {
    super(
      `Actor ${path} did not answer '${messageKind}' within ${timeoutMs} ms. It may still act on it; ` +
        `ask again only if that does no harm.`,
    );
  }
}

export type AskError = AskTimeoutError | MailboxFullError | ActorGoneError;

/** What a message calls itself, for error messages. */
export function kindOf(message: unknown): string {
  if (typeof message === 'object' && message !== null && 'kind' in message) return String(message.kind);
  return typeof message;
}
