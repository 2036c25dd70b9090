import type { Tenure } from '../../core/execution.ts';
import type { ExecutionId, IncarnationId } from '../../core/ids.ts';
import type { LaneEvent } from '../../lanes/contract.ts';
import type { RegisterRow } from '../../protocols/ownership/register.ts';
import type { SimulatedHost } from '../../simulator/cluster/host.ts';
import type { Violation } from '../../simulator/cluster/witness.ts';
import type { World } from '../../simulator/cluster/world.ts';
import type { EffectCall } from './effect-calls.ts';

interface Acted {
  readonly tenure: Tenure;
  readonly by: IncarnationId;
  readonly what: string;
}

/**
 * Judges what leaves the lanes of a simulated cluster, and which effects are called: that no two copies act (promise 1), that
 * each effect is called once within a generation, in order, and that nothing is done again that a durable checkpoint shows as done.
 */
export class ActWitness {
  readonly violations: Violation[] = [];
  readonly #world: World;
  readonly #last = new Map<ExecutionId, Acted>();
  /** The newest call of each effect, by its execution, then by numbering generation and sequence. */
  readonly #called = new Map<ExecutionId, Map<string, EffectCall>>();
  /** The highest sequence that was called under a numbering generation. */
  readonly #highest = new Map<string, number>();
  /** Effects that a snapshot shows as ended, by its digest. */
  readonly #ended = new Map<string, readonly string[]>();
  /** Of those, the ones that the store has confirmed. */
  readonly #covered = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Something leaves a lane. */
  event(host: SimulatedHost, event: LaneEvent): void {
    const by = host.identity.incarnation;
    switch (event.kind) {
      case 'spawn':
        this.#act({ tenure: event.parent, by, what: `starts ${event.child}` });
        return;
      case 'settled':
        this.#act({ tenure: event.tenure, by, what: event.settlement.kind });
        return;
      case 'frozen':
      case 'checkpointed': {
        const { tenure, digest, effectsPending, effectSequence } = event.capture;
        if (effectsPending > 0) return;
        const ended = [...this.#callsOf(tenure.execution)].filter(
          ([, call]) =>
            call.incarnation === by &&
            call.epoch === tenure.epoch &&
            call.sequence <= effectSequence &&
            (call.end.kind === 'returned' || call.end.kind === 'threw'),
        );
        this.#ended.set(
          digest,
          ended.map(([key]) => key),
        );
        return;
      }
      default:
        return;
    }
  }

  /** The store has told a host that its register entry stands. */
  confirmed({ recovery }: RegisterRow): void {
    if (recovery.kind !== 'snapshot') return;
    for (const key of this.#ended.get(recovery.digest) ?? []) this.#covered.add(key);
    this.#ended.delete(recovery.digest);
  }

  call(call: EffectCall): void {
    if (call.attempt > 1) return; // Made where the first was, wherever the execution is.
    const { execution, epoch, fence, sequence, name, incarnation } = call;
    const tenure = { execution, epoch, generation: fence } as Tenure;
    const what = `calls effect ${sequence} '${name}'`;
    if (!this.#act({ tenure, by: incarnation, what })) return;
    const numbering = `${execution}/${call.generation}`;
    const key = `${numbering}/${sequence}`;
    const calls = this.#callsOf(execution);
    const before = calls.get(key);
    calls.set(key, call);
    const text = `${call.host} ${what} under ${fence}.${epoch}`;
    if (this.#covered.has(key))
      this.#found(execution, 'checkpointed', `${text}, and a durable checkpoint shows that it had ended`);
    else if (before === undefined) {
      const highest = this.#highest.get(numbering) ?? 0;
      if (sequence <= highest)
        this.#found(execution, 'onceInOrder', `${text}, after effect ${highest} of the same generation`);
      this.#highest.set(numbering, Math.max(highest, sequence));
    } else if (before.fence === fence && before.end.kind !== 'gone' && !this.#isOver(before.incarnation)) {
      const earlier = `${before.host} called it under ${before.fence}.${before.epoch}, and its lease stands`;
      this.#found(execution, 'onceInOrder', `${text}, and ${earlier}`);
    }
  }

  /** @returns false for an act that its target refuses for its fencing token */
  #act(act: Acted): boolean {
    const { execution, generation, epoch } = act.tenure;
    const last = this.#last.get(execution);
    this.#last.set(execution, act);
    if (last === undefined) return true;
    const older = generation < last.tenure.generation || epoch < last.tenure.epoch;
    // A machine that has just woken up may not know it yet: docs/semantics.md.
    if (older && this.#world.isWaking(act.by)) {
      this.#last.set(execution, last);
      return false;
    }
    if (older || (epoch === last.tenure.epoch && act.by !== last.by)) {
      const before = `${last.by} ${last.what} under ${last.tenure.generation}.${last.tenure.epoch}`;
      const text = `${act.by} ${act.what} under ${generation}.${epoch}, after ${before}`;
      this.#found(execution, 'neverTwo', text);
    }
    return true;
  }

  #callsOf(execution: ExecutionId): Map<string, EffectCall> {
    let calls = this.#called.get(execution);
    if (calls === undefined) this.#called.set(execution, (calls = new Map()));
    return calls;
  }

  #isOver(incarnation: IncarnationId): boolean {
    const host = this.#world.hosts.find(({ identity }) => identity.incarnation === incarnation);
    return host?.alive !== true || this.#world.store.leases.rows.get(incarnation)?.row.phase === 'ended';
  }

  #found(execution: ExecutionId, promise: Violation['promise'], text: string): void {
    this.violations.push({ atMs: this.#world.clock.monotonicMs(), execution, promise, text });
  }
}
