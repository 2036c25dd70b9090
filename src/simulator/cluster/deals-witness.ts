import type { Tenure } from '../../core/execution.ts';
import type { ExecutionId, Generation, IncarnationId } from '../../core/ids.ts';
import type { RegisterRow } from '../../protocols/ownership/register.ts';
import { ClockErrors } from './clock-errors.ts';
import type { Correspondence, Correspondences, Sleep } from './dealer-record.ts';
import { lifeOf } from './dealer-record.ts';
import type { ChildState } from './offspring.ts';
import type { Violation } from './witness.ts';

/** An effect as it reaches its target. */
export interface StartedDeal {
  readonly tenure: Tenure;
  readonly by: IncarnationId;
  readonly key: string;
  readonly sequence: number;
  /** The generation that numbered it. */
  readonly numberedIn: number;
  /** What it was called with. */
  readonly count: number;
  readonly durable: boolean;
}

/** What an execution says of its own dealings at a count. */
export interface Account {
  readonly count: number;
  readonly atMs: number;
  readonly durable: boolean;
  readonly sent: Correspondences;
  readonly taken: Correspondences;
  readonly children: readonly ChildState[];
}

export interface DealsWitnessPorts {
  /** Of the world. */
  readonly nowMs: () => number;
  /** What the store's clock shows. */
  readonly storeNowMs: () => number;
  /** Whether this incarnation's machine has just woken up. */
  readonly isWaking: (by: IncarnationId) => boolean;
  readonly found: (violation: Violation) => void;
}

/**
 * The outside of what executions have to do with others: the peers of messages, the targets of effects, and a clock that is
 * right. It honours fencing tokens, as the witness of acts does.
 */
export class DealsWitness {
  /** Messages that were taken, effects that were started, timers that fired. */
  messages = 0;
  effects = 0;
  timers = 0;
  /** Ends of children that their parents were told of. */
  children = 0;
  readonly #ports: DealsWitnessPorts;
  readonly #clocks = new ClockErrors();
  readonly #accounts = new Map<ExecutionId, Account>();
  /** The highest generation that gave an account. */
  readonly #newest = new Map<ExecutionId, Generation>();
  readonly #targets = new Map<string, StartedDeal>();
  /** By execution, generation and number. */
  readonly #keys = new Map<string, string>();
  readonly #lastStarts = new Map<ExecutionId, StartedDeal>();
  readonly #lastTimers = new Map<ExecutionId, { readonly tenure: Tenure; readonly id: number }>();
  /** Whom a `durable` parent has started at a count: by parent and count. */
  readonly #started = new Map<string, ExecutionId>();
  /** The highest number of an effect that a checkpoint in the store holds. */
  readonly #recorded = new Map<ExecutionId, number>();
  /** Each that has ended, and who had before. */
  readonly #ends = new Map<ExecutionId, ReadonlySet<ExecutionId>>();
  /** The highest number that any life of a receiver took: by sender and receiver. */
  readonly #reached = new Map<string, number>();
  /** What had been sent when everything was well again: by sender and receiver. */
  readonly #marks = new Map<string, number>();

  constructor(ports: DealsWitnessPorts) {
    this.#ports = ports;
  }

  account(execution: ExecutionId): Account | null {
    return this.#accounts.get(execution) ?? null;
  }

  counted(tenure: Tenure, account: Omit<Account, 'atMs'>): void {
    const before = this.#accounts.get(tenure.execution);
    const newest = this.#newest.get(tenure.execution) ?? 0;
    // A machine that has just woken up may not know yet that another life goes on: its tokens are refused.
    if (tenure.generation < newest) return;
    this.#newest.set(tenure.execution, tenure.generation);
    this.#accounts.set(tenure.execution, { ...before, ...account, atMs: this.#ports.nowMs() });
  }

  /** What one whose script is over has taken. */
  accepted(tenure: Tenure, taken: Correspondences): void {
    const account = this.#accounts.get(tenure.execution);
    if (account === undefined || tenure.generation < (this.#newest.get(tenure.execution) ?? 0)) return;
    this.#newest.set(tenure.execution, tenure.generation);
    this.#accounts.set(tenure.execution, { ...account, taken });
  }

  /** A checkpoint, or an end, stands in the store. */
  stored({ execution, recovery, deployment, standing }: RegisterRow): void {
    if (standing.phase === 'settled' && !this.#ends.has(execution))
      this.#ends.set(execution, new Set(this.#ends.keys()));
    if (recovery.kind !== 'snapshot' || !deployment.durable) return;
    const before = this.#recorded.get(execution) ?? 0;
    this.#recorded.set(execution, Math.max(before, recovery.effectSequence));
  }

  took(
    tenure: Tenure,
    from: ExecutionId,
    { number, expected }: { readonly number: number; readonly expected: number },
  ): void {
    this.messages += 1;
    const pair = `${from}>${tenure.execution}`;
    this.#reached.set(pair, Math.max(number, this.#reached.get(pair) ?? 0));
    if (number !== expected)
      this.#found(tenure, 'messages', `it took message ${number} of ${from}, expected ${expected}`);
  }

  /** Rule 11: what a `durable` execution has sent is never taken back. */
  takenBack(tenure: Tenure, peer: ExecutionId, count: number): void {
    if (this.#accounts.get(peer)?.durable === true)
      this.#found(tenure, 'messages', `${count} messages of ${peer}, which is durable, were taken back`);
  }

  /** Rule 11: a `durable` execution loses nothing that it has taken. */
  missed(tenure: Tenure, peer: ExecutionId, count: number, durable: boolean): void {
    if (durable) this.#found(tenure, 'messages', `it is durable, and missed ${count} messages of ${peer}`);
  }

  started(deal: StartedDeal): void {
    const { tenure, by, key, sequence, numberedIn, count, durable } = deal;
    const last = this.#lastStarts.get(tenure.execution) ?? null;
    const about = `effect ${sequence} of count ${count} by ${by} under ${tenure.generation}.${tenure.epoch}, key ${key}`;
    if (last !== null && isOlder(deal, last)) {
      if (this.#ports.isWaking(by) && tenure.generation < last.tenure.generation) return;
      const { generation, epoch } = last.tenure;
      return this.#found(
        tenure,
        'neverTwo',
        `${about}, after one by ${last.by} under ${generation}.${epoch}`,
      );
    }
    this.effects += 1;
    this.#lastStarts.set(tenure.execution, deal);
    const before = this.#targets.get(key);
    if (before !== undefined && before.count !== count)
      this.#found(tenure, 'effects', `${about}; the key stood for count ${before.count}`);
    this.#targets.set(key, deal);
    const id = `${tenure.execution} ${numberedIn} ${sequence}`;
    const known = this.#keys.get(id);
    if (known !== undefined && known !== key)
      this.#found(tenure, 'effects', `${about}; it was started under the key ${known} before`);
    this.#keys.set(id, key);
    // Rule 12: what a recovery could take back has no number yet that anybody may see.
    if (durable && (this.#recorded.get(tenure.execution) ?? 0) < sequence)
      this.#found(tenure, 'effects', `${about}; no checkpoint in the store holds its number`);
  }

  /** @param got null when the effect was refused as another one */
  outcome(tenure: Tenure, { called, got }: { readonly called: number; readonly got: number | null }): void {
    if (called !== got)
      this.#found(
        tenure,
        'effects',
        `the effect of count ${called} has the outcome of ${got ?? 'another one'}`,
      );
  }

  /**
   * When a timer may fire that is set now, at the earliest, by a clock that is right: whoever sets it may be wrong already. A machine that has just woken up
   * may not know yet for how long it slept: docs/semantics.md.
   */
  mayFireAtMs(by: IncarnationId, sleepMs: number): number {
    const nowMs = this.#ports.nowMs();
    return this.#ports.isWaking(by) ? 0 : nowMs + sleepMs - this.#clocks.errorMs(by, nowMs);
  }

  /** A host was told that its lease stands: that is what it knows the store's clock by. */
  renewed(by: IncarnationId, roundTripMs: number): void {
    this.#clocks.renewed(by, roundTripMs, this.#ports.nowMs());
  }

  fired(tenure: Tenure, by: IncarnationId, { id, untilMs, notBeforeMs }: Sleep): void {
    this.timers += 1;
    const last = this.#lastTimers.get(tenure.execution);
    const isAgain = last?.tenure.generation === tenure.generation && id <= last.id;
    this.#lastTimers.set(tenure.execution, { tenure, id });
    if (isAgain) this.#found(tenure, 'timers', `timer ${id} fired by ${by}, after timer ${last?.id}`);
    const nowMs = this.#ports.nowMs();
    const earlyMs = Math.max(notBeforeMs - nowMs, untilMs - this.#ports.storeNowMs());
    if (earlyMs > this.#clocks.errorMs(by, nowMs))
      this.#found(tenure, 'timers', `timer ${id} fired by ${by} ${earlyMs.toFixed(1)} ms early`);
  }

  /** A child's start leaves its parent's host, perhaps not for the first time. */
  childStarted(
    tenure: Tenure,
    {
      child,
      count,
      durable,
    }: { readonly child: ExecutionId; readonly count: number; readonly durable: boolean },
  ): void {
    // What a life that is taken back has started goes on by itself; of a durable one nothing is taken back (rule 11).
    if (!durable || tenure.generation < (this.#newest.get(tenure.execution) ?? 0)) return;
    const key = `${tenure.execution} ${count}`;
    const before = this.#started.get(key) ?? child;
    this.#started.set(key, child);
    if (before !== child)
      this.#found(tenure, 'children', `it is durable, and started ${child} at ${count}, after ${before}`);
  }

  /** @param told.before what the parent, as it now is, was told of this child before; null for nothing */
  childTold(
    tenure: Tenure,
    told: {
      readonly child: ExecutionId;
      readonly value: number;
      readonly expected: number;
      readonly before: number | null;
    },
  ): void {
    const { child, value, expected, before } = told;
    this.children += 1;
    if (before !== null) this.#found(tenure, 'children', `it was told of the end of ${child} twice`);
    if (value !== expected)
      this.#found(tenure, 'children', `it was told that ${child} came to ${value}, expected ${expected}`);
  }

  /** From now on everything is well: what has been sent so far has to arrive. */
  mark(): void {
    for (const [execution, { sent }] of this.#accounts) {
      for (const [peer, { upTo }] of Object.entries(sent)) this.#marks.set(`${execution}>${peer}`, upTo);
    }
  }

  /** What has not come yet of what this execution has sent, or is another than what it sent; null for nothing. */
  owed(execution: ExecutionId): string | null {
    const account = this.#accounts.get(execution);
    for (const [peer, sent] of Object.entries(account?.sent ?? {})) {
      const taken = this.#accounts.get(peer as ExecutionId)?.taken[execution];
      if (!this.#isOwed(execution, peer as ExecutionId, sent.upTo)) continue;
      // It ends once all has arrived.
      const mark = this.#ends.has(execution) ? sent.upTo : (this.#marks.get(`${execution}>${peer}`) ?? 0);
      if ((taken?.upTo ?? 0) < mark)
        return `${peer} has taken ${taken?.upTo ?? 0} of its messages, expected ${mark}`;
      const number = taken === undefined ? null : firstDifference(sent, taken);
      if (number !== null) return `message ${number} that ${peer} has taken is not the one that it sent`;
    }
    return null;
  }

  #isOwed(sender: ExecutionId, receiver: ExecutionId, upTo: number): boolean {
    const account = this.#accounts.get(receiver);
    // Nobody was there to write to.
    if (account === undefined) return false;
    const end = this.#ends.get(sender);
    if (end === undefined) return !this.#ends.has(receiver);
    if (end.has(receiver)) return false;
    // What a life took that was then taken back is lost with it, where nobody is left to say so.
    const wasRewound = !account.durable && (this.#newest.get(receiver) ?? 1) > 1;
    return !wasRewound || (this.#reached.get(`${sender}>${receiver}`) ?? 0) < upTo;
  }

  #found({ execution }: Tenure, promise: Violation['promise'], text: string): void {
    this.#ports.found({ atMs: this.#ports.nowMs(), execution, promise, text });
  }
}

function isOlder({ tenure, by }: StartedDeal, last: StartedDeal): boolean {
  const { generation, epoch } = last.tenure;
  return tenure.generation < generation || tenure.epoch < epoch || (tenure.epoch === epoch && by !== last.by);
}

/** Lives change at few numbers: it is enough to look at those. */
function firstDifference(sent: Correspondence, taken: Correspondence): number | null {
  const upTo = Math.min(sent.upTo, taken.upTo);
  const edges = [...sent.lives, ...taken.lives].map(({ from }) => from);
  const after = taken.missed.map(([, to]) => to + 1);
  for (const number of [...edges, ...after]) {
    if (number > upTo) continue;
    const life = lifeOf(taken, number);
    if (life !== null && life !== lifeOf(sent, number)) return number;
  }
  return null;
}
