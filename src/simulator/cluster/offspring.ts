import type { Tenure } from '../../core/execution.ts';
import type { ExecutionId } from '../../core/ids.ts';
import { executionId } from '../../core/ids.ts';
import type { LaneEvent } from '../../lanes/contract.ts';
import { encodeValue } from '../../methods/snapshot/index.ts';
import type { DealsWitness } from './deals-witness.ts';
import type { Deals, Script } from './script.ts';
import { argsOf, scriptMethod } from './script.ts';

/** A child as its parent knows it. Plain data: it travels in the snapshot. */
export interface ChildState {
  readonly child: ExecutionId;
  /** At which count it was started. */
  readonly count: number;
  /** The epoch under which a host was asked for it last; 0 before any was. */
  readonly epoch: number;
  /** What it came to, as the parent was told; null before. */
  readonly told: number | null;
}

/** What a parent's children are to do, and how many it starts: one at each multiple of `every`. */
export interface Offspring {
  readonly every: number;
  readonly childrenMax: number;
  /** To what a child counts. */
  readonly until: number;
}

export interface ChildrenPorts {
  readonly witness: DealsWitness;
  readonly tell: (event: LaneEvent) => void;
  /** Something that leaves the execution: at once, or once a checkpoint covers it. */
  readonly act: (act: () => void) => void;
}

const childBytes = 100;

function scriptOf(parent: ExecutionId, until: number): Script {
  const deals: Deals = {
    parent,
    children: null,
    sendTo: [],
    sendEvery: 0,
    effectEvery: 0,
    sleepEvery: 0,
    sleepMs: 0,
  };
  return { until, busy: true, bytes: childBytes, peers: [], deals };
}

/** The children that one execution of a scripted lane has started, in the order in which the real runtime deals with them. */
export class ScriptedChildren {
  readonly #offspring: Offspring;
  readonly #durable: boolean;
  readonly #ports: ChildrenPorts;
  readonly #children = new Map<ExecutionId, ChildState>();

  constructor(offspring: Offspring, durable: boolean, known: readonly ChildState[], ports: ChildrenPorts) {
    this.#offspring = offspring;
    this.#durable = durable;
    this.#ports = ports;
    for (const child of known) this.#children.set(child.child, child);
  }

  /** In the order in which they were started. */
  get all(): readonly ChildState[] {
    return [...this.#children.values()];
  }

  /** Whether one is to be started at this count. */
  isDue(count: number): boolean {
    const { every, childrenMax } = this.#offspring;
    return count % every === 0 && count / every <= childrenMax;
  }

  /** @param number of the same kind as effects have: with the generation it makes the child's name */
  start(tenure: Tenure, count: number, number: number): void {
    const child = executionId(`${tenure.execution}c${tenure.generation}.${number}`);
    this.#children.set(child, { child, count, epoch: 0, told: null });
    this.#ask(tenure, child);
  }

  /** A new owner asks for those again that an earlier one had asked for: its host may be gone before it did it. */
  claimed(tenure: Tenure): void {
    for (const { child, epoch, told } of this.all) {
      if (told === null && epoch !== tenure.epoch) this.#ask(tenure, child);
    }
  }

  /**
   * @param by the child's last message, or the register, which may say the same again
   * @returns whether there is such a child: the life that started it may have been taken back
   */
  ended(tenure: Tenure, child: ExecutionId, value: number, by: 'message' | 'register'): boolean {
    const known = this.#children.get(child);
    if (known === undefined) return false;
    if (known.told !== null && by === 'register') return true;
    this.#ports.witness.childTold(tenure, {
      child,
      value,
      expected: this.#offspring.until,
      before: known.told,
    });
    this.#children.set(child, { ...known, told: value });
    return true;
  }

  #ask(tenure: Tenure, child: ExecutionId): void {
    this.#ports.act(() => {
      const known = this.#children.get(child);
      if (known === undefined) return;
      const { count } = known;
      // Only now: a copy that was taken before asks for it itself.
      this.#children.set(child, { ...known, epoch: tenure.epoch });
      this.#ports.witness.childStarted(tenure, { child, count, durable: this.#durable });
      this.#ports.tell({
        kind: 'spawn',
        parent: tenure,
        child,
        method: scriptMethod,
        args: argsOf(scriptOf(tenure.execution, this.#offspring.until)),
        options: encodeValue({ durable: this.#durable }),
      });
    });
  }
}
