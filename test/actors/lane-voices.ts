import type { ExecutionId, IncarnationId, LaneIndex } from '../../src/core/ids.ts';
import { snapshotDigest } from '../../src/core/ids.ts';
import { SystemDigest } from '../../src/digest.ts';
import type { Capture, Lane, LaneEvent, LaneListener } from '../../src/lanes/contract.ts';
import type { HostDrivers, SimulatedHost } from '../../src/simulator/cluster/host.ts';
import { encodeState } from '../../src/simulator/cluster/script.ts';
import { ScriptedLane } from '../../src/simulator/cluster/scripted-lane.ts';

/** Stands between the lanes and their hosts, so that a test may speak for an execution that only counts. */
export class LaneVoices {
  /** Where effects run that copies wait for which are restored from now on, by their host. */
  readonly effectsOn = new Map<SimulatedHost, readonly IncarnationId[]>();
  readonly #listeners = new Map<Lane, LaneListener>();
  readonly #digest = new SystemDigest();

  start(
    startLane: HostDrivers['startLane'],
    host: SimulatedHost,
    index: LaneIndex,
    listener: LaneListener,
  ): Lane {
    const lane = startLane(host, index, {
      onEvent: (event) => listener.onEvent(this.#amended(host, event)),
      onExit: (error) => listener.onExit(error),
    });
    this.#listeners.set(lane, listener);
    return lane;
  }

  /** A durable execution waits for a checkpoint; `offers` one with its wish. */
  want(host: SimulatedHost, execution: ExecutionId, offers: boolean): void {
    const { listener, resident } = this.#heard(host, execution);
    const { tenure, script, count } = resident;
    const bytes = encodeState({ ...script, count, dealer: null });
    const capture: Capture = {
      tenure,
      bytes,
      digest: snapshotDigest(this.#digest.sha256(bytes)),
      effectSequence: count,
      effectsPending: 0,
      atMs: host.machine.monotonicMs(),
    };
    listener.onEvent({ kind: 'checkpointWanted', tenure, capture: offers ? capture : null });
  }

  /** An execution ends, and returns this. */
  end(host: SimulatedHost, execution: ExecutionId, value: string): void {
    const { listener, resident } = this.#heard(host, execution);
    resident.settled = true;
    const settlement = { kind: 'returned', value: new TextEncoder().encode(value) } as const;
    listener.onEvent({ kind: 'settled', tenure: resident.tenure, settlement });
  }

  #heard(host: SimulatedHost, execution: ExecutionId) {
    const lane = host.lanes.at(-1);
    const listener = lane === undefined ? undefined : this.#listeners.get(lane);
    const resident = lane instanceof ScriptedLane ? lane.residents.get(execution) : undefined;
    if (listener === undefined || resident === undefined) throw new Error(`${execution} is not here`);
    return { listener, resident };
  }

  #amended(host: SimulatedHost, event: LaneEvent): LaneEvent {
    const effectsOn = this.effectsOn.get(host);
    return event.kind === 'restored' && effectsOn !== undefined ? { ...event, effectsOn } : event;
  }
}
