import { assertNever } from '../../core/assert.ts';
import { GodwitError, messageOf } from '../../core/errors.ts';
import { hostOf } from '../../core/ids.ts';
import type { Cancel } from '../../core/ports.ts';
import type { MigrationMessage } from '../../protocols/migration/messages.ts';
import type { MigrationStep } from '../../protocols/migration/steps.ts';
import type { MigrationTiming } from '../../protocols/migration/timing.ts';
import type { OwnershipAsk } from '../../protocols/ownership/ownership.ts';
import { address } from '../addresses.ts';
import type { ActorContext, Behaviour } from '../kernel/contract.ts';
import type { OwnershipBook } from '../ownership-book.ts';
import type { HostPorts } from '../ports.ts';
import type { Admissions } from './admissions.ts';
import type { ConductorEvent, MigrationCell, MigrationEffect } from './cell.ts';
import { overLimit, stepOf } from './cell.ts';

export interface MigrationPorts extends HostPorts {
  readonly timing: MigrationTiming;
  readonly book: OwnershipBook;
  readonly admissions: Admissions;
  /** A larger snapshot neither leaves nor comes. */
  readonly snapshotMaxBytes: number;
}

/** The source was to send a capture that is not here any more. */
export class CaptureMissingError extends GodwitError {
  override readonly name = 'CaptureMissingError';
  readonly code = 'CAPTURE_MISSING';
  readonly retryable = true;
}

/** The last word of one end, to the migrations actor. */
export type MigrationEnded = { readonly kind: 'ended'; readonly cell: MigrationCell };

export type StepMessage =
  | { readonly kind: 'perform'; readonly effects: readonly MigrationEffect[] }
  /** Brings an event to the conductor in the order in which this step caused them. */
  | { readonly kind: 'report'; readonly event: ConductorEvent }
  /** Asks ownership once more, if the migration still stands where it asked. */
  | { readonly kind: 'askAgain'; readonly ask: OwnershipAsk; readonly at: MigrationCell['state'] };

const askAgainMs = 1_000;

type Context = ActorContext<StepMessage>;
/** The last timer of each kind. */
type StepTimers = Map<Extract<MigrationEffect, { kind: 'startTimer' }>['timer'], Cancel>;

/**
 * One step of a migration. It performs what the protocol asks for while the migration is in this step; what it throws
 * crashes the step alone, and its supervisor starts it again within its budget. A step that stands again has its
 * phase's effects issued anew: each is safe to perform twice.
 */
export function stepWorker(
  step: MigrationStep,
  cell: MigrationCell,
  ports: MigrationPorts,
): Behaviour<StepTimers, StepMessage> {
  const conductor = address.migration(ports.identity.name, cell.passage.migration);
  const report = (event: ConductorEvent): void => void ports.exchange.tell(conductor, event, 'urgent');
  return {
    init() {
      if (stepOf(cell) === step && cell.pending.length === 0) report({ kind: 'restarted', step });
      return new Map();
    },
    receive(state, message, context) {
      if (message.kind === 'report') report(message.event);
      else if (message.kind === 'askAgain') {
        if (cell.state === message.at) askOwnership(message.ask, cell, ports, context);
      } else for (const effect of message.effects) perform(effect, cell, ports, context, report, state);
      return state;
    },
  };
}

function perform(
  effect: MigrationEffect,
  cell: MigrationCell,
  ports: MigrationPorts,
  context: Context,
  report: (event: ConductorEvent) => void,
  timers: StepTimers,
): void {
  switch (effect.kind) {
    case 'save': // The conductor kept the state before it handed the effects over.
      return;
    case 'finish':
      return finish(cell, ports);
    case 'send':
      return send(effect.message, cell, ports);
    case 'askOwnership':
      return askOwnership(effect.ask, cell, ports, context);
    case 'startTimer': {
      const event = { kind: 'timedOut', timer: effect.timer } as const;
      // An earlier one would end this attempt too soon, and a repeated one would multiply what it repeats.
      timers.get(effect.timer)?.();
      const cancel = context.after(timeoutMs(effect.timer, cell, ports.timing), { kind: 'report', event });
      timers.set(effect.timer, cancel);
      return;
    }
    case 'admit': {
      const admitted = ports.admissions.reserve(cell.passage, effect.cargo);
      context.pipe<string | null>(
        admitted,
        (refusal) => ({
          kind: 'report',
          event: refusal === null ? { kind: 'admitted' } : { kind: 'notAdmitted', reason: refusal },
        }),
        (error) => ({ kind: 'report', event: { kind: 'notAdmitted', reason: messageOf(error) } }),
      );
      return;
    }
    case 'releaseReservation':
      return ports.admissions.release(cell.passage.migration);
    case 'fetch':
      return fetch(effect, cell, ports, context, report);
    default:
      return assertNever(effect);
  }
}

function finish(cell: MigrationCell, ports: MigrationPorts): void {
  if (cell.side === 'source' && cell.freight !== null) ports.freighter.withdraw(cell.freight);
  const ended: MigrationEnded = { kind: 'ended', cell };
  ports.exchange.tell(address.role(ports.identity.name, 'migrations'), ended, 'urgent');
}

function send(message: MigrationMessage, cell: MigrationCell, ports: MigrationPorts): void {
  const { passage } = cell;
  const to = cell.side === 'source' ? passage.target : passage.source;
  if (message.kind === 'transfer') {
    const capture = ports.book.get(passage.execution)?.frozen ?? null;
    if (capture === null || capture.digest !== message.digest) {
      throw new CaptureMissingError(
        `The capture ${message.digest.slice(0, 12)} of ${passage.execution} is not here. It is captured again.`,
      );
    }
    if (cell.freight !== null) ports.freighter.withdraw(cell.freight);
    cell.freight = ports.freighter.load(to, capture.bytes, capture.digest);
  }
  const freight = message.kind === 'transfer' ? cell.freight : null;
  ports.exchange.tellIncarnation(to, address.role(hostOf(to), 'migrations'), {
    kind: 'passage',
    from: ports.identity,
    message,
    freight,
  });
}

/** Until the migration goes on: the ownership actor may crash before it answers, and forgets who asked. */
function askOwnership(ask: OwnershipAsk, cell: MigrationCell, ports: MigrationPorts, context: Context): void {
  const ownership = address.role(ports.identity.name, 'ownership');
  const message = { kind: 'asked', execution: cell.passage.execution, ask } as const;
  ports.exchange.tell(ownership, message, 'urgent');
  context.after(askAgainMs, { kind: 'askAgain', ask, at: cell.state });
}

function fetch(
  effect: Extract<MigrationEffect, { kind: 'fetch' }>,
  cell: MigrationCell,
  ports: MigrationPorts,
  context: Context,
  report: (event: ConductorEvent) => void,
): void {
  const { freight, passage } = cell;
  const { digest, sizeBytes } = effect;
  if (sizeBytes > ports.snapshotMaxBytes) {
    report({ kind: 'fetchFailed', digest, reason: overLimit(sizeBytes, ports.snapshotMaxBytes) });
    return;
  }
  if (freight === null || freight.digest !== digest) {
    report({ kind: 'fetchFailed', digest, reason: 'the message that named the bytes was lost' });
    return;
  }
  const keep = (bytes: Uint8Array): ConductorEvent => {
    const fetched = { kind: 'fetched', digest } as const;
    // Called off meanwhile: nobody would ever ask for them, or let go of them.
    if (cell.side !== 'target' || cell.state.phase !== 'fetching') return fetched;
    const { method } = cell.state.cargo;
    const { execution, migration } = passage;
    const ownership = address.role(ports.identity.name, 'ownership');
    const message = { kind: 'fetched', execution, migration, bytes, method } as const;
    ports.exchange.tell(ownership, message, 'urgent');
    return fetched;
  };
  context.pipe(
    ports.freighter.unload(cell.peer, freight),
    (bytes) => ({ kind: 'report', event: keep(bytes) }),
    (error) => ({ kind: 'report', event: { kind: 'fetchFailed', digest, reason: messageOf(error) } }),
  );
}

function timeoutMs(
  timer: Extract<MigrationEffect, { kind: 'startTimer' }>['timer'],
  cell: MigrationCell,
  timing: MigrationTiming,
): number {
  switch (timer) {
    case 'prepare':
      return timing.prepareMs;
    case 'transfer':
      return timing.transferMs + cell.bytes / timing.transferBytesPerMs;
    case 'resume':
      return timing.resumeMs;
    case 'commit':
      return timing.commitMs;
    case 'reservation':
      return timing.reservationMs;
    default:
      return assertNever(timer);
  }
}
