import { address } from '../../actors/addresses.ts';
import type { Digest } from '../../core/ports.ts';
import type { ExecutionId } from '../../core/ids.ts';
import { hostOf } from '../../core/ids.ts';
import { SystemDigest } from '../../digest.ts';
import type { ExecutionReply } from '../../protocols/messages.ts';
import type { RegisterRow } from '../../protocols/ownership/register.ts';
import type { Mishap } from '../../simulator/cluster/faults.ts';
import type { HostDrivers, SimulatedHost } from '../../simulator/cluster/host.ts';
import { PhaseTriggers } from '../../simulator/cluster/phase-triggers.ts';
import { resourceSample } from '../../simulator/cluster/resource-sample.ts';
import { livenessMs } from '../../simulator/cluster/run.ts';
import { Striking } from '../../simulator/cluster/striking.ts';
import type { Violation } from '../../simulator/cluster/witness.ts';
import { World } from '../../simulator/cluster/world.ts';
import { SeededRandom } from '../../simulator/random.ts';
import { vaultHistory } from '../../store/history.ts';
import { emptyVault, noAnalyst } from '../simulated-drivers.ts';
import { ActWitness } from './act-witness.ts';
import { TestClient } from './client.ts';
import type { EffectCall } from './effect-calls.ts';
import { EffectCalls } from './effect-calls.ts';
import { MethodLane } from './method-lane.ts';
import type { ReadOptions } from './options.ts';
import { Pace } from './pace.ts';
import type { RunScope } from './scope.ts';
import { methodsBaseUrl, methodsPackage, TestMethods } from './test-methods.ts';

const bootMs = 5_000;
/** What comes of a stale copy shows by then. */
const calmMs = 400;
const restartMs = 150;
const inspectMs = 1_000;
const lookAgainMs = 50;
/** Of a question to an execution, before what it came to is due. */
const settleMaxMs = 600_000;

/** One run of a simulated cluster with real methods: the world, what happens in it, and what was seen of it. */
export class ClusterRun {
  readonly options: ReadOptions;
  readonly methods = new TestMethods();
  readonly world: World;
  readonly client: TestClient;
  readonly calls: EffectCalls;
  readonly pace: Pace;
  readonly scope: RunScope;
  readonly witness: ActWitness;
  readonly #striking: Striking;
  readonly #random: SeededRandom;
  readonly #triggers: PhaseTriggers;
  #beganAtMs = 0;
  #isOver = false;

  constructor(options: ReadOptions) {
    this.options = options;
    const { seed, hosts, realMaxMs } = options;
    this.#random = new SeededRandom(seed ^ 0x7e57);
    this.scope = { pass: (ms) => this.pace.until(() => false, ms).then(() => undefined), outside: new Map() };
    this.calls = new EffectCalls({
      nowMs: () => this.nowMs,
      run: this.scope,
      onCall: (call) => this.#called(call),
      onEnd: (call) => this.#ended(call),
    });
    const digest = new SystemDigest();
    this.world = new World({ seed, drivers: () => this.#drivers(digest), traced: true });
    this.witness = new ActWitness(this.world);
    this.client = new TestClient(this.world);
    this.pace = new Pace(this.world, this.calls, realMaxMs);
    this.#striking = new Striking(this.world, hosts.length);
    this.world.onConfirmed = (row) => this.witness.confirmed(row);
    this.world.onExit = ({ config }) =>
      void this.world.clock.after(restartMs, () => this.restart(config.name));
    this.#triggers = new PhaseTriggers({
      strike: (fault, by) => this.#striking.strike(fault, by),
      later: (inMs, task) => this.#later(inMs, task),
    });
    this.world.afterTurn = (host) => this.#triggers.look(host);
  }

  get nowMs(): number {
    return this.world.clock.monotonicMs() - this.#beganAtMs;
  }

  get violations(): readonly Violation[] {
    return [...this.witness.violations, ...this.world.witness.violations];
  }

  /** Starts the hosts, and what is to happen to them. */
  async begin(): Promise<void> {
    const { hosts, rackOf, settingsOf, faults, faultsWithinMs, movesEveryMs } = this.options;
    for (const host of hosts) this.world.boot(host, rackOf(host), settingsOf(host)).start();
    await this.pace.until(() => this.client.directory.hosts().length >= hosts.length, bootMs);
    this.#beganAtMs = this.world.clock.monotonicMs();
    for (const fault of faults) {
      const { trigger } = fault;
      if (trigger.kind === 'phase') this.#triggers.await(fault, trigger);
      else this.#later(trigger.atMs, () => this.#striking.strike(fault, null));
    }
    if (faultsWithinMs < Infinity) this.#later(faultsWithinMs, () => this.#triggers.clear());
    if (movesEveryMs !== null) this.#moveLater(movesEveryMs);
  }

  /** Ends all faults, and judges from outside: everything goes on, or has ended, on one host each. */
  async finish(): Promise<void> {
    const { world, pace } = this;
    this.#isOver = true;
    this.#triggers.clear();
    this.heal();
    for (const name of this.options.hosts) this.restart(name);
    const endMs = this.nowMs + livenessMs;
    await pace.until(() => false, calmMs);
    let silent = await this.#silent();
    while (silent.size > 0 && this.nowMs < endMs) {
      await pace.until(() => false, lookAgainMs);
      silent = await this.#silent();
    }
    const atMs = world.clock.monotonicMs();
    for (const [execution, why] of silent) {
      const text = `${why}, ${livenessMs} ms after all faults had ended`;
      this.witness.violations.push({ atMs, execution, promise: 'neverNone', text });
    }
  }

  /** The processes are gone, and with them whatever waits. */
  end(): void {
    for (const host of this.world.living) this.world.kill(host);
    this.client.close();
  }

  strike(mishap: Mishap): () => void {
    return this.#striking.strike({ mishap }, null);
  }

  heal(): void {
    this.#striking.endAll();
  }

  /** Harmless while it is up. */
  restart(name: string): void {
    const last = this.world.hosts.findLast(({ config }) => config.name === name);
    if (last !== undefined) this.#striking.restart(last);
  }

  /** Waits for what simulated hosts are to answer. */
  async settled<Value>(promise: Promise<Value>): Promise<Value> {
    let isDone = false;
    const finished = (): void => {
      isDone = true;
    };
    promise.then(finished, finished);
    await this.pace.until(() => isDone, settleMaxMs);
    return promise;
  }

  whereabouts({ execution, method, owner, epoch, generation, standing }: RegisterRow): string {
    const name = hostOf(owner);
    const host = this.world.host(name);
    const state =
      host === null ? 'which is down' : `where it is '${host.phase(execution)}'${this.#deafness(host)}`;
    return `${execution} (${method.method}) is ${standing.phase} at ${generation}.${epoch} on ${name}, ${state}`;
  }

  /** What happened, for people: without the single messages of the protocols. */
  traceLines(): readonly string[] {
    return this.world.trace
      .filter(({ text }) => !/^(?:hears from|put |cas )/.test(text))
      .map(({ atMs, host, text }) => {
        const stamp = (atMs - this.#beganAtMs).toFixed(1).padStart(9);
        return `${stamp} ${(host ?? '').padEnd(4)} ${text}`;
      });
  }

  #deafness({ machine }: SimulatedHost): string {
    if (machine.isSuspended) return '; its machine is suspended';
    return machine.main.isOpen ? '' : '; it is paused or stalled';
  }

  #drivers(digest: Digest): HostDrivers {
    return {
      digest,
      packages: {
        ensure: () => Promise.resolve({ hash: methodsPackage, folder: '' }),
        refusal: () => null,
        affinityOf: () => Promise.resolve(null),
      },
      openAnalyst: () => noAnalyst,
      openHistory: (term) => vaultHistory(emptyVault, { term }),
      sample: (executions) => resourceSample(Math.min(1, executions)),
      startLane: (host, index, listener) =>
        new MethodLane(
          host,
          index,
          {
            digest,
            random: this.world.random.fork(),
            calls: this.calls,
            baseUrl: methodsBaseUrl,
            fuelPerMs: this.options.fuelPerMs,
            onEvent: (event) => this.witness.event(host, event),
          },
          listener,
        ),
    };
  }

  #called(call: EffectCall): void {
    const { host, execution, name, sequence, key, fence, attempt } = call;
    const again = attempt > 1 ? `, attempt ${attempt}` : '';
    this.world.note(
      host,
      `effect ${sequence} '${name}' of ${execution} is called: key ${key}, fence ${fence}${again}`,
    );
    this.witness.call(call);
  }

  #ended({ host, execution, name, sequence, end }: EffectCall): void {
    this.world.note(host, `effect ${sequence} '${name}' of ${execution}: ${end.kind}`);
  }

  /** Until the judgement begins. */
  #later(inMs: number, task: () => void): void {
    this.world.clock.after(inMs, () => {
      if (!this.#isOver) task();
    });
  }

  #moveLater(everyMs: number): void {
    this.#later(this.#random.next() * 2 * everyMs, () => {
      this.#moveLater(everyMs);
      const running = [...this.world.store.registers.rows.values()].filter(
        ({ row }) => row.standing.phase === 'live',
      );
      const { hosts } = this.options;
      const target = hosts[this.#random.below(hosts.length)];
      const found = running[this.#random.below(Math.max(1, running.length))];
      if (found === undefined) return;
      const reason = { by: 'operator', term: null, text: 'the seed asked', scores: {}, decision: '' };
      const order = { kind: 'migrate', target, reason };
      // What became of it stands in the account.
      this.client.exchange
        .ask(address.execution(found.row.execution), order, settleMaxMs)
        .catch(() => undefined);
    });
  }

  /** Those that have not ended, and do not answer from the host that the register names. */
  async #silent(): Promise<ReadonlyMap<ExecutionId, string>> {
    const rows = [...this.world.store.registers.rows.values()]
      .map(({ row }) => row)
      .filter(({ standing }) => standing.phase === 'live' || standing.phase === 'released');
    const found = await Promise.all(
      rows.map(async (row): Promise<readonly [ExecutionId, string][]> => {
        const why = await this.#silence(row.execution);
        return why === null ? [] : [[row.execution, `${this.whereabouts(row)}: ${why}`]];
      }),
    );
    return new Map(found.flat());
  }

  async #silence(execution: ExecutionId): Promise<string | null> {
    try {
      const asked = this.client.exchange.ask<ExecutionReply>(
        address.execution(execution),
        { kind: 'inspect' },
        inspectMs,
      );
      const reply = await this.settled(asked);
      if (reply.kind !== 'inspected') return `it answers '${reply.kind}'`;
      return reply.inspection.state === 'frozen' ? 'it stands frozen' : null;
    } catch (error) {
      // It may have ended while it was asked.
      const { phase } = this.world.store.registers.rows.get(execution)?.row.standing ?? { phase: 'live' };
      return phase === 'live' || phase === 'released' ? (error as Error).message : null;
    }
  }
}
