import type {
  AffinityInputs,
  EstimatedExecution,
  HostReport,
  MeasuredHostReport,
  OutstandingMove,
} from './affinity-inputs.ts';
import type { HostStrain } from './availability.ts';
import { availability, unstrained } from './availability.ts';
import { moveCostPrior } from './move-cost.ts';
import { strainOf } from './belief.ts';

/** Something that was passed over because it cannot be. */
export interface Ignored {
  /** `host r1-h2`, `execution x-7`. */
  readonly what: string;
  /** For people: what was found against what is possible. */
  readonly reason: string;
}

/** A host of more cores is none. */
const coresMax = 4096;
/** A container's usage may exceed its limit for a moment, not by this much. */
const memoryUsageMax = 1.5;
/** Demand counts executions, each at most once; samples lag behind moves, so more than this many times as much is a lie. */
const demandFactorMax = 4;
const demandSlack = 16;

/**
 * The only gate that reports pass before anybody decides on them. What cannot be is left out, as if it had not been
 * said: a report without a sound share, demand or memory; an execution without sound figures; a single figure of
 * strain. A host that is reported twice counts as the worse of the two. So a monitor that lies within what is possible
 * misleads (the churn budgets bound how far), and one that errs beyond it is not heard.
 *
 * @returns null for `inputs` when the deciding host's own report is not sound: then nobody decides
 */
export function soundInputs(raw: AffinityInputs): {
  readonly inputs: AffinityInputs | null;
  readonly ignored: readonly Ignored[];
} {
  const ignored: Ignored[] = [];
  const ignore = (what: string, reason: string) => ignored.push({ what, reason });
  const executions = soundExecutions(raw.executions, ignore);
  const outstanding = raw.outstanding.map(soundMove);
  const demandMax =
    demandFactorMax * (raw.executions.length + outstanding.length + count(raw.here.reserved)) + demandSlack;
  const flaw = hostFlaw(raw.here) ?? demandFlaw(raw.here, demandMax);
  if (flaw !== null) ignore(`host ${raw.here.identity.name}`, flaw);
  const candidates = soundHosts(raw.candidates, ignore);
  if (flaw !== null) return { inputs: null, ignored };
  const inputs: AffinityInputs = {
    ...raw,
    here: cleaned(raw.here),
    executions,
    candidates,
    outstanding,
    bounds: raw.bounds.filter(({ endsAtMs }) => !Number.isNaN(endsAtMs)),
    moveCosts: hasSoundCosts(raw) ? raw.moveCosts : moveCostPrior,
    power: raw.power.filter(({ wattsPerCore }) => wattsPerCore >= 0 && wattsPerCore < 1_000),
  };
  return { inputs, ignored };
}

/** @returns the sound reports, each host once: of two, the one that promises less */
export function soundHosts(
  hosts: readonly HostReport[],
  ignore: (what: string, reason: string) => void,
): readonly HostReport[] {
  const byName = new Map<string, HostReport>();
  for (const host of hosts) {
    const { name } = host.identity;
    const flaw = hostFlaw(host);
    if (flaw !== null) {
      ignore(`host ${name}`, flaw);
      continue;
    }
    const clean = cleaned(host);
    const other = byName.get(name);
    if (other !== undefined) ignore(`host ${name}`, 'it is reported twice; the worse report counts');
    byName.set(name, other === undefined ? clean : worse(other, clean));
  }
  return [...byName.values()];
}

/** @returns what is impossible about a report, for people; null when nothing is */
export function hostFlaw(host: HostReport): string | null {
  const { cpuShare, demand, reserved, resource } = host;
  if (!(cpuShare > 0 && cpuShare <= coresMax))
    return `CPU share ${cpuShare}, expected (0, ${coresMax}] cores`;
  if (!(demand >= 0 && demand < Infinity)) return `demand ${demand}, expected a number from 0`;
  if (!(reserved >= 0 && reserved < Infinity)) return `${reserved} reserved, expected a number from 0`;
  const { memoryUsage } = resource;
  return memoryUsage >= 0 && memoryUsage <= memoryUsageMax
    ? null
    : `memory usage ${memoryUsage}, expected [0, 1] of the limit`;
}

function demandFlaw({ demand }: HostReport, demandMax: number): string | null {
  return demand <= demandMax ? null : `demand ${demand}, of executions that could make at most ${demandMax}`;
}

/** Figures that are a little out of range are brought back; a strain that cannot be is none. */
function cleaned(host: HostReport): HostReport {
  const memoryUsage = Math.min(1, host.resource.memoryUsage);
  const { identity, labels, cpuShare, demand, reserved, accepting } = host;
  const plain = {
    identity: { name: identity.name, rack: identity.rack },
    labels,
    resource: { memoryUsage },
    cpuShare,
    demand,
    reserved,
    accepting,
  };
  return 'strain' in host ? { ...plain, strain: cleanedStrain(host) } : plain;
}

function cleanedStrain({ strain }: MeasuredHostReport): HostStrain {
  const ratio = (value: number) => (value >= 0 && value <= 1 ? value : 0);
  const { eventLoopDelayMs } = strain;
  return {
    cpuStolenRatio: ratio(strain.cpuStolenRatio),
    memoryStallRatio: ratio(strain.memoryStallRatio),
    ioStallRatio: ratio(strain.ioStallRatio),
    networkUsage: ratio(strain.networkUsage),
    eventLoopDelayMs:
      eventLoopDelayMs >= 0 && eventLoopDelayMs < Infinity ? eventLoopDelayMs : unstrained.eventLoopDelayMs,
  };
}

function worse(a: HostReport, b: HostReport): HostReport {
  if (a.accepting !== b.accepting) return a.accepting ? b : a;
  return promise(a) <= promise(b) ? a : b;
}

function promise(host: HostReport): number {
  const { cpuShare, demand, reserved, resource } = host;
  return availability(
    { cpuShare, demand: demand + reserved + 1, memoryUsage: resource.memoryUsage },
    strainOf(host),
  );
}

function soundExecutions(
  executions: readonly EstimatedExecution[],
  ignore: (what: string, reason: string) => void,
): readonly EstimatedExecution[] {
  const seen = new Set<string>();
  return executions.flatMap((execution): readonly EstimatedExecution[] => {
    const { executionId } = execution;
    const flaw = seen.has(executionId) ? 'it is listed twice' : executionFlaw(execution);
    seen.add(executionId);
    if (flaw === null) return [execution];
    ignore(`execution ${executionId}`, flaw);
    return [];
  });
}

function executionFlaw(execution: EstimatedExecution): string | null {
  const { demand, memoryShare, executionCost, affinity, snapshotBytes, remaining } = execution;
  const isShare = (value: number) => value >= 0 && value <= 1;
  if (!isShare(demand)) return `demand ${demand}, expected [0, 1]`;
  if (!isShare(memoryShare)) return `memory share ${memoryShare}, expected [0, 1]`;
  if (!isShare(executionCost)) return `execution cost ${executionCost}, expected [0, 1]`;
  if (Number.isNaN(affinity.matching + affinity.otherwise)) return 'an affinity that is no number';
  if (!(snapshotBytes >= 0)) return `a snapshot of ${snapshotBytes} bytes`;
  if (Number.isNaN(execution.movedAtMs ?? 0)) return 'a time of its last move that is no number';
  return remaining.medianMs >= 0 && execution.uncheckpointedMs >= 0
    ? null
    : `${remaining.medianMs} ms of work left, ${execution.uncheckpointedMs} ms since its checkpoint`;
}

/** A move that was asked for stays asked for, whatever is said about its size. */
function soundMove(move: OutstandingMove): OutstandingMove {
  const { demand, memoryShare } = move;
  return {
    ...move,
    demand: demand >= 0 && demand <= 1 ? demand : 1,
    memoryShare: memoryShare >= 0 && memoryShare <= 1 ? memoryShare : 0,
  };
}

function hasSoundCosts({ moveCosts }: AffinityInputs): boolean {
  const { basePauseMs, bytesPerMs, bytesRatio, failureRatio } = moveCosts;
  return (
    basePauseMs >= 0 &&
    bytesPerMs > 0 &&
    bytesRatio > 0 &&
    basePauseMs + bytesPerMs + bytesRatio < Infinity &&
    failureRatio >= 0 &&
    failureRatio <= 1
  );
}

function count(reserved: number): number {
  return reserved >= 0 && reserved < Infinity ? reserved : 0;
}
