'use movable';

/** A graph in which each node knows three others. */
function graphOf(size: number): Map<number, Set<number>> {
  const graph = new Map<number, Set<number>>();
  for (let node = 0; node < size; node++) {
    const near = new Set<number>();
    near.add((node * 7 + 1) % size);
    near.add((node * 3 + 5) % size);
    near.add((node + 1) % size);
    graph.set(node, near);
  }
  return graph;
}

function farthest(graph: ReadonlyMap<number, ReadonlySet<number>>, from: number): number {
  const distances = new Map<number, number>([[from, 0]]);
  let last = from;
  // The walk sees what is added while it goes.
  for (const [node, distance] of distances) {
    last = node;
    for (const next of graph.get(node) ?? []) if (!distances.has(next)) distances.set(next, distance + 1);
  }
  return (distances.get(last) ?? 0) * 1_000 + (last % 1_000);
}

function tidied(graph: Map<number, Set<number>>): number {
  let removed = 0;
  for (const [node, near] of graph) {
    near.delete(node);
    if (near.size % 2 === 0) {
      graph.delete(node);
      removed++;
    }
  }
  for (const near of graph.values()) for (const node of near) if (!graph.has(node)) near.delete(node);
  return removed;
}

/** Maps and sets: built, looked up, walked while they change. */
export function main(n: number): number {
  const graph = graphOf(n);
  let hash = 0;
  for (let from = 0; from < 4; from++) hash = (Math.imul(hash, 31) + farthest(graph, from * 11)) | 0;
  hash = (hash + tidied(graph)) | 0;
  for (const key of graph.keys()) hash = (Math.imul(hash, 3) + key) | 0;
  for (const { size } of graph.values()) hash = (Math.imul(hash, 5) + size) | 0;
  return hash;
}
