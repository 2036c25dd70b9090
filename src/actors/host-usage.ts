import type { HostIdentity } from '../core/execution.ts';
import type { ResourceSample } from '../core/host-sample.ts';
import type { ExecutionId } from '../core/ids.ts';
import type { ResourceVector } from '../core/resources.ts';
import { plus } from '../core/resources.ts';
import type { WorkEstimate } from '../placement/remaining-work.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import type { ExecutionUsage, HostExpense, HostUsage, PeerTraffic } from '../protocols/messages.ts';
import type { Account, Spent, Statement } from './usage-book.ts';

/** Means of the samples of one period. */
export interface PeriodUse {
  readonly periodMs: number;
  readonly cpuCores: number;
  readonly ioBytesPerSecond: number;
  /** Without the loopback. */
  readonly networkBytesPerSecond: number;
}

export interface HostUsageInputs {
  readonly identity: HostIdentity;
  readonly labels: readonly string[];
  readonly report: number;
  readonly atWallMs: number;
  readonly use: PeriodUse;
  /** The newest. */
  readonly sample: ResourceSample;
  readonly expense: HostExpense;
  readonly capacity: ResourceVector;
  readonly accepting: boolean;
  readonly statement: Statement;
  readonly register: (execution: ExecutionId) => RegisterRow | null;
  readonly executionCost: (execution: ExecutionId) => number;
  readonly remainingWork: (execution: ExecutionId) => WorkEstimate;
  readonly executionsMax: number;
  readonly peersMax: number;
}

/** Where the kernel tells nothing: a common cloud disk. */
const ioBytesPerSecondUsual = 200e6;
/** Where the kernel tells nothing: 1 Gbit/s each way. */
const networkBytesPerSecondUsual = 250e6;
/** Generations of parents that are followed to find a component's first execution. */
const ancestorsMax = 64;

/**
 * What a host has: configured, else what the kernel tells, else a usual figure.
 *
 * @param configured bytes per second; 0 where nothing is configured
 */
export function capacityOf(
  { limits }: ResourceSample,
  configured: { readonly ioBytesPerSecond: number; readonly networkBytesPerSecond: number },
): ResourceVector {
  return {
    cpu: limits.cpuShareCores,
    memory: limits.memoryLimitBytes,
    io: configured.ioBytesPerSecond || limits.ioBytesPerSecond || ioBytesPerSecondUsual,
    network: configured.networkBytesPerSecond || limits.networkBytesPerSecond || networkBytesPerSecondUsual,
  };
}

/** One report, from what the lanes traced and what was sampled meanwhile. Each figure is finite and at least 0. */
export function hostUsage(inputs: HostUsageInputs): HostUsage {
  const { identity, labels, report, atWallMs, use, sample, statement } = inputs;
  const listed = statement.accounts
    .toSorted((a, b) => b.spent.cpuMs - a.spent.cpuMs || b.spent.demandMs - a.spent.demandMs)
    .slice(0, inputs.executionsMax);
  const isListed = new Set(listed.map(({ execution }) => execution));
  const others = statement.accounts.filter(({ execution }) => !isListed.has(execution));
  const effects =
    statement.accounts.reduce((sum, { spent }) => sum + spent.effects, 0) + statement.departed.spent.effects;
  const ioPerEffect = effects === 0 ? 0 : use.ioBytesPerSecond / effects;
  const rest = [
    ...others.map((account) => usedBy(account, ioPerEffect, inputs)),
    departed(inputs, ioPerEffect),
  ];
  return {
    identity,
    labels,
    report,
    atWallMs,
    periodMs: use.periodMs,
    capacity: inputs.capacity,
    expense: inputs.expense,
    used: clean({
      cpu: use.cpuCores,
      memory: sample.limits.memoryUsage * sample.limits.memoryLimitBytes,
      io: use.ioBytesPerSecond,
      network: use.networkBytesPerSecond,
    }),
    accepting: inputs.accepting,
    executions: listed.map((account) => executionUsage(account, ioPerEffect, inputs)),
    rest: {
      executions: others.length + statement.departed.executions,
      used: clean(rest.reduce(plus)),
    },
    arrivals: statement.arrivals.map(({ method, count }) => ({
      method,
      perSecond: perSecond(count, use.periodMs),
    })),
  };
}

function executionUsage(account: Account, ioPerEffect: number, inputs: HostUsageInputs): ExecutionUsage {
  const { execution, trace, spent } = account;
  const tracedMs = tracedMsOf(account, inputs);
  const used = clean(usedBy(account, ioPerEffect, inputs));
  const remaining = inputs.remainingWork(execution);
  return {
    execution,
    method: trace.method,
    component: componentOf(execution, inputs.register),
    used,
    demand: Math.min(1, ratio(spent.demandMs, tracedMs)),
    allocatedBytesPerSecond: perSecond(spent.allocatedBytes, tracedMs),
    cyclesPerSecond: finite(used.cpu * (inputs.sample.machine.clockHz ?? 0)),
    snapshotBytes: trace.snapshotBytes,
    // Its age alone is no knowledge: everybody knows that of it.
    remainingMs: remaining.source === 'age' ? null : finite(remaining.medianMs),
    executionCost: Math.min(1, finite(inputs.executionCost(execution))),
    movedAtWallMs: account.movedAtWallMs,
    peers: peersOf(account, tracedMs, inputs),
  };
}

/** Traffic within a host needs no network. */
function usedBy(account: Account, ioPerEffect: number, inputs: HostUsageInputs): ResourceVector {
  const tracedMs = tracedMsOf(account, inputs);
  const here = inputs.identity.incarnation;
  let networkBytes = 0;
  for (const [peer, { bytes }] of account.peers) {
    const owner = inputs.register(peer)?.owner ?? here;
    if (owner !== here) networkBytes += bytes;
  }
  return {
    cpu: Math.min(1, ratio(account.spent.cpuMs, tracedMs)),
    memory: account.trace.snapshotBytes,
    io: account.spent.effects * ioPerEffect,
    network: perSecond(networkBytes, tracedMs),
  };
}

function departed({ statement, use }: HostUsageInputs, ioPerEffect: number): ResourceVector {
  const { spent }: { readonly spent: Readonly<Spent> } = statement.departed;
  return { cpu: ratio(spent.cpuMs, use.periodMs), memory: 0, io: spent.effects * ioPerEffect, network: 0 };
}

function tracedMsOf({ lane }: Account, { statement, use }: HostUsageInputs): number {
  return statement.tracedMs.get(lane) ?? use.periodMs;
}

/** Tools that put messages into a mailbox have no register: they are nobody's peers. */
function peersOf(
  { peers }: Account,
  tracedMs: number,
  { register, peersMax }: HostUsageInputs,
): readonly PeerTraffic[] {
  return [...peers]
    .filter(([peer]) => register(peer) !== null)
    .toSorted(([, a], [, b]) => b.bytes - a.bytes || b.messages - a.messages)
    .slice(0, peersMax)
    .map(([peer, { messages, bytes }]) => ({
      peer,
      messagesPerSecond: perSecond(messages, tracedMs),
      bytesPerSecond: perSecond(bytes, tracedMs),
    }));
}

/** The oldest ancestor that the registry still knows. */
function componentOf(
  execution: ExecutionId,
  register: (execution: ExecutionId) => RegisterRow | null,
): ExecutionId {
  let at = execution;
  for (let generation = 0; generation < ancestorsMax; generation += 1) {
    const parent = register(at)?.parent?.execution;
    if (parent === undefined || register(parent) === null) return at;
    at = parent;
  }
  return at;
}

function clean({ cpu, memory, io, network }: ResourceVector): ResourceVector {
  return { cpu: finite(cpu), memory: finite(memory), io: finite(io), network: finite(network) };
}

function finite(figure: number): number {
  return Number.isFinite(figure) ? Math.max(0, figure) : 0;
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? finite(part / whole) : 0;
}

function perSecond(amount: number, periodMs: number): number {
  return ratio(amount * 1_000, periodMs);
}
