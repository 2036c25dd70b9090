import { address } from '../../actors/addresses.ts';
import type { PassageMessage } from '../../actors/migration/cell.ts';
import { assert } from '../../core/assert.ts';
import type { HostConfig } from '../../config.ts';
import { configure } from '../../config.ts';
import { messageOf } from '../../core/errors.ts';
import type { MethodRef, Tenure } from '../../core/execution.ts';
import type { ExecutionId, IncarnationId } from '../../core/ids.ts';
import { executionId } from '../../core/ids.ts';
import { anywhere } from '../../placement/original-affinity.ts';
import type {
  AffinityDeclaration,
  EventDetail,
  ExecutionReply,
  HostMessage,
  HostReply,
} from '../../protocols/messages.ts';
import type { RegisterRow } from '../../protocols/ownership/register.ts';
import { SimulatedClock } from '../clock.ts';
import { SeededRandom } from '../random.ts';
import { DealsWitness } from './deals-witness.ts';
import type { HostDrivers, HostSurroundings } from './host.ts';
import { SimulatedHost } from './host.ts';
import { Machine } from './machine.ts';
import { SimulatedNetwork } from './network.ts';
import { ProbeNetwork } from './probes.ts';
import type { StoreObserver, StoreOptions } from './store.ts';
import { alongMaxOf, SimulatedStore } from './store.ts';
import { Witness } from './witness.ts';

/** What a world is made with. */
export interface WorldOptions {
  readonly seed: number;
  /** Made for this world: what hosts do outside is told to it. */
  readonly drivers: (world: World) => HostDrivers;
  /** Settings of every host, on top of its name and rack. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly store?: Partial<StoreOptions>;
  /** Keeps a readable account, and every act. */
  readonly traced?: boolean;
}

/** How an execution is begun. */
export interface BeginOptions {
  readonly durable?: boolean;
  /** Its id; null for the next one. */
  readonly named?: ExecutionId | null;
}

/** One line of a world's account. */
export interface TraceLine {
  readonly atMs: number;
  /** Null for the world itself. */
  readonly host: string | null;
  readonly text: string;
}

const resolved = Promise.resolve();
/** A settled promise has brought all that it brings after so many rounds of the microtask queue. */
const roundsOfPromises = 12;
/** How long after waking up a machine may not have noticed it: docs/semantics.md. */
const wakingMs = 40;
const startMs = 1_000;
const hostsAsideMs = 50_000;
const moveMaxMs = 20_000;

/** The settings of a host by its name; the same ones are read once. */
const configured = new Map<string, HostConfig>();

function configOf(settings: Readonly<Record<string, unknown>>): HostConfig {
  const key = JSON.stringify(settings);
  const known = configured.get(key);
  if (known !== undefined) return known;
  const config = configure(settings);
  configured.set(key, config);
  return config;
}

/** Several simulated hosts on one store and one network, under one clock and one seed. */
export class World {
  readonly clock = new SimulatedClock(startMs);
  readonly random: SeededRandom;
  readonly store: SimulatedStore;
  readonly network: SimulatedNetwork;
  readonly probes = new ProbeNetwork(this.clock);
  readonly witness: Witness;
  readonly deals: DealsWitness;
  readonly trace: TraceLine[] = [];
  readonly traced: boolean;
  /** Every start of every host. */
  readonly hosts: SimulatedHost[] = [];
  /** Moves that were made. */
  moves = 0;
  /** Called after each turn of an actor of this host. */
  afterTurn: ((host: SimulatedHost) => void) | null = null;
  /** Called when a process has ended by itself. */
  onExit: (host: SimulatedHost, why: string) => void = () => undefined;
  /** Called when the store has told a host that its register entry stands. */
  onConfirmed: (row: RegisterRow) => void = () => undefined;
  /** Called when a host's call to the store has taken effect, or failed. */
  onCall: StoreObserver['onCall'] = () => undefined;
  /** Actors that crashed without being told to. */
  readonly crashes: string[] = [];
  readonly #settings: Readonly<Record<string, unknown>>;
  /** Of one host, by its name. */
  readonly #more = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #around: HostSurroundings;
  readonly #wokenAtMs = new Map<IncarnationId, number>();
  #alive: SimulatedHost[] = [];
  #executions = 0;

  constructor({ seed, drivers, settings = {}, store = {}, traced = false }: WorldOptions) {
    this.random = new SeededRandom(seed);
    this.store = new SimulatedStore(this.clock, this.random.fork(), {
      alongMaxBytes: alongMaxOf(seed),
      ...store,
    });
    this.network = new SimulatedNetwork(this.clock, this.random.fork());
    this.traced = traced;
    this.#settings = settings;
    this.witness = new Witness((by) => this.isWaking(by), traced);
    this.deals = new DealsWitness({
      nowMs: () => this.clock.monotonicMs(),
      storeNowMs: () => this.clock.wallMs(),
      isWaking: (by) => this.isWaking(by),
      found: (violation) => this.witness.found(violation),
    });
    this.store.registers.onChange((_execution, found) => {
      if (found !== null) this.deals.stored(found.row);
    });
    this.#around = {
      clock: this.clock,
      store: this.store,
      network: this.network,
      probes: this.probes,
      drivers: drivers(this),
      storeObserver: {
        onCall: (host, call, outcome) => this.#onCall(host, call, outcome),
        onRegisterAnswered: (row) => {
          this.witness.confirmed(row);
          this.onConfirmed(row);
        },
        onLeaseAnswered: ({ host, phase }, tookMs) => {
          if (phase === 'live') this.deals.renewed(host.incarnation, tookMs);
        },
      },
      onEvent: (host, event) => this.#onEvent(host, event),
      onCrash: (host, actor, error) => this.#onCrash(host, actor, error),
      onExit: (host, why) => {
        this.note(host.config.name, `its process ended: ${why}`);
        this.#alive = this.#alive.filter((other) => other !== host);
        this.onExit(host, why);
      },
    };
    if (traced) {
      this.network.onArrival = (from, to, { message }) => {
        if (message.kind === 'passage' || message.kind === 'packet')
          this.note(to.identity.name, `hears from ${from.identity.name}: ${summary(message)}`);
      };
    }
  }

  /** Starts a host. A machine that was there before goes on with its clocks. */
  boot(name: string, rack = 'r1', more = this.#more.get(name) ?? {}): SimulatedHost {
    this.#more.set(name, more);
    const before = this.hosts.findLast(({ config }) => config.name === name);
    assert(before?.alive !== true, `${name} is not up twice`);
    const monotonicMs = before?.machine.monotonicMs() ?? this.random.next() * hostsAsideMs;
    const machine = new Machine(this.clock, monotonicMs);
    machine.aheadMs = before?.machine.aheadMs ?? 0;
    const config = configOf({ lanes: 1, cpuShare: 1, ...this.#settings, ...more, name, rack });
    const host = new SimulatedHost(this.#around, config, machine, this.random.fork());
    this.hosts.push(host);
    this.#alive.push(host);
    this.note(name, `starts as ${host.identity.incarnation}`);
    return host;
  }

  /** The process of this name that lives; null while it is down. */
  host(name: string): SimulatedHost | null {
    return this.#alive.find(({ config }) => config.name === name) ?? null;
  }

  /** The processes that are up. */
  get living(): readonly SimulatedHost[] {
    return this.#alive;
  }

  kill(host: SimulatedHost): void {
    host.kill();
    this.#alive = this.#alive.filter((other) => other !== host);
  }

  /** Puts a machine to sleep, with all that runs on it. */
  suspend(host: SimulatedHost): void {
    host.machine.suspend();
  }

  wake(host: SimulatedHost): void {
    this.#wokenAtMs.set(host.identity.incarnation, this.clock.monotonicMs());
    host.machine.wake();
  }

  isWaking(incarnation: IncarnationId): boolean {
    const atMs = this.#wokenAtMs.get(incarnation);
    return atMs !== undefined && this.clock.monotonicMs() - atMs <= wakingMs;
  }

  note(host: string | null, text: string): void {
    if (this.traced) this.trace.push({ atMs: this.clock.monotonicMs(), host, text });
  }

  act(host: SimulatedHost, tenure: Tenure, count: number): void {
    if (!host.alive) return;
    this.witness.act({ tenure, count, by: host.identity.incarnation, atMs: this.clock.monotonicMs() });
  }

  /** Delivers until nothing waits on any living host, and no promise has anything to add. Time stands still. */
  async idle(): Promise<void> {
    for (let rounds = 0; rounds < roundsOfPromises; rounds += 1) {
      if (this.#stepAll()) rounds = 0;
      await resolved;
    }
  }

  #stepAll(): boolean {
    let stepped = false;
    for (const host of this.#alive) {
      while (host.machine.main.isOpen && host.kernel.step()) {
        stepped = true;
        this.afterTurn?.(host);
      }
    }
    return stepped;
  }

  async advance(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  /** Lets time pass until something holds. */
  async until(holds: () => boolean, maxMs: number): Promise<boolean> {
    const endMs = this.clock.monotonicMs() + maxMs;
    await this.idle();
    while (!holds() && this.clock.fireNext(endMs)) await this.idle();
    return holds();
  }

  /** Waits for a promise, while simulated time passes. */
  async settle<Value>(promise: Promise<Value>, maxMs: number): Promise<Value> {
    let done = false;
    const finished = (): void => {
      done = true;
    };
    promise.then(finished, finished);
    await this.until(() => done, maxMs);
    assert(done, `something comes of it within ${maxMs} simulated ms`);
    return promise;
  }

  /** Asks a host to start an execution. @returns its id, once it is in the register */
  begin(
    host: SimulatedHost,
    method: MethodRef,
    args: Uint8Array,
    affinity: AffinityDeclaration = anywhere,
    { durable = false, named = null }: BeginOptions = {},
  ): { readonly execution: ExecutionId; readonly started: Promise<HostReply> } {
    this.#executions += 1;
    const execution = named ?? executionId(`x-${this.#executions}`);
    const order: HostMessage = { kind: 'startExecution', execution, method, args, affinity, durable };
    const started = host.exchange.ask<HostReply>(address.host(host.identity.name), order, moveMaxMs);
    return { execution, started };
  }

  /** Asks for a move, through the host of an operator. What it came to stands in the events. */
  move(via: SimulatedHost, execution: ExecutionId, to: string): Promise<ExecutionReply> {
    const reason = { by: 'operator', term: null, text: 'an order', scores: {}, decision: '' } as const;
    const order = { kind: 'migrate', target: to, reason } as const;
    return via.exchange.ask<ExecutionReply>(address.execution(execution), order as never, moveMaxMs);
  }

  #onCall(host: string, call: string, outcome: string): void {
    this.onCall(host, call, outcome);
    if (this.traced && /^cas execution|^put snapshot/.test(call)) this.note(host, `${call}: ${outcome}`);
  }

  #onEvent(host: SimulatedHost, event: EventDetail): void {
    if (event.kind === 'moved') this.moves += 1;
    if (this.traced && event.kind !== 'log') this.note(host.config.name, eventText(event));
  }

  #onCrash(host: SimulatedHost, actor: string, error: unknown): void {
    const text = `${actor}: ${messageOf(error)}`;
    this.crashes.push(`${host.config.name} ${text}`);
    this.note(host.config.name, `crash of ${text}`);
  }
}

function summary(message: { readonly kind: string }): string {
  if (message.kind !== 'passage') return message.kind;
  const { message: inner } = message as unknown as PassageMessage;
  return `${inner.kind} ${inner.passage.execution}`;
}

function eventText(event: EventDetail): string {
  const { kind, ...rest } = event;
  const tenure = 'tenure' in rest ? rest.tenure : null;
  if (tenure !== null) return `${kind} ${tenure.execution} ${tenure.generation}.${tenure.epoch}`;
  return `${kind} ${JSON.stringify(rest)}`;
}
