import type { Restart } from '../../src/supervisors/child-spec.ts';
import type { Strategy } from '../../src/supervisors/contract.ts';

/** A tree as the test draws it: what both the supervisors and their twin are built from. */
export type Plan = WorkerPlan | SupervisorPlan;

export interface WorkerPlan {
  readonly kind: 'worker';
  readonly restart: Restart;
}

export interface SupervisorPlan {
  readonly kind: 'supervisor';
  readonly restart: Restart;
  readonly strategy: Strategy;
  readonly restartsMax: number;
  readonly periodMs: number;
  readonly children: readonly Plan[];
}

interface Node {
  readonly path: string;
  readonly plan: Plan;
  readonly parent: Node | null;
  children: Node[];
  restartsAtMs: number[];
  runs: boolean;
}

/**
 * A dumb twin of a supervisor tree: everything happens at once, by recursion, without messages, backoff or graces. It
 * shares no code with the supervisors.
 */
export class Twin {
  readonly starts = new Map<string, number>();
  readonly root: Node;
  nowMs = 0;

  constructor(plan: SupervisorPlan) {
    this.root = this.#node('r', plan, null);
    this.#start(this.root);
  }

  /** Paths of the workers that run. */
  running(node: Node = this.root): string[] {
    if (!node.runs) return [];
    if (node.plan.kind === 'worker') return [node.path];
    return node.children.flatMap((child) => this.running(child));
  }

  /** Ends a running worker. */
  end(path: string, orderly: boolean): void {
    const worker = this.#all(this.root).find((node) => node.path === path && node.runs);
    if (worker !== undefined) this.#ended(worker, orderly);
  }

  #ended(node: Node, orderly: boolean): void {
    node.runs = false;
    const supervisor = node.parent;
    if (supervisor === null || supervisor.plan.kind !== 'supervisor') return;
    const { strategy, restartsMax, periodMs } = supervisor.plan;
    const restart = node.plan.restart;
    if (restart === 'temporary' || (restart === 'transient' && orderly)) {
      if (restart === 'temporary' || strategy === 'dynamic') this.#forget(node);
      return;
    }
    supervisor.restartsAtMs = supervisor.restartsAtMs.filter((atMs) => this.nowMs - atMs <= periodMs);
    supervisor.restartsAtMs.push(this.nowMs);
    if (supervisor.restartsAtMs.length > restartsMax) {
      this.#stop(supervisor);
      // A supervisor that gives up ends with shutdown, which is orderly.
      this.#ended(supervisor, true);
      return;
    }
    const from = supervisor.children.indexOf(node);
    const all = [...supervisor.children];
    const affected = {
      one_for_one: [node],
      dynamic: [node],
      one_for_all: all,
      rest_for_one: all.slice(from),
    }[strategy];
    for (const one of affected) {
      this.#stop(one);
      if (one.plan.restart === 'temporary') this.#forget(one);
    }
    for (const one of affected) if (supervisor.children.includes(one)) this.#start(one);
  }

  #start(node: Node): void {
    node.runs = true;
    node.restartsAtMs = [];
    if (node.plan.kind === 'worker') {
      this.starts.set(node.path, (this.starts.get(node.path) ?? 0) + 1);
      return;
    }
    node.children = node.plan.children.map((plan, index) => this.#node(`${node.path}-${index}`, plan, node));
    for (const child of node.children) this.#start(child);
  }

  #stop(node: Node): void {
    node.runs = false;
    for (const child of node.children) this.#stop(child);
  }

  #forget(node: Node): void {
    if (node.parent !== null) node.parent.children = node.parent.children.filter((one) => one !== node);
  }

  #all(node: Node): Node[] {
    return [node, ...node.children.flatMap((child) => this.#all(child))];
  }

  #node(path: string, plan: Plan, parent: Node | null): Node {
    return { path, plan, parent, children: [], restartsAtMs: [], runs: false };
  }
}
