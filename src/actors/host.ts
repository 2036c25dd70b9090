import { assertNever } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { ExecutionId, HostName, IncarnationId } from '../core/ids.ts';
import { incarnationId } from '../core/ids.ts';
import type { ExecutionReply, HostDescription, HostMessage, HostReply } from '../protocols/messages.ts';
import { address } from './addresses.ts';
import type { EventLog } from './event-log.ts';
import { summarise } from './execution.ts';
import type { ExecutionPorts } from './execution.ts';
import type { ActorContext, Behaviour, ReplyTo } from './kernel/contract.ts';

/** What the host actor takes from its own process, besides what anybody may send. */
export type HostActorMessage =
  | HostMessage
  | { readonly kind: 'drainRound' }
  | { readonly kind: 'drainMoved'; readonly execution: ExecutionId; readonly reply: ExecutionReply | null };

export interface HostActorPorts extends ExecutionPorts {
  readonly describe: () => HostDescription;
  readonly log: EventLog;
  /** From now on nothing is admitted, recovered or started here. */
  readonly closeDoors: () => void;
  /** Hosts that take an execution, the most available first. */
  readonly refuges: () => readonly HostName[];
  readonly isOpen: () => boolean;
  readonly doneDraining: () => void;
  /** Ends the process, cleanly. */
  readonly stop: () => void;
}

interface Drain {
  readonly deadlineMs: number;
  readonly replyTo: ReplyTo<unknown>[];
  readonly moving: Set<ExecutionId>;
  moved: number;
  /** Moves that were asked for: whoever was refused tries the next host. */
  asked: number;
}

interface HostState {
  drain: Drain | null;
  drained: Extract<HostReply, { kind: 'drained' }> | null;
}

type Context = ActorContext<HostActorMessage, HostReply>;

const drainRoundMs = 50;
const moveMaxMs = 30_000;
const drainAtOnceMax = 4;

/** A host, by address: what tools and other hosts ask of it as a whole. */
export function hostActor(ports: HostActorPorts): Behaviour<HostState, HostActorMessage, HostReply> {
  return {
    init: () => ({ drain: null, drained: null }),
    receive(state, message, context) {
      receive(state, message, context, ports);
      return state;
    },
  };
}

function receive(state: HostState, message: HostActorMessage, context: Context, ports: HostActorPorts): void {
  const reply = (answer: HostReply): void => void context.replyTo?.answer(answer);
  switch (message.kind) {
    case 'describe':
      return reply({ kind: 'described', description: ports.describe() });
    case 'listExecutions':
      return reply({ kind: 'executions', executions: ownCells(ports).map((cell) => summarise(cell, ports)) });
    case 'startExecution': {
      if (!ports.isOpen()) return reply({ kind: 'refused', reason: 'this host is draining' });
      const { execution, method, args, affinity, durable } = message;
      const start = {
        kind: 'start',
        execution,
        method,
        args,
        affinity,
        durable,
        parent: null,
        replyTo: context.replyTo,
      };
      if (!ports.exchange.tell(address.role(ports.identity.name, 'executions'), start, 'urgent'))
        reply({ kind: 'refused', reason: 'the actor of executions is being started again' });
      return;
    }
    case 'drain':
      return drain(state, message.deadlineMs, context, ports);
    case 'drainRound':
      return drainRound(state, context, ports);
    case 'drainMoved':
      return drainMoved(state, message);
    case 'stop':
      reply({ kind: 'stopping' });
      return ports.stop();
    case 'follow': {
      const incarnation = followerOf(message.subscriber);
      ports.log.follow({ incarnation, address: message.subscriber, logs: message.logs });
      return reply({ kind: 'following' });
    }
    case 'unfollow':
      ports.log.unfollow(message.subscriber);
      return reply({ kind: 'unfollowed' });
    default:
      return assertNever(message);
  }
}

/** A subscriber's address names its incarnation: `client/<incarnation>`. */
function followerOf(subscriber: string): IncarnationId {
  return incarnationId(subscriber.slice(subscriber.indexOf('/') + 1));
}

function ownCells(ports: HostActorPorts): ReturnType<HostActorPorts['book']['cells']> {
  const own = ['claiming', 'restoring', 'running', 'freezing', 'frozen', 'released', 'settling'];
  return ports.book.cells().filter(({ state }) => own.includes(state.phase));
}

function drain(state: HostState, withinMs: number, context: Context, ports: HostActorPorts): void {
  const replyTo = context.replyTo === null ? [] : [context.replyTo];
  if (state.drained !== null) {
    for (const waiter of replyTo) waiter.answer(state.drained);
    return;
  }
  if (state.drain !== null) {
    state.drain.replyTo.push(...replyTo);
    return;
  }
  ports.closeDoors();
  ports.events.emit({ kind: 'hostDraining' });
  state.drain = {
    deadlineMs: ports.clock.monotonicMs() + withinMs,
    replyTo,
    moving: new Set(),
    moved: 0,
    asked: 0,
  };
  drainRound(state, context, ports);
}

/** Moves a few at a time, each to the host that has most room then, until nothing is left or the deadline has come. */
function drainRound(state: HostState, context: Context, ports: HostActorPorts): void {
  const { drain: under } = state;
  if (under === null || state.drained !== null) return;
  // Whoever was handed over, and is kept until the new owner's checkpoint is durable (rule 9), is still here.
  const kept = ports.book.cells().filter(({ state: { phase } }) => phase !== 'absent' && phase !== 'settled');
  const late = ports.clock.monotonicMs() >= under.deadlineMs;
  const abandonedEffects = ports.board.effectsLeftBehind;
  if ((kept.length === 0 && abandonedEffects.length === 0) || late) {
    const left = ownCells(ports).map(({ execution }) => execution);
    state.drained = { kind: 'drained', moved: under.moved, left, abandonedEffects };
    ports.doneDraining();
    ports.events.emit({ kind: 'hostDrained', moved: under.moved, abandonedEffects });
    for (const waiter of under.replyTo) waiter.answer(state.drained);
    return;
  }
  const refuges = ports.refuges();
  const candidates = ownCells(ports).filter(
    (cell) => cell.state.phase === 'running' && !under.moving.has(cell.execution),
  );
  for (const { execution } of candidates.slice(0, Math.max(0, drainAtOnceMax - under.moving.size))) {
    const target = refuges[under.asked % Math.max(1, refuges.length)];
    if (target === undefined) break;
    under.asked += 1;
    under.moving.add(execution);
    const text = `${ports.identity.name} is draining`;
    const reason = { by: 'drain', term: null, text, scores: {}, decision: '' } as const;
    context.pipe(
      ports.exchange.ask<ExecutionReply>(
        address.execution(execution),
        { kind: 'migrate', target, reason },
        moveMaxMs,
      ),
      (reply) => ({ kind: 'drainMoved', execution, reply }),
      (error) => ({
        kind: 'drainMoved',
        execution,
        reply: { kind: 'refused', reason: messageOf(error), began: false },
      }),
    );
  }
  context.after(drainRoundMs, { kind: 'drainRound' });
}

function drainMoved(state: HostState, message: Extract<HostActorMessage, { kind: 'drainMoved' }>): void {
  state.drain?.moving.delete(message.execution);
  if (state.drain !== null && message.reply?.kind === 'moved') state.drain.moved += 1;
}
