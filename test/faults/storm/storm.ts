import { isDeepStrictEqual } from 'node:util';
import { SystemClock } from '../../../src/clock.ts';
import { messageOf } from '../../../src/core/errors.ts';
import type { Random } from '../../../src/core/ports.ts';
import { SeededRandom } from '../../../src/simulator/random.ts';
import { judge } from '../../../src/testing/index.ts';
import type { LoggedAct } from '../../../src/testing/index.ts';
import { entryText } from '../../../src/testing/local/sightings.ts';
import type { Entry } from '../../../src/testing/local/sightings.ts';
import { Fleet, quickLeases, scripted } from '../fleet.ts';
import type { Work } from '../fleet.ts';
import type { StoreKind } from '../matrix/cases.ts';
import type { StoreServers } from '../matrix/servers.ts';
import type { Blow } from './plan.ts';
import { blowText, planStorm } from './plan.ts';

export interface StormOptions {
  readonly store: StoreKind;
  readonly seed: number;
  readonly lengthMs: number;
  /** Hears what happens, as it does. */
  readonly say: (line: string) => void;
}

export interface StormReport {
  readonly seed: number;
  readonly blows: number;
  readonly executions: number;
  readonly acts: number;
  readonly moves: number;
  readonly recoveries: number;
  /** Taken for poison, since its hosts died one after the other, and let go again. */
  readonly releases: number;
  /** Acts of hosts that were stopped in the midst of them: their target refused them by the fencing token. */
  readonly late: number;
  readonly faults: readonly string[];
  readonly trace: string;
}

const clock = new SystemClock();
const after = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
/** As many executions are under way all the time. */
const streams = 6;
const actsEach = 250;
const rounds = 20_000;
const restMs = 12;
/** After the last fault, for recoveries that wait for leases and for one another, and for what was still to be done. */
const settleMaxMs = 180_000;
/** How much is told of what went before and came after, of an execution that went wrong. */
const aroundMs = 10_000;

/** Hosts under load, random faults, and a witness that judges every execution when all is over. */
export async function storm(options: StormOptions, servers: StoreServers): Promise<StormReport> {
  const name = `storm_${process.pid}_${options.seed}`;
  const url = await servers.open(options.store, name);
  const fleet = await Fleet.open({
    racks: 2,
    hostsPerRack: 2,
    settings: [...scripted, ...quickLeases],
    environment: {},
    links: true,
    ...(url === null ? {} : { store: url }),
  });
  try {
    return await new Storm(fleet, options, servers).run();
  } finally {
    await fleet.end();
    await servers.close(options.store, name).catch(() => undefined);
  }
}

class Storm {
  readonly #fleet: Fleet;
  readonly #options: StormOptions;
  readonly #servers: StoreServers;
  /** Of the load; faults have theirs, so that they do not depend on how fast executions end. */
  readonly #random: Random;
  readonly #work: Work[] = [];
  readonly #results = new Map<string, unknown>();
  readonly #failures: string[] = [];
  /** Hosts that are being started again, by name. */
  readonly #starting = new Map<string, Promise<void>>();
  /** What was said, with when. */
  readonly #said: Entry[] = [];
  #isOver = false;
  #hasEnded = false;
  #releases = 0;

  constructor(fleet: Fleet, options: StormOptions, servers: StoreServers) {
    this.#fleet = fleet;
    this.#options = options;
    this.#servers = servers;
    this.#random = new SeededRandom(options.seed ^ 0x5eed);
  }

  async run(): Promise<StormReport> {
    const { store, seed, lengthMs } = this.#options;
    const { hosts } = this.#fleet.real;
    const blows = planStorm(new SeededRandom(seed), hosts, store, lengthMs);
    this.#say(`Seed ${seed}: ${blows.length} faults in ${(lengthMs / 60_000).toFixed(1)} min on ${store}.`);
    const load = Array.from({ length: streams }, () => this.#stream());
    const mover = this.#moveAround();
    const releasing = this.#releaseAll();
    await Promise.all([...blows.map((blow) => this.#deal(blow)), after(lengthMs)]);
    this.#isOver = true;
    await this.#fleet.real.heal();
    const ended = Promise.all([...load, mover]).then(() => null);
    const late = after(settleMaxMs).then(() => `not all had ended ${settleMaxMs} ms after the last fault`);
    const stuck = await Promise.race([ended, late]);
    if (stuck !== null) this.#failures.push(stuck);
    this.#hasEnded = true;
    await releasing;
    return this.#judged(blows.length);
  }

  #say(text: string): void {
    this.#said.push({ atMs: clock.wallMs(), text });
    this.#options.say(text);
  }

  /** One execution after the other, each of them where the load's own chance has it. */
  async #stream(): Promise<void> {
    while (!this.#isOver) {
      try {
        const [work] = await this.#fleet.startWork(this.#anyHost(), [actsEach], rounds, restMs);
        if (work === undefined) continue;
        this.#work.push(work);
        await this.#ended(work);
      } catch {
        // That host takes nothing just now: another one.
        await after(100);
      }
    }
  }

  async #ended(work: Work): Promise<void> {
    for (;;) {
      try {
        this.#results.set(work.execution, await this.#fleet.cluster.outcome(work.execution));
        return;
      } catch (error) {
        // The store is away for the client, too.
        if ((error as { readonly retryable?: boolean }).retryable !== true) {
          this.#failures.push(`${work.execution}: ${messageOf(error)}`);
          return;
        }
        await after(200);
      }
    }
  }

  async #moveAround(): Promise<void> {
    while (!this.#isOver) {
      await after(200 + this.#random.next() * 600);
      const running = this.#work.filter(({ execution }) => !this.#results.has(execution));
      const chosen = running[Math.floor(this.#random.next() * running.length)];
      // Whether it comes about is its own business.
      if (chosen !== undefined)
        void this.#fleet.move(chosen.execution, this.#anyHost()).catch(() => undefined);
    }
  }

  /** As whoever runs the cluster does, who knows what the hosts died of. */
  async #releaseAll(): Promise<void> {
    const { cluster } = this.#fleet;
    while (!this.#hasEnded) {
      await after(1_000);
      try {
        const held = (await cluster.executions()).filter(({ phase }) => phase === 'quarantined');
        for (const { execution } of held) {
          this.#say(await cluster.release(execution));
          this.#releases += 1;
        }
      } catch (error) {
        // The store is away, or somebody else was quicker: looked at again.
        this.#say(messageOf(error));
      }
    }
  }

  #anyHost(): string {
    const { hosts } = this.#fleet.real;
    return hosts[Math.floor(this.#random.next() * hosts.length)] ?? '';
  }

  async #deal(blow: Blow): Promise<void> {
    await after(blow.atMs);
    this.#say(blowText(blow));
    try {
      const mend = await this.#strike(blow);
      await after(blow.forMs);
      await mend();
    } catch (error) {
      // A host that has given up by itself is started again, as whoever runs it would.
      this.#say(messageOf(error));
      if ('host' in blow) await this.#restart(blow.host);
    }
  }

  async #strike(blow: Blow): Promise<() => Promise<void>> {
    const { real } = this.#fleet;
    switch (blow.kind) {
      case 'kill':
        await real.kill(blow.host);
        return () => this.#restart(blow.host);
      case 'stop':
        real.stop(blow.host);
        return () => Promise.resolve(real.continue(blow.host));
      case 'isolate':
        await real.isolate(blow.host);
        return () => real.heal(blow.host);
      case 'cut':
        await real.cut(blow.from, blow.to);
        return () => real.heal(blow.from, blow.to);
      case 'cutOneWay':
        await real.cutOneWay(blow.from, blow.to);
        return () => real.heal(blow.from, blow.to);
      case 'break':
        await real.breakConnections(blow.from, blow.to);
        return () => Promise.resolve();
      case 'disturb':
        await real.disturb(blow.from, blow.to, { delayMs: blow.delayMs, lossRatio: blow.lossRatio });
        return () => real.heal(blow.from, blow.to);
      default:
        return this.#takeStoreAway();
    }
  }

  /** Once at a time, whatever struck it meanwhile: two starts of one name would be in each other's way for ever. */
  #restart(host: string): Promise<void> {
    const under =
      this.#starting.get(host) ?? this.#startAgain(host).finally(() => this.#starting.delete(host));
    this.#starting.set(host, under);
    return under;
  }

  /** A store that is away keeps a host from coming up: then it is started once more, as its supervisor would. */
  async #startAgain(host: string): Promise<void> {
    for (;;) {
      try {
        return await this.#fleet.real.restart(host);
      } catch (error) {
        this.#say(`${host} did not come up: ${messageOf(error)}`);
        await after(500);
      }
    }
  }

  async #takeStoreAway(): Promise<() => Promise<void>> {
    if (this.#options.store === 'postgres') {
      const server = await this.#servers.postgres();
      await server.stop('killed');
      return () => server.start();
    }
    const { nodes } = await this.#servers.nats();
    const node = nodes[Math.floor(this.#random.next() * nodes.length)];
    await node?.kill();
    return async () => node?.start();
  }

  #judged(blows: number): StormReport {
    const { real } = this.#fleet;
    const { seen } = real;
    const account = real.account();
    const acts = new Map<string, LoggedAct[]>();
    for (const act of seen.acts()) {
      const own = acts.get(act.execution) ?? [];
      if (own.length === 0) acts.set(act.execution, own);
      own.push(act);
    }
    const traces: string[] = [];
    let late = 0;
    const faults = this.#work.flatMap((work) => {
      const { execution, expected } = work;
      const own = acts.get(execution) ?? [];
      const [verdict] = judge(own, account, [work]);
      late += verdict?.late ?? 0;
      const wrong = (verdict?.faults ?? []).map((fault) => `${execution}: ${JSON.stringify(fault)}`);
      const result = this.#results.get(execution);
      const isRight = isDeepStrictEqual(result, expected);
      if (wrong.length > 0 || !isRight) traces.push(this.#traceOf(execution, own));
      if (isRight) return wrong;
      const found = JSON.stringify(result) ?? 'none';
      return [...wrong, `${execution}: found the result ${found}, expected ${JSON.stringify(expected)}`];
    });
    const count = (kind: string): number => seen.events.filter(({ detail }) => detail.kind === kind).length;
    const all = [...this.#failures, ...faults];
    return {
      seed: this.#options.seed,
      blows,
      executions: this.#work.length,
      acts: [...acts.values()].reduce((sum, own) => sum + own.length, 0),
      moves: count('moved'),
      recoveries: count('recovered'),
      releases: this.#releases,
      late,
      faults: all,
      trace: traces.join('\n'),
    };
  }

  /** What became of one execution, and what was done to its hosts all the while. */
  #traceOf(execution: string, acts: readonly LoggedAct[]): string {
    const fromMs = (acts[0]?.atMs ?? 0) - aroundMs;
    const toMs = (acts.at(-1)?.atMs ?? Infinity) + aroundMs;
    const all = [...this.#fleet.real.seen.entries(execution), ...this.#said]
      .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
      .toSorted((a, b) => a.atMs - b.atMs);
    return [`${execution}:`, ...all.map(entryText)].join('\n');
  }
}
