import { assertNever } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { ExecutionId, HostName } from '../core/ids.ts';
import { availability, carrying } from '../placement/availability.ts';
import { hostFlaw } from '../placement/soundness.ts';
import type {
  DirectiveOutcome,
  EngineMessage,
  EngineReply,
  ExecutionReply,
  HostAvailability,
  MigrationDirective,
  MoveReason,
  RackReply,
} from '../protocols/messages.ts';
import { address } from './addresses.ts';
import type { Directory } from './directory.ts';
import { ownerIn } from './fleet-view.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { Permits } from './migration/permits.ts';
import type { HostPorts } from './ports.ts';

export interface EnginePorts extends Pick<HostPorts, 'clock' | 'exchange'> {
  readonly permits: Permits;
  readonly directory: Directory;
}

export type EngineActorMessage =
  | EngineMessage
  | { readonly kind: 'startDue'; readonly directive: string }
  | {
      readonly kind: 'candidatesFound';
      readonly directive: string;
      readonly hosts: readonly HostAvailability[];
      readonly failure: string;
    }
  | {
      readonly kind: 'answered';
      readonly directive: string;
      readonly execution: ExecutionId;
      readonly to: HostName;
      readonly reply: ExecutionReply;
    }
  | { readonly kind: 'report'; readonly directive: string }
  | { readonly kind: 'reported'; readonly directive: string; readonly failed: boolean };

interface Part {
  readonly execution: ExecutionId;
  /** Hosts that refused it. */
  readonly tried: Set<HostName>;
  startedAtMs: number;
}

/** One order on its way. */
interface Work {
  readonly directive: MigrationDirective;
  readonly waiting: Part[];
  readonly moving: Map<ExecutionId, Part>;
  readonly moved: DirectiveOutcome['moved'][number][];
  readonly failed: DirectiveOutcome['failed'][number][];
  /** What the rack's actor offered, with what was sent there since. */
  hosts: HostAvailability[];
  reports: number;
}

interface EngineState {
  readonly works: Map<string, Work>;
  /** Orders that are over, the newest last: a repeated one changes nothing. */
  readonly over: Set<string>;
}

type Context = ActorContext<EngineActorMessage, EngineReply>;

const overMax = 1_000;
const worksMax = 1_000;
const atOnceMax = 4;
/** Hosts that a part is sent to before it counts as failed. */
const triesMax = 3;
const moveMaxMs = 60_000;
const askMs = 5_000;
const candidatesMax = 64;
const reportAgainMs = 1_000;
const reportsMax = 10;

/**
 * The workload migration engine of one host: carries the orchestrator's directives out. It asks each part, wherever it
 * now is, to move to a host of the target rack, a few at a time, and tells the orchestrator what became of it.
 */
export function engineActor(ports: EnginePorts): Behaviour<EngineState, EngineActorMessage, EngineReply> {
  return {
    init: () => ({ works: new Map(), over: new Set() }),
    receive(state, message, context) {
      receive(state, message, context, ports);
      return state;
    },
  };
}

function receive(
  state: EngineState,
  message: EngineActorMessage,
  context: Context,
  ports: EnginePorts,
): void {
  if (message.kind === 'carryOut') return carryOut(state, message.directive, context, ports);
  const work = state.works.get(message.directive);
  if (work === undefined) return;
  switch (message.kind) {
    case 'startDue':
      return findHosts(work, context, ports);
    case 'candidatesFound':
      return begin(work, message, context, ports);
    case 'answered':
      return answered(work, message, context, ports);
    case 'report':
      return report(work, context, ports);
    case 'reported':
      if (message.failed && work.reports < reportsMax)
        context.after(reportAgainMs, { kind: 'report', directive: message.directive });
      else close(state, work);
      return;
    default:
      return assertNever(message);
  }
}

function carryOut(
  state: EngineState,
  directive: MigrationDirective,
  context: Context,
  { permits }: EnginePorts,
): void {
  const id = directive.directive;
  const fenced = permits.fenced(directive.term);
  const full = state.works.size >= worksMax ? `${worksMax} directives are being carried out here` : null;
  const refusal = fenced ?? (state.works.has(id) ? null : full);
  if (refusal !== null) return void context.replyTo?.answer({ kind: 'refused', reason: refusal });
  context.replyTo?.answer({ kind: 'accepted' });
  if (state.works.has(id) || state.over.has(id)) return;
  const waiting = directive.parts.map((execution) => ({
    execution,
    tried: new Set<HostName>(),
    startedAtMs: 0,
  }));
  state.works.set(id, {
    directive,
    waiting,
    moving: new Map(),
    moved: [],
    failed: [],
    hosts: [],
    reports: 0,
  });
  context.after(Math.max(0, directive.startInMs), { kind: 'startDue', directive: id });
}

/** The rack's actor knows its hosts best, and knows them now, not when the order was given. */
function findHosts({ directive }: Work, context: Context, { exchange }: EnginePorts): void {
  const { directive: id, targetRack } = directive;
  context.pipe(
    exchange.ask<RackReply>(address.rack(targetRack), { kind: 'candidates', limit: candidatesMax }, askMs),
    (reply) => ({
      kind: 'candidatesFound',
      directive: id,
      hosts: reply.kind === 'offered' ? reply.hosts : [],
      failure:
        reply.kind === 'offered' ? `rack ${targetRack} has no host that takes it` : 'it has no actor now',
    }),
    (error) => ({ kind: 'candidatesFound', directive: id, hosts: [], failure: messageOf(error) }),
  );
}

function begin(
  work: Work,
  { hosts, failure }: Extract<EngineActorMessage, { kind: 'candidatesFound' }>,
  context: Context,
  ports: EnginePorts,
): void {
  // A host whose figures cannot be true takes part as little as one that refuses.
  work.hosts = hosts.filter(
    (host) => host.identity.rack === work.directive.targetRack && host.accepting && hostFlaw(host) === null,
  );
  if (work.hosts.length === 0) {
    for (const { execution } of work.waiting.splice(0)) work.failed.push({ execution, reason: failure });
  }
  advance(work, context, ports);
}

function advance(work: Work, context: Context, ports: EnginePorts): void {
  while (work.moving.size < atOnceMax) {
    const part = work.waiting.shift();
    if (part === undefined) break;
    if (isThere(work.directive, part.execution, ports)) {
      work.failed.push({ execution: part.execution, reason: 'it is there already' });
      continue;
    }
    const target = targetOf(work, part);
    if (target === null) {
      work.failed.push({ execution: part.execution, reason: 'every host of the rack refused it' });
      continue;
    }
    send(work, part, target, context, ports);
  }
  if (work.waiting.length + work.moving.size === 0) report(work, context, ports);
}

/** Whether somebody has moved it there meanwhile. */
function isThere(
  { targetHosts, targetRack }: MigrationDirective,
  execution: ExecutionId,
  { directory }: EnginePorts,
): boolean {
  const now = ownerIn(directory)(execution);
  const named = targetHosts[execution];
  return named === undefined ? now?.rack === targetRack : now?.host === named;
}

/** The host that the directive names, else the most available one as if it carried the part already. */
function targetOf({ directive, hosts }: Work, { execution, tried }: Part): HostName | null {
  if (tried.size >= triesMax) return null;
  const left = hosts.filter((host) => !tried.has(host.identity.name));
  const named = directive.targetHosts[execution];
  if (named !== undefined && left.some((host) => host.identity.name === named)) return named;
  const [best] = left.toSorted(
    (a, b) => availableWith(b) - availableWith(a) || (a.identity.name < b.identity.name ? -1 : 1),
  );
  return best?.identity.name ?? null;
}

function availableWith({ cpuShare, demand, reserved, resource }: HostAvailability): number {
  return availability(
    carrying({ cpuShare, demand: demand + reserved, memoryUsage: resource.memoryUsage }, 1, 0),
  );
}

function send(
  work: Work,
  part: Part,
  to: HostName,
  context: Context,
  { clock, exchange }: EnginePorts,
): void {
  const { execution } = part;
  const { directive: id, term, text, decision } = work.directive;
  part.startedAtMs = clock.monotonicMs();
  work.moving.set(execution, part);
  work.hosts = work.hosts.map((host) =>
    host.identity.name === to ? { ...host, reserved: host.reserved + 1 } : host,
  );
  const reason: MoveReason = { by: 'orchestrator', term, text, scores: {}, decision };
  context.pipe(
    exchange.ask<ExecutionReply>(
      address.execution(execution),
      { kind: 'migrate', target: to, reason },
      moveMaxMs,
    ),
    (reply) => ({ kind: 'answered', directive: id, execution, to, reply }),
    (error) => ({
      kind: 'answered',
      directive: id,
      execution,
      to,
      reply: { kind: 'refused', reason: messageOf(error), began: false },
    }),
  );
}

function answered(
  work: Work,
  { execution, to, reply }: Extract<EngineActorMessage, { kind: 'answered' }>,
  context: Context,
  ports: EnginePorts,
): void {
  const part = work.moving.get(execution);
  if (part === undefined) return;
  work.moving.delete(execution);
  if (reply.kind === 'moved') {
    const durationMs = ports.clock.monotonicMs() - part.startedAtMs;
    work.moved.push({ execution, to, pauseMs: reply.pauseMs, bytes: reply.bytes, durationMs });
  } else {
    part.tried.add(to);
    const reason = reply.kind === 'refused' ? reply.reason : `it answered ${reply.kind}`;
    // Another host may take it; why the source does not let it go, no other host changes.
    if (part.tried.size < triesMax && part.tried.size < work.hosts.length) work.waiting.push(part);
    else work.failed.push({ execution, reason });
  }
  advance(work, context, ports);
}

/** Until the orchestrator has noted it, or its seat stays empty: a later one finds the executions where they are. */
function report(work: Work, context: Context, { exchange }: EnginePorts): void {
  const { directive: id, componentId } = work.directive;
  work.reports += 1;
  const outcome: DirectiveOutcome = { directive: id, componentId, moved: work.moved, failed: work.failed };
  context.pipe(
    exchange.ask(address.cluster('orchestrator'), { kind: 'outcome', outcome }, askMs),
    () => ({ kind: 'reported', directive: id, failed: false }),
    () => ({ kind: 'reported', directive: id, failed: true }),
  );
}

function close(state: EngineState, { directive }: Work): void {
  state.works.delete(directive.directive);
  state.over.add(directive.directive);
  const [oldest] = state.over;
  if (state.over.size > overMax && oldest !== undefined) state.over.delete(oldest);
}
