import type { HostIdentity } from '../core/execution.ts';
import type { Clock } from '../core/ports.ts';
import { availability } from '../placement/availability.ts';
import type { AffinityMessage, HostAvailability, RackMessage } from '../protocols/messages.ts';
import { address } from './addresses.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { LaneBoard } from './lane-board.ts';
import type { Exchange } from './ports.ts';

/** What a host's process and machine use, over the time since the sample before. */
export interface ResourceReading {
  /** Cores that this host may use. */
  readonly cpuShareCores: number;
  /** Cores that it kept busy. */
  readonly cpuCores: number;
  /** Share of its memory limit in use, in [0, 1]. */
  readonly memoryUsage: number;
  /** Both ways, loopback included. */
  readonly networkBytesPerSecond: number;
}

export interface MonitorPorts {
  readonly identity: HostIdentity;
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly board: LaneBoard;
  readonly labels: readonly string[];
  readonly sampleMs: number;
  readonly sample: () => ResourceReading;
  readonly reserved: () => number;
  readonly accepting: () => boolean;
  /** Median round trip to the other hosts, in ms; 0 while none was measured. */
  readonly latencyMs: () => number;
  /** Keeps the newest report where the host actor finds it. */
  readonly publish: (report: HostAvailability) => void;
}

export interface MonitorMessage {
  readonly kind: 'sample';
}

interface MonitorState {
  readonly atMs: number;
  readonly demandMs: number;
  readonly samples: number;
}

type Context = ActorContext<MonitorMessage>;

/**
 * Samples the host on a schedule, and sends its availability to its own affinity actor and to its rack's. Demand is
 * read from the lanes' counters as an average over the whole sample, not as a momentary count.
 */
export function monitorActor(ports: MonitorPorts): Behaviour<MonitorState, MonitorMessage> {
  return {
    init(context) {
      context.after(ports.sampleMs, { kind: 'sample' });
      return { atMs: ports.clock.monotonicMs(), demandMs: demandOf(ports.board), samples: 0 };
    },
    receive: (state, _message, context) => sample(state, context, ports),
  };
}

function sample(state: MonitorState, context: Context, ports: MonitorPorts): MonitorState {
  const { identity, clock, board, exchange } = ports;
  context.after(ports.sampleMs, { kind: 'sample' });
  const atMs = clock.monotonicMs();
  const demandMs = demandOf(board);
  const periodMs = Math.max(1, atMs - state.atMs);
  const reading = ports.sample();
  // A lane that was started again counts from zero.
  const demand = Math.max(0, demandMs - state.demandMs) / periodMs;
  const { cpuShareCores: cpuShare, memoryUsage } = reading;
  const report: HostAvailability = {
    identity,
    labels: ports.labels,
    resource: {
      hostId: identity.name,
      cpuLoad: Math.min(1, reading.cpuCores / cpuShare),
      memoryUsage,
      networkBandwidth: reading.networkBytesPerSecond,
      latency: ports.latencyMs(),
    },
    executions: board.executions,
    demand,
    reserved: ports.reserved(),
    cpuShare,
    availability: availability({ cpuShare, demand, memoryUsage }),
    accepting: ports.accepting(),
    sample: state.samples + 1,
  };
  ports.publish(report);
  tell(exchange, address.role(identity.name, 'affinity'), { kind: 'availability', report });
  tell(exchange, address.rack(identity.rack), { kind: 'availability', report });
  return { atMs, demandMs, samples: state.samples + 1 };
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
