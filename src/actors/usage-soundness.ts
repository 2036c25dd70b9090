import { resourceNames } from '../core/resources.ts';
import type { HostUsage } from '../protocols/messages.ts';

/** A host of more cores is none. */
const coresMax = 4_096;
/** A container's usage may exceed its limit for a moment, not by this much. */
const memoryUsageMax = 1.5;
/** Disks and networks do more than they are said to, not by this much: page caches, bursts, other hosts' limits. */
const flowUsageMax = 100;
/** A report that lists more was not made by a monitor. */
const executionsMax = 65_536;

/**
 * Whether a report can be true, whatever it is. A report with one figure that cannot be is worth less than none: its host
 * counts as silent. What lies within what can be is believed; who reports it, and of which executions, the view checks.
 */
export function isSoundUsage(report: unknown): report is HostUsage {
  if (!isRecord(report)) return false;
  const { identity, labels, executions, rest, arrivals } = report;
  return (
    isRecord(identity) &&
    [identity['name'], identity['rack'], identity['incarnation']].every(isName) &&
    isListOf(labels, isName) &&
    [report['report'], report['periodMs']].every(isAmount) &&
    Number.isFinite(report['atWallMs']) &&
    typeof report['accepting'] === 'boolean' &&
    isCapacity(report['capacity']) &&
    isUse(report['used'], report['capacity']) &&
    isExpense(report['expense']) &&
    Array.isArray(executions) &&
    executions.length <= executionsMax &&
    executions.every(isExecution) &&
    isRecord(rest) &&
    isAmount(rest['executions']) &&
    isVector(rest['used']) &&
    // Each of them has one core at most; periods of lanes and host differ a little.
    rest['used']['cpu'] <= rest['executions'] + 1 &&
    isListOf(arrivals, isArrival)
  );
}

function isCapacity(value: unknown): value is Vector {
  return isVector(value) && value['cpu'] > 0 && value['cpu'] <= coresMax;
}

function isUse(used: unknown, capacity: Vector): boolean {
  if (!isVector(used) || used.cpu > coresMax) return false;
  const within = (name: 'memory' | 'io' | 'network', factor: number): boolean =>
    capacity[name] === 0 || used[name] <= factor * capacity[name];
  return within('memory', memoryUsageMax) && within('io', flowUsageMax) && within('network', flowUsageMax);
}

function isExpense(value: unknown): boolean {
  return isRecord(value) && [value['pricePerHour'], value['idleW'], value['peakW']].every(isAmount);
}

function isExecution(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { execution, component, used, demand, executionCost, remainingMs, peers } = value;
  return (
    isName(execution) &&
    isName(component) &&
    isMethod(value['method']) &&
    isVector(used) &&
    used.cpu <= 1 &&
    isShare(demand) &&
    isShare(executionCost) &&
    [value['snapshotBytes'], value['movedAtWallMs']].every(isAmount) &&
    (remainingMs === null || isAmount(remainingMs)) &&
    isListOf(peers, isPeer)
  );
}

function isPeer(value: unknown): boolean {
  return (
    isRecord(value) &&
    isName(value['peer']) &&
    isAmount(value['messagesPerSecond']) &&
    isAmount(value['bytesPerSecond'])
  );
}

function isArrival(value: unknown): boolean {
  return isRecord(value) && isMethod(value['method']) && isAmount(value['perSecond']);
}

function isMethod(value: unknown): boolean {
  return isRecord(value) && isName(value['package']) && isName(value['method']);
}

type Vector = Readonly<Record<(typeof resourceNames)[number], number>>;

function isVector(value: unknown): value is Vector {
  return isRecord(value) && resourceNames.every((name) => isAmount(value[name]));
}

function isListOf(value: unknown, fits: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= executionsMax && value.every(fits);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isShare(value: unknown): boolean {
  return isAmount(value) && value <= 1;
}

function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && Number(value) >= 0;
}
