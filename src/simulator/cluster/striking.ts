import { assertNever } from '../../core/assert.ts';
import type { Fault, HostIndex, Mishap, Victim } from './faults.ts';
import type { SimulatedHost } from './host.ts';
import type { NetworkWeather } from './network.ts';
import type { World } from './world.ts';
import type { Lane } from '../../lanes/contract.ts';

/** A stuck thread of a slow host gets a turn this often, for this long. */
const slowTurnMs = 45;
const slowRestMs = 5;

export function hostNameOf(index: HostIndex): string {
  return `h${index + 1}`;
}

export function hostIndexOf(name: string): HostIndex {
  return Number(name.slice(1)) - 1;
}

/** A fault that struck and has not ended. */
export interface Struck {
  readonly kind: Mishap['kind'];
  /** Names of the hosts that it touches; null for all. */
  readonly hosts: readonly string[] | null;
}

/** A simulated lane, whose thread can be made to end by itself. */
export interface MortalLane extends Lane {
  die(): void;
}

function isMortal(lane: Lane): lane is MortalLane {
  return 'die' in lane;
}

/** Brings faults about in a world, ends them, and says which are there. */
export class Striking {
  readonly #world: World;
  readonly #hosts: number;
  readonly #active = new Set<Struck>();
  /** Ends of faults that are still to come: when faults are to end at once, these are called. */
  readonly #ends = new Set<() => void>();
  /** Told of each fault as it strikes. */
  onStruck: (struck: Struck) => void = () => undefined;

  constructor(world: World, hosts: number) {
    this.#world = world;
    this.#hosts = hosts;
  }

  /** Faults that last, and are there now. */
  get active(): ReadonlySet<Struck> {
    return this.#active;
  }

  /**
   * @param by the host that entered the phase that the fault waited for
   * @returns what ends it early; harmless when it is over, or was over at once
   */
  strike({ mishap }: Pick<Fault, 'mishap'>, by: SimulatedHost | null): () => void {
    const name = 'host' in mishap ? this.#nameOf(mishap.host, by) : null;
    const others = mishap.kind === 'cut' ? [hostNameOf(mishap.other)] : [];
    const struck: Struck = { kind: mishap.kind, hosts: name === null ? null : [name, ...others] };
    this.#world.note(name, `FAULT ${describe(mishap)}`);
    this.onStruck(struck);
    const host = name === null ? null : this.#world.host(name);
    const end = this.#begin(mishap, host, name);
    if (end === null || !('forMs' in mishap)) return () => undefined;
    this.#active.add(struck);
    const finish = (): void => {
      if (!this.#ends.delete(finish)) return;
      this.#active.delete(struck);
      this.#world.note(name, `fault over: ${mishap.kind}`);
      end();
    };
    this.#ends.add(finish);
    if (mishap.forMs < Infinity) this.#world.clock.after(mishap.forMs, finish);
    return finish;
  }

  /** From now on the world is whole. */
  endAll(): void {
    for (const end of this.#ends) end();
  }

  #nameOf(victim: Victim, by: SimulatedHost | null): string {
    if (victim === 'self') return by?.config.name ?? hostNameOf(0);
    return hostNameOf(victim);
  }

  /** @returns how it ends; null when there is nothing to end */
  #begin(mishap: Mishap, host: SimulatedHost | null, name: string | null): (() => void) | null {
    switch (mishap.kind) {
      case 'loss':
        return this.#weather('lossRatio', mishap.ratio);
      case 'duplication':
        return this.#weather('duplicateRatio', mishap.ratio);
      case 'reordering':
        return this.#weather('reorderRatio', mishap.ratio);
      case 'breaks':
        return this.#weather('breakRatio', mishap.ratio);
      case 'latency':
        return this.#weather('delayMaxMs', mishap.maxMs);
      case 'storeStall':
      case 'storeFailover':
      case 'fullDisk':
      case 'tornWrites':
        return this.#store(mishap);
      case 'cut':
        return this.#cut(name ?? '', hostNameOf(mishap.other), mishap.oneWay);
      default:
        return host === null ? null : this.#strikeHost(mishap, host);
    }
  }

  #strikeHost(mishap: Extract<Mishap, { readonly host: Victim }>, host: SimulatedHost): (() => void) | null {
    const { machine } = host;
    switch (mishap.kind) {
      case 'crash':
        this.#world.kill(host);
        if (mishap.restartMs < Infinity) this.#world.clock.after(mishap.restartMs, () => this.restart(host));
        return null;
      case 'pause':
        machine.pause();
        this.#world.network.silence(host, () => !machine.main.isOpen);
        return () => machine.resume();
      case 'suspend':
        if (machine.isSuspended) return null;
        this.#world.suspend(host);
        this.#world.network.silence(host, () => machine.isSuspended);
        return () => this.#world.wake(host);
      case 'stall':
        machine.main.hold();
        this.#world.network.silence(host, () => !machine.main.isOpen);
        return () => machine.main.release();
      case 'slow':
        return this.#slow(host);
      case 'isolate':
        return this.#isolate(host);
      case 'cutStore':
        host.session.cut();
        return () => host.session.heal();
      case 'clockJump':
        machine.aheadMs += mishap.byMs;
        return null;
      case 'drift':
        machine.drift(mishap.rate);
        return () => machine.drift(1);
      case 'laneDeath': {
        const lane = host.lanes.at(-1);
        if (lane !== undefined && isMortal(lane)) lane.die();
        return null;
      }
      case 'actorCrash':
        host.crashRole(mishap.role);
        return null;
      case 'cut':
        return null;
      default:
        return assertNever(mishap);
    }
  }

  /** Starts a host again whose process has ended. */
  restart({ config }: SimulatedHost): void {
    if (this.#world.host(config.name) === null) this.#world.boot(config.name, config.rack).start();
  }

  #slow(host: SimulatedHost): () => void {
    let isOver = false;
    let isHeld = false;
    const turn = (): void => {
      if (isHeld) host.machine.main.release();
      isHeld = !isHeld && !isOver && host.alive;
      if (isHeld) host.machine.main.hold();
      if (!isOver && host.alive) this.#world.clock.after(isHeld ? slowTurnMs : slowRestMs, turn);
    };
    turn();
    return () => {
      isOver = true;
    };
  }

  #isolate(host: SimulatedHost): () => void {
    const cuts = Array.from({ length: this.#hosts }, (_, index) => hostNameOf(index))
      .filter((other) => other !== host.config.name)
      .map((other) => this.#cut(host.config.name, other, false));
    host.session.cut();
    return () => {
      for (const heal of cuts) heal();
      host.session.heal();
    };
  }

  #cut(from: string, to: string, oneWay: boolean): () => void {
    const { network } = this.#world;
    network.cut(from, to);
    if (!oneWay) network.cut(to, from);
    return () => {
      network.heal(from, to);
      if (!oneWay) network.heal(to, from);
    };
  }

  /** Of two faults of one kind the later one counts, and the first that ends ends both. */
  #weather(key: keyof NetworkWeather, value: number): () => void {
    const { weather } = this.#world.network;
    const before = key === 'delayMaxMs' ? 0.5 : 0;
    weather[key] = value;
    return () => {
      weather[key] = before;
    };
  }

  #store(
    mishap: Extract<Mishap, { kind: 'storeStall' | 'storeFailover' | 'fullDisk' | 'tornWrites' }>,
  ): () => void {
    const { store } = this.#world;
    switch (mishap.kind) {
      case 'storeStall':
        store.stall();
        return () => store.unstall();
      case 'storeFailover':
        store.failovers += 1;
        return () => {
          store.failovers -= 1;
        };
      case 'fullDisk':
        store.fullDisks += 1;
        return () => {
          store.fullDisks -= 1;
        };
      case 'tornWrites':
        store.tornRatio = mishap.ratio;
        return () => {
          store.tornRatio = 0;
        };
      default:
        return assertNever(mishap);
    }
  }
}

export function describe(mishap: Mishap): string {
  const { kind, ...rest } = mishap;
  const parts = Object.entries(rest).map(([key, value]) => {
    const isHost = (key === 'host' || key === 'other') && typeof value === 'number';
    return `${key} ${isHost ? hostNameOf(value) : String(value)}`;
  });
  return [kind, ...parts].join(', ');
}
