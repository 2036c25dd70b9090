/** A finite transition system whose states are strings. */
export interface Model {
  readonly initial: string;
  /**
   * Tells every state that one step may lead to. `fair` marks steps that happen by themselves, sooner or later, when
   * nothing fails any more; the others are failures.
   */
  successors(state: string, visit: (label: string, next: string, fair: boolean) => void): void;
  /** What is wrong with this state; null when nothing is. */
  violation(state: string): string | null;
  /** Whether this is an end that everybody hoped for. */
  isGood(state: string): boolean;
}

export type Exploration =
  | { readonly kind: 'held'; readonly states: number; readonly transitions: number; readonly good: number }
  /** The trace is a shortest one: one line per step. */
  | {
      readonly kind: 'violated';
      readonly reason: string;
      readonly trace: readonly string[];
      readonly states: number;
    }
  /** The bound was met: nothing is proven. */
  | { readonly kind: 'tooLarge'; readonly states: number };

class Numbers {
  #values = new Int32Array(1 << 16);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Int32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length] = value;
    this.length += 1;
  }

  at(index: number): number {
    return this.#values[index] ?? -1;
  }
}

/** Everything that was found, in the order of finding: the parents of a state come before it. */
class Graph {
  readonly states: string[] = [];
  readonly #index = new Map<string, number>();
  readonly #labels: string[] = [];
  readonly #labelIds = new Map<string, number>();
  readonly #parents = new Numbers();
  readonly #causes = new Numbers();
  readonly fairFrom = new Numbers();
  readonly fairTo = new Numbers();
  transitions = 0;

  add(state: string, parent: number, label: string): number {
    const known = this.#index.get(state);
    if (known !== undefined) return known;
    const id = this.states.length;
    this.#index.set(state, id);
    this.states.push(state);
    this.#parents.push(parent);
    this.#causes.push(this.#label(label));
    return id;
  }

  trace(id: number): string[] {
    const lines: string[] = [];
    for (let at = id; this.#parents.at(at) >= 0; at = this.#parents.at(at)) {
      lines.push(this.#labels[this.#causes.at(at)] ?? '');
    }
    return lines.reverse();
  }

  #label(label: string): number {
    const known = this.#labelIds.get(label);
    if (known !== undefined) return known;
    this.#labelIds.set(label, this.#labels.length);
    return this.#labels.push(label) - 1;
  }
}

/**
 * Enumerates every reachable state, breadth first. Then checks, backwards over the fair steps, that a good end stays
 * reachable from each of them without any further failure.
 */
export function explore(model: Model, statesMax: number): Exploration {
  const graph = new Graph();
  graph.add(model.initial, -1, '');
  for (let id = 0; id < graph.states.length; id += 1) {
    const state = graph.states[id] ?? '';
    const reason = model.violation(state);
    if (reason !== null)
      return { kind: 'violated', reason, trace: graph.trace(id), states: graph.states.length };
    if (graph.states.length > statesMax) return { kind: 'tooLarge', states: graph.states.length };
    model.successors(state, (label, next, fair) => {
      if (next === state) return;
      const to = graph.add(next, id, label);
      graph.transitions += 1;
      if (!fair) return;
      graph.fairFrom.push(id);
      graph.fairTo.push(to);
    });
  }
  return judgeEnds(model, graph);
}

function judgeEnds(model: Model, graph: Graph): Exploration {
  const count = graph.states.length;
  const reaches = new Uint8Array(count);
  const queue = new Int32Array(count);
  let queued = 0;
  for (let id = 0; id < count; id += 1) {
    if (!model.isGood(graph.states[id] ?? '')) continue;
    reaches[id] = 1;
    queue[queued] = id;
    queued += 1;
  }
  const good = queued;
  const { starts, sources } = reversed(graph, count);
  for (let at = 0; at < queued; at += 1) {
    const to = queue[at] ?? 0;
    for (let edge = starts[to] ?? 0; edge < (starts[to + 1] ?? 0); edge += 1) {
      const from = sources[edge] ?? 0;
      if (reaches[from] === 1) continue;
      reaches[from] = 1;
      queue[queued] = from;
      queued += 1;
    }
  }
  const stuck = reaches.indexOf(0);
  if (stuck < 0) return { kind: 'held', states: count, transitions: graph.transitions, good };
  const reason = 'no good end can be reached any more, even if nothing else fails';
  return { kind: 'violated', reason, trace: graph.trace(stuck), states: count };
}

function reversed(graph: Graph, count: number): { starts: Int32Array; sources: Int32Array } {
  const edges = graph.fairFrom.length;
  const starts = new Int32Array(count + 1);
  for (let edge = 0; edge < edges; edge += 1) {
    const to = graph.fairTo.at(edge);
    starts[to + 1] = (starts[to + 1] ?? 0) + 1;
  }
  for (let id = 0; id < count; id += 1) starts[id + 1] = (starts[id + 1] ?? 0) + (starts[id] ?? 0);
  const next = starts.slice();
  const sources = new Int32Array(edges);
  for (let edge = 0; edge < edges; edge += 1) {
    const to = graph.fairTo.at(edge);
    const place = next[to] ?? 0;
    sources[place] = graph.fairFrom.at(edge);
    next[to] = place + 1;
  }
  return { starts, sources };
}
