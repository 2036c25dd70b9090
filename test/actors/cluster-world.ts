import type { ExecutionId } from '../../src/core/ids.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';
import type { AffinityDeclaration, EventDetail, ExecutionReply } from '../../src/protocols/messages.ts';
import type { SimulatedHost } from '../../src/simulator/cluster/host.ts';
import type { Script } from '../../src/simulator/cluster/script.ts';
import { argsOf, scriptMethod } from '../../src/simulator/cluster/script.ts';
import { ScriptedLane } from '../../src/simulator/cluster/scripted-lane.ts';
import type { StoreOptions } from '../../src/simulator/cluster/store.ts';
import type { WitnessedAct } from '../../src/simulator/cluster/witness.ts';
import { World } from '../../src/simulator/cluster/world.ts';
import type { Envelope } from '../../src/wire/contract.ts';
import { deciderDrivers } from './decider-drivers.ts';
import { LaneVoices } from './lane-voices.ts';

export interface HostOptions {
  readonly rack?: string;
  readonly settings?: Record<string, unknown>;
}

/** How often a call to the store fails: before it was done, or after it (so that the caller cannot know). Both in [0, 1]. */
export interface StoreFaults {
  readonly lost: number;
  readonly ambiguous: number;
  /** Longest that a call takes, one way. */
  readonly delayMaxMs: number;
}

export const noFaults: StoreFaults = { lost: 0, ambiguous: 0, delayMaxMs: 0.5 };
/** All calls fail. */
export const storeAway: StoreFaults = { ...noFaults, lost: 1 };

/** A simulated world, with what tests of actors ask of it in one line. */
export class ClusterWorld extends World {
  /** Calls of hosts to the store, as they take effect. */
  readonly calls: string[] = [];
  /** Messages between hosts, as they arrive: `h1>h2 transfer`. */
  readonly passages: string[] = [];
  readonly voices: LaneVoices;

  constructor(seed: number, store: Partial<StoreOptions> = {}) {
    const voices = new LaneVoices();
    const drivers = (world: World) => deciderDrivers(world, voices);
    super({ seed, drivers, store: { alongMaxBytes: 0, ...store }, traced: true });
    this.voices = voices;
    this.onCall = (_host, call, outcome) => {
      if (outcome !== 'failed') this.calls.push(call);
    };
    const { onArrival } = this.network;
    this.network.onArrival = (from, to, envelope) => {
      onArrival(from, to, envelope);
      this.passages.push(`${from.identity.name}>${to.identity.name} ${summary(envelope)}`);
    };
  }

  /** Of all calls that are made from now on. */
  set storeFaults({ lost, ambiguous, delayMaxMs }: StoreFaults) {
    const random = this.random.fork();
    this.store.options.delayMaxMs = delayMaxMs;
    this.store.fateOf = () => {
      const chance = random.next();
      if (chance < lost) return 'notDone';
      return chance < lost + ambiguous ? 'doneInDoubt' : 'done';
    };
  }

  /** Starts a host whose name is new, so that it waits for nobody. */
  async start(name: string, { rack = 'r1', settings = {} }: HostOptions = {}): Promise<SimulatedHost> {
    const host = this.boot(name, rack, settings);
    host.raise();
    await this.advance(50);
    return host;
  }

  /** Starts an execution of a script at a host, and waits until the host says so. */
  async run(
    host: SimulatedHost,
    script: Partial<Script> = {},
    affinity: AffinityDeclaration = anywhere,
  ): Promise<ExecutionId> {
    const { execution, started } = this.begin(host, scriptMethod, argsOf(scriptOf(script)), affinity);
    const reply = await this.settle(started, 6_000);
    if (reply.kind !== 'started') throw new Error(JSON.stringify(reply));
    return execution;
  }

  override move(
    via: SimulatedHost,
    execution: ExecutionId,
    to: SimulatedHost | string,
  ): Promise<ExecutionReply> {
    return super.move(via, execution, typeof to === 'string' ? to : to.config.name);
  }

  /** All acts, by whom. */
  get acts(): readonly WitnessedAct[] {
    return this.witness.acts;
  }

  actsOf(execution: ExecutionId): readonly WitnessedAct[] {
    return this.acts.filter(({ tenure }) => tenure.execution === execution);
  }

  /** Who may run it now. */
  runners(execution: ExecutionId): readonly string[] {
    return this.living
      .filter((host) => {
        const resident = host.leaseEnded ? undefined : laneOf(host).residents.get(execution);
        return resident !== undefined && !resident.frozen && !resident.settled;
      })
      .map((host) => host.config.name);
  }

  eventsOf<Kind extends EventDetail['kind']>(
    kind: Kind,
    hosts: readonly SimulatedHost[] = this.hosts,
  ): readonly Extract<EventDetail, { readonly kind: Kind }>[] {
    const isOne = (event: EventDetail): event is Extract<EventDetail, { readonly kind: Kind }> =>
      event.kind === kind;
    return hosts.flatMap(({ events }) => events.filter(isOne));
  }
}

/** The lane that was started last. */
export function laneOf(host: SimulatedHost): ScriptedLane {
  const lane = host.lanes.at(-1);
  if (!(lane instanceof ScriptedLane)) throw new Error(`${host.config.name} has no lane`);
  return lane;
}

/** One that counts for ever, where nothing else is said. */
export function scriptOf(script: Partial<Script>): Script {
  return { until: null, busy: true, bytes: 100, peers: [], deals: null, ...script };
}

function summary({ message }: Envelope): string {
  const inner = (message as { readonly message?: { readonly kind?: string } }).message;
  return message.kind === 'passage' ? (inner?.kind ?? '') : message.kind;
}
