import type { ExecutionId, MethodId } from '../core/ids.ts';
import type { DeclaredAffinity } from './original-affinity.ts';

/** An execution with what is declared of it. */
export interface Declarer {
  readonly execution: ExecutionId;
  readonly method: MethodId;
  readonly affinity: DeclaredAffinity;
}

/** The same in the planner's terms: two that share a word of `apart` share no site, of `near` wish to be near. */
export interface Wishes {
  readonly labels: readonly string[];
  readonly apart: readonly string[];
  readonly near: readonly string[];
}

/** Two methods with more pairs of executions are kept apart as one group, which also parts those of the same method. */
const pairsMax = 4_096;

/** The label that every site has for its rack, for those that need one. */
export function rackLabel(rack: string): string {
  return `rack:${rack}`;
}

/** The label that every site has for itself. */
export function hostLabel(host: string): string {
  return `host:${host}`;
}

/**
 * What is declared, in words that the planner compares. One of several racks or hosts cannot be said in labels that are
 * all needed, nor what is merely preferred: both are left to the affinity actors.
 */
export function wishesOf(declarers: readonly Declarer[]): ReadonlyMap<ExecutionId, Wishes> {
  const byMethod = new Map<MethodId, ExecutionId[]>();
  for (const { execution, method } of declarers) {
    byMethod.set(method, [...(byMethod.get(method) ?? []), execution]);
  }
  const apart = new Map<ExecutionId, Set<string>>();
  const near = new Map<ExecutionId, Set<string>>();
  const say = (
    words: Map<ExecutionId, Set<string>>,
    word: string,
    executions: readonly ExecutionId[],
  ): void => {
    for (const execution of executions) words.set(execution, (words.get(execution) ?? new Set()).add(word));
  };
  const said = new Set<string>();
  for (const { method, affinity } of declarers) {
    const own = byMethod.get(method) ?? [];
    for (const other of affinity.apart) {
      const [first, second] = method < other ? [method, other] : [other, method];
      const word = `${first} ${second}`;
      const others = byMethod.get(other) ?? [];
      if (others.length === 0 || said.has(word)) continue;
      said.add(word);
      if (method === other || own.length * others.length > pairsMax) say(apart, word, [...own, ...others]);
      else for (const a of own) for (const b of others) say(apart, a < b ? `${a} ${b}` : `${b} ${a}`, [a, b]);
    }
    for (const other of affinity.near) {
      const others = byMethod.get(other) ?? [];
      if (others.length > 0) say(near, `${method} ${other}`, [...own, ...others]);
    }
  }
  return new Map(
    declarers.map(({ execution, affinity }) => [
      execution,
      {
        labels: neededLabels(affinity),
        apart: [...(apart.get(execution) ?? [])],
        near: [...(near.get(execution) ?? [])],
      },
    ]),
  );
}

function neededLabels({ labels, racks, hosts, otherwise }: DeclaredAffinity): readonly string[] {
  if (otherwise > 0) return [];
  return [
    ...labels,
    ...(racks.length === 1 ? racks.map(rackLabel) : []),
    ...(hosts.length === 1 ? hosts.map(hostLabel) : []),
  ];
}
