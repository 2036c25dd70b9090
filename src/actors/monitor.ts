import { assertNever } from '../core/assert.ts';
import type { HostIdentity } from '../core/execution.ts';
import type { ResourceSample } from '../core/host-sample.ts';
import type { ExecutionId } from '../core/ids.ts';
import type { Clock } from '../core/ports.ts';
import { availability } from '../placement/availability.ts';
import type {
  AffinityMessage,
  HostAvailability,
  HostExpense,
  HostMonitoring,
  HostUsage,
  RackMessage,
} from '../protocols/messages.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import { address } from './addresses.ts';
import { capacityOf, hostUsage } from './host-usage.ts';
import { strainOf } from './host-strain.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { LaneBoard } from './lane-board.ts';
import type { Exchange } from './ports.ts';

/** How much this incarnation's monitor has said; outlives the crashes of its actor, so that no report is taken for an old one. */
export interface MonitorCounts {
  samples: number;
  reports: number;
}

export interface MonitorPorts {
  readonly identity: HostIdentity;
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly board: LaneBoard;
  readonly labels: readonly string[];
  readonly settings: {
    readonly sampleMs: number;
    readonly usageMs: number;
    readonly executionsMax: number;
    readonly peersMax: number;
    /** Bytes per second; 0 where nothing is configured. */
    readonly ioBytesPerSecond: number;
    readonly networkBytesPerSecond: number;
    /** Cores; 0 where nothing is configured. */
    readonly cpuShare: number;
    readonly expense: HostExpense;
  };
  readonly counts: MonitorCounts;
  readonly sample: () => ResourceSample;
  readonly reserved: () => number;
  readonly accepting: () => boolean;
  /** Median round trip to the other hosts, in ms; 0 while none was measured. */
  readonly latencyMs: () => number;
  readonly register: (execution: ExecutionId) => RegisterRow | null;
  readonly executionCost: (execution: ExecutionId) => number;
  /** Keeps the newest report, and what it was made of, where the host actor finds them. */
  readonly publish: (report: HostAvailability, monitoring: HostMonitoring) => void;
  /** Keeps the newest usage report likewise. */
  readonly publishUsage: (usage: HostUsage) => void;
}

export type MonitorMessage = { readonly kind: 'sample' } | { readonly kind: 'usageDue' };

/** Sums over the samples since the last usage report. */
interface Period {
  readonly sinceMs: number;
  readonly sinceWallMs: number;
  sampledMs: number;
  cpuMs: number;
  ioBytes: number;
  networkBytes: number;
  /** A suspend of the machine lies in it: what it adds up to is no use of anything. */
  broken: boolean;
}

interface MonitorState {
  atMs: number;
  demandMs: number;
  latest: ResourceSample | null;
  period: Period;
}

type Context = ActorContext<MonitorMessage>;

/** A larger difference of the two clocks over a period is a step of the wall clock, not its drift. */
const wallStepMsMin = 1_000;

/**
 * Samples the host on a schedule, and sends its availability to its own affinity actor and to its rack's; and, less
 * often, what it and its executions used. Demand is read from the lanes' counters as an average over the whole sample,
 * not as a momentary count.
 */
export function monitorActor(ports: MonitorPorts): Behaviour<MonitorState, MonitorMessage> {
  return {
    init(context) {
      context.after(ports.settings.sampleMs, { kind: 'sample' });
      context.after(ports.settings.usageMs, { kind: 'usageDue' });
      return {
        atMs: ports.clock.monotonicMs(),
        demandMs: demandOf(ports.board),
        latest: null,
        period: beginPeriod(ports.clock),
      };
    },
    receive(state, message, context) {
      switch (message.kind) {
        case 'sample':
          sample(state, context, ports);
          return state;
        case 'usageDue':
          reportUsage(state, context, ports);
          return state;
        default:
          return assertNever(message);
      }
    },
  };
}

function beginPeriod(clock: Clock): Period {
  return {
    sinceMs: clock.monotonicMs(),
    sinceWallMs: clock.wallMs(),
    sampledMs: 0,
    cpuMs: 0,
    ioBytes: 0,
    networkBytes: 0,
    broken: false,
  };
}

function sample(state: MonitorState, context: Context, ports: MonitorPorts): void {
  const { identity, clock, board, exchange, settings, counts } = ports;
  context.after(settings.sampleMs, { kind: 'sample' });
  const atMs = clock.monotonicMs();
  const demandMs = demandOf(board);
  const elapsedMs = Math.max(1, atMs - state.atMs);
  // A lane that was started again counts from zero.
  const demand = Math.max(0, demandMs - state.demandMs) / elapsedMs;
  state.atMs = atMs;
  state.demandMs = demandMs;
  const reading = ports.sample();
  state.latest = reading;
  if (reading.periodMs <= 0) {
    // Nothing is known of the time since the sample before: the next one tells.
    state.period.broken = true;
    return;
  }
  addTo(state.period, reading);
  counts.samples += 1;
  const report = availabilityOf(reading, demand, ports);
  ports.publish(report, { sample: reading, lanes: board.laneSamples() });
  tell(exchange, address.role(identity.name, 'affinity'), { kind: 'availability', report });
  tell(exchange, address.rack(identity.rack), { kind: 'availability', report });
}

function availabilityOf(reading: ResourceSample, demand: number, ports: MonitorPorts): HostAvailability {
  const { identity, settings } = ports;
  const { cpuShareCores: cpuShare, memoryUsage } = reading.limits;
  const { network } = reading.machine;
  const networkBandwidth =
    network === null
      ? 0
      : network.receivedBytesPerSecond + network.sentBytesPerSecond + network.loopbackBytesPerSecond;
  const strain = strainOf(reading, settings);
  return {
    identity,
    labels: ports.labels,
    resource: {
      hostId: identity.name,
      cpuLoad: Math.min(1, reading.process.cpuCores / cpuShare),
      memoryUsage,
      networkBandwidth,
      latency: ports.latencyMs(),
    },
    strain,
    executions: ports.board.executions,
    demand,
    reserved: ports.reserved(),
    cpuShare,
    availability: availability({ cpuShare, demand, memoryUsage }, strain),
    accepting: ports.accepting(),
    sample: ports.counts.samples,
  };
}

function addTo(period: Period, { periodMs, process: own, machine }: ResourceSample): void {
  const { disk } = own;
  const { network } = machine;
  const seconds = periodMs / 1_000;
  period.sampledMs += periodMs;
  period.cpuMs += own.cpuCores * periodMs;
  if (disk !== null) period.ioBytes += (disk.readBytesPerSecond + disk.writtenBytesPerSecond) * seconds;
  if (network !== null)
    period.networkBytes += (network.receivedBytesPerSecond + network.sentBytesPerSecond) * seconds;
}

/** A period that was cut through by a suspend, or in which the wall clock stepped, is dropped: nobody could place it in time. */
function reportUsage(state: MonitorState, context: Context, ports: MonitorPorts): void {
  const { identity, clock, exchange, settings, counts, board } = ports;
  context.after(settings.usageMs, { kind: 'usageDue' });
  const { latest, period } = state;
  // Lanes with much to tell trace less often than a short period may be: the report waits for them.
  if (board.executions > 0 && !board.usage.isTraced) return;
  state.period = beginPeriod(clock);
  const statement = board.usage.close();
  const periodMs = state.period.sinceMs - period.sinceMs;
  const steppedMs = Math.abs(state.period.sinceWallMs - period.sinceWallMs - periodMs);
  if (latest === null || period.broken || period.sampledMs <= 0 || steppedMs >= wallStepMsMin) return;
  const perSampled = (amount: number): number => amount / period.sampledMs;
  counts.reports += 1;
  const usage = hostUsage({
    identity,
    labels: ports.labels,
    report: counts.reports,
    atWallMs: state.period.sinceWallMs,
    use: {
      periodMs,
      cpuCores: perSampled(period.cpuMs),
      ioBytesPerSecond: perSampled(period.ioBytes) * 1_000,
      networkBytesPerSecond: perSampled(period.networkBytes) * 1_000,
    },
    sample: latest,
    capacity: capacityOf(latest, settings),
    expense: settings.expense,
    accepting: ports.accepting(),
    statement,
    register: ports.register,
    executionCost: ports.executionCost,
    remainingWork: (execution) => board.remainingWork(execution),
    executionsMax: settings.executionsMax,
    peersMax: settings.peersMax,
  });
  ports.publishUsage(usage);
  exchange.tell(address.rack(identity.rack), { kind: 'usage', usage }, 'batched');
}

function demandOf(board: LaneBoard): number {
  return board.lanes().reduce((sum, lane) => sum + lane.counters().demandMs, 0);
}

function tell(
  exchange: Exchange,
  to: ReturnType<typeof address.rack>,
  message: RackMessage | AffinityMessage,
): void {
  exchange.tell(to, message, 'batched');
}
