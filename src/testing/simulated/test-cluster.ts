import { address } from '../../actors/addresses.ts';
import type { ActorHandle } from '../../cluster.ts';
import { NotFoundError, notLive, RefusedError } from '../../cluster-errors.ts';
import { readOutcome } from '../../cluster-results.ts';
import { messageOf } from '../../core/errors.ts';
import type { ExecutionId, HostName } from '../../core/ids.ts';
import { actorAddress, executionId, hostName, hostOf } from '../../core/ids.ts';
import type { Inspection } from '../../core/inspection.ts';
import { encodeValue } from '../../methods/snapshot/index.ts';
import { anywhere } from '../../placement/original-affinity.ts';
import type { AffinityDeclaration, ExecutionReply, HostReply } from '../../protocols/messages.ts';
import type { RegisterRow } from '../../protocols/ownership/register.ts';
import type { FaultKind } from './cluster-faults.ts';
import { shown } from '../option-texts.ts';
import { mishapOf, refuseUnknown, wrong } from './cluster-faults.ts';
import type { ClusterRun } from './cluster-run.ts';
import type {
  EndFault,
  TestCluster,
  TestExecution,
  TestHost,
  TestStanding,
  TestStartOptions,
} from './contract.ts';
import type { EffectCall } from './effect-calls.ts';
import { noExecution, NotInTimeError } from './errors.ts';

const askMs = 10_000;
const migrateMs = 60_000;
const againMs = 50;
const drainMs = 30_000;
const advanceMaxMs = 86_400_000;

export class SimulatedTestCluster implements TestCluster {
  readonly #run: ClusterRun;
  #started = 0;

  constructor(run: ClusterRun) {
    this.#run = run;
  }

  get seed(): number {
    return this.#run.options.seed;
  }

  get nowMs(): number {
    return this.#run.nowMs;
  }

  async start<Args extends readonly unknown[], Result>(
    method: (...args: Args) => Result,
    args: Args,
    options: TestStartOptions = {},
  ): Promise<TestExecution<Awaited<Result>>> {
    const ref = this.#run.methods.refOf(method);
    if (!Array.isArray(args)) throw wrong('args of start()', args, 'an array of arguments');
    checkStart(options);
    if (options.on !== undefined) this.#hostNamed(options.on);
    this.#started += 1;
    const execution = executionId(`x-${this.#started}`);
    const message = {
      kind: 'startExecution',
      execution,
      method: ref,
      args: encodeValue(args),
      affinity: { ...anywhere, ...options.affinity } as AffinityDeclaration,
      durable: options.durable ?? false,
    };
    const { hosts, patienceMs } = this.#run.options;
    const endMs = this.nowMs + patienceMs;
    for (let turn = this.#started - 1; ; turn += 1) {
      const host = options.on ?? (hosts[turn % hosts.length] as string);
      const refusal = await this.#tryStart(execution, hostName(host), message);
      if (refusal === null) return execution;
      if (this.nowMs >= endMs)
        throw new NotInTimeError(`${execution} (${ref.method}) did not start`, patienceMs, refusal);
      await this.advance(againMs);
    }
  }

  async outcome<Result>(execution: TestExecution<Result>): Promise<Result> {
    this.standing(execution);
    const { tables, vault } = this.#run.client;
    const { patienceMs } = this.#run.options;
    if (!(await this.#run.pace.until(() => this.#isOver(execution), patienceMs))) {
      throw new NotInTimeError(`${execution} did not end`, patienceMs, this.#whereabouts(execution));
    }
    const standing = this.#row(execution).standing;
    if (standing.phase !== 'settled') throw notLive(execution, standing) as RefusedError;
    return readOutcome(vault, tables.registers, execution, standing.result) as Promise<Result>;
  }

  async send(execution: ExecutionId, message: unknown): Promise<void> {
    const order = { kind: 'post', body: encodeValue(message) };
    const reply = await this.#ask<ExecutionReply>(execution, order, askMs);
    if (reply.kind !== 'posted') throw refused(`${execution} did not take a message`, reply);
  }

  async migrate(execution: ExecutionId, target: string): Promise<void> {
    this.#hostNamed(target);
    const reason = { by: 'operator', term: null, text: 'the test asked', scores: {}, decision: '' };
    const order = { kind: 'migrate', target: hostName(target), reason };
    const reply = await this.#ask<ExecutionReply>(execution, order, migrateMs);
    if (reply.kind !== 'moved') throw refused(`${execution} was not moved to ${target}`, reply);
  }

  async inspect(execution: ExecutionId): Promise<Inspection> {
    const reply = await this.#ask<ExecutionReply>(execution, { kind: 'inspect' }, askMs);
    if (reply.kind === 'inspected') return reply.inspection;
    throw refused(`${execution} could not be inspected`, reply);
  }

  async drain(host: string, deadlineMs = drainMs): Promise<readonly ExecutionId[]> {
    this.#hostNamed(host);
    const order = { kind: 'drain', deadlineMs };
    const asked = this.#run.client.exchange.ask<HostReply>(
      address.host(hostName(host)),
      order,
      deadlineMs + askMs,
    );
    const reply = await this.#run.settled(asked);
    if (reply.kind === 'drained') return reply.left;
    throw refused(`${host} was not drained`, reply);
  }

  actor(to: string): ActorHandle {
    const where = actorAddress(to);
    const { exchange } = this.#run.client;
    return {
      tell: (message) => exchange.tell(where, message, 'batched'),
      ask: (message, { timeoutMs }) => this.#run.settled(exchange.ask(where, message, timeoutMs)),
    };
  }

  hosts(): readonly TestHost[] {
    const { hosts, rackOf } = this.#run.options;
    return hosts.map((name) => ({ name, rack: rackOf(name), isUp: this.#run.world.host(name) !== null }));
  }

  executions(): readonly TestStanding[] {
    return [...this.#run.world.store.registers.rows.values()].map(({ row }) => standingOf(row));
  }

  standing(execution: ExecutionId): TestStanding {
    return standingOf(this.#row(execution));
  }

  async advance(ms: number): Promise<void> {
    if (typeof ms !== 'number' || !(ms >= 0 && ms <= advanceMaxMs))
      throw wrong('advance()', ms, `ms from 0 to ${advanceMaxMs}`);
    await this.#run.pace.until(() => false, ms);
  }

  async until(holds: () => boolean, what = 'what the test waits for'): Promise<void> {
    if (typeof holds !== 'function') throw wrong('until()', holds, 'a function that says whether it holds');
    const { patienceMs } = this.#run.options;
    if (await this.#run.pace.until(holds, patienceMs)) return;
    throw new NotInTimeError(`${what} did not come to hold`, patienceMs, this.#allWhereabouts());
  }

  async settle(): Promise<void> {
    const { patienceMs } = this.#run.options;
    const isDone = (): boolean => this.executions().every(({ execution }) => this.#isOver(execution));
    if (await this.#run.pace.until(isDone, patienceMs)) return;
    throw new NotInTimeError('Not all executions ended', patienceMs, this.#allWhereabouts());
  }

  strike(fault: FaultKind): EndFault {
    return this.#run.strike(mishapOf(fault, 'strike()', this.#run.options.hosts));
  }

  crash(host: string): void {
    this.#forever({ kind: 'crash', host });
  }

  restart(host: string): void {
    this.#hostNamed(host);
    this.#run.restart(host);
  }

  pause(host: string): EndFault {
    return this.#forever({ kind: 'pause', host });
  }

  suspend(host: string): EndFault {
    return this.#forever({ kind: 'suspend', host });
  }

  stall(host: string): EndFault {
    return this.#forever({ kind: 'stall', host });
  }

  cut(host: string, other: string, options: { readonly oneWay?: boolean } = {}): EndFault {
    refuseUnknown('options of cut()', options, ['oneWay']);
    const { oneWay = false } = options;
    return this.#forever({ kind: 'cut', host, other, oneWay });
  }

  isolate(host: string): EndFault {
    return this.#forever({ kind: 'isolate', host });
  }

  cutStore(host: string): EndFault {
    return this.#forever({ kind: 'cutStore', host });
  }

  storeStall(): EndFault {
    return this.#forever({ kind: 'storeStall' });
  }

  storeFailover(): EndFault {
    return this.#forever({ kind: 'storeFailover' });
  }

  fullDisk(): EndFault {
    return this.#forever({ kind: 'fullDisk' });
  }

  heal(): void {
    this.#run.heal();
  }

  effects(execution?: ExecutionId): readonly EffectCall[] {
    const { all } = this.#run.calls;
    if (execution === undefined) return [...all];
    this.#row(execution);
    return all.filter((call) => call.execution === execution);
  }

  trace(): readonly string[] {
    return this.#run.traceLines();
  }

  #forever(fault: FaultKind): EndFault {
    const open = fault.kind === 'crash' ? { restartMs: Infinity } : { forMs: Infinity };
    return this.strike({ ...fault, ...open } as FaultKind);
  }

  /** @returns why it has not begun; null when it has */
  async #tryStart(
    execution: ExecutionId,
    host: HostName,
    message: { readonly kind: string },
  ): Promise<string | null> {
    let why: string;
    try {
      const asked = this.#run.client.exchange.ask<HostReply>(address.host(host), message, askMs);
      const reply = await this.#run.settled(asked);
      if (reply.kind === 'started') return null;
      why = reply.kind === 'refused' ? `${host} refused: ${reply.reason}` : reply.kind;
    } catch (error) {
      why = messageOf(error);
    }
    // Its answer may have been lost.
    return this.#run.world.store.registers.rows.has(execution) ? null : why;
  }

  #ask<Reply>(execution: ExecutionId, message: { readonly kind: string }, withinMs: number): Promise<Reply> {
    const refusal = notLive(execution, this.#row(execution).standing);
    if (refusal !== null) return Promise.reject(refusal);
    const { exchange } = this.#run.client;
    const asked = exchange.ask<Reply>(address.execution(execution), message, withinMs);
    return this.#run.settled(asked).catch((error: unknown) => {
      throw new RefusedError(`${execution} did not answer: ${messageOf(error)}`, { cause: error });
    });
  }

  #row(execution: ExecutionId): RegisterRow {
    if (typeof execution !== 'string')
      throw wrong('the execution', execution, 'its id, as `await cluster.start(…)` gives it');
    const { rows } = this.#run.world.store.registers;
    const found = rows.get(execution);
    if (found === undefined) throw new NotFoundError(noExecution(execution, rows.keys()));
    return found.row;
  }

  #isOver(execution: ExecutionId): boolean {
    const { phase } = this.standing(execution);
    return phase === 'settled' || phase === 'quarantined';
  }

  #whereabouts(execution: ExecutionId): string {
    return this.#run.whereabouts(this.#row(execution));
  }

  #allWhereabouts(): string {
    const all = this.executions();
    if (all.length === 0) return 'no execution was started';
    const open = all.filter(({ execution }) => !this.#isOver(execution));
    return open.length === 0
      ? 'every execution has ended'
      : open.map(({ execution }) => this.#whereabouts(execution)).join('; ');
  }

  #hostNamed(name: string): void {
    const { hosts } = this.#run.options;
    if (!hosts.includes(name))
      throw new NotFoundError(`There is no host ${shown(name)}. There are: ${hosts.join(', ')}.`);
  }
}

/** @throws {TestOptionsError} */
function checkStart(options: TestStartOptions): void {
  const { durable = false, affinity = {} } = options;
  refuseUnknown('options of start()', options, ['on', 'affinity', 'durable']);
  refuseUnknown('affinity of start()', affinity, Object.keys(anywhere));
  if (typeof durable !== 'boolean') throw wrong('options of start().durable', durable, 'true or false');
}

function standingOf({ execution, method, standing, owner, epoch, generation }: RegisterRow): TestStanding {
  return {
    execution,
    method: method.method,
    phase: standing.phase,
    host: hostOf(owner),
    epoch,
    generation,
  };
}

function refused(
  what: string,
  reply: { readonly kind: string; readonly reason?: string } | { readonly kind: string },
): RefusedError {
  const why = 'reason' in reply && reply.reason !== undefined ? reply.reason : reply.kind;
  return new RefusedError(`${what}: ${why}.`);
}
