'use movable';

// Finds the loops of a flow graph, reducible or not, after the idea of Paul Havlak, "Nesting of reducible and
// irreducible loops" (TOPLAS 1997): number the blocks depth first, then, from the innermost header outwards, gather what
// reaches the header's back edges, with a union-find in which each found loop is one node.

class Block {
  readonly name: number;
  readonly into: Block[] = [];
  readonly from: Block[] = [];

  constructor(name: number) {
    this.name = name;
  }
}

class FlowGraph {
  readonly blocks: Block[] = [];

  block(): Block {
    const made = new Block(this.blocks.length);
    this.blocks.push(made);
    return made;
  }

  edge(from: Block, to: Block): void {
    from.into.push(to);
    to.from.push(from);
  }
}

class Loop {
  readonly header: Block;
  readonly isReducible: boolean;
  readonly blocks = new Set<Block>();
  readonly inner: Loop[] = [];
  outer: Loop | null = null;

  constructor(header: Block, isReducible: boolean) {
    this.header = header;
    this.isReducible = isReducible;
  }

  get depth(): number {
    let depth = 1;
    for (let at = this.outer; at !== null; at = at.outer) depth++;
    return depth;
  }
}

/** A block on its way into loops. */
class Place {
  readonly block: Block;
  readonly number: number;
  /** The greatest number of its descendants in the depth-first tree. */
  last = 0;
  loop: Loop | null = null;
  readonly backFrom: Place[] = [];
  readonly otherFrom = new Set<Place>();
  #parent: Place | null = null;

  constructor(block: Block, number: number) {
    this.block = block;
    this.number = number;
  }

  /** The outermost loop's header that it is part of by now, or itself. */
  find(): Place {
    if (this.#parent === null) return this;
    this.#parent = this.#parent.find();
    return this.#parent;
  }

  joins(header: Place): void {
    this.#parent = header;
  }

  isAncestorOf(other: Place): boolean {
    return this.number <= other.number && other.number <= this.last;
  }
}

class LoopFinder {
  readonly #places: Place[] = [];
  readonly #byBlock = new Map<Block, Place>();
  readonly loops: Loop[] = [];

  find(graph: FlowGraph): readonly Loop[] {
    const start = graph.blocks[0];
    if (start === undefined) return [];
    this.#number(start);
    this.#sortEdges();
    for (let i = this.#places.length - 1; i >= 0; i--) this.#gather(this.#places[i]!);
    return this.loops;
  }

  /** Depth first, without recursion: graphs can be deep. */
  #number(start: Block): void {
    const open: { readonly place: Place; next: number }[] = [{ place: this.#place(start), next: 0 }];
    for (let top = open[open.length - 1]; top !== undefined; top = open[open.length - 1]) {
      const { place } = top;
      const successor = place.block.into[top.next];
      if (successor === undefined) {
        place.last = this.#places.length - 1;
        open.pop();
      } else {
        top.next++;
        if (!this.#byBlock.has(successor)) open.push({ place: this.#place(successor), next: 0 });
      }
    }
  }

  #place(block: Block): Place {
    const place = new Place(block, this.#places.length);
    this.#places.push(place);
    this.#byBlock.set(block, place);
    return place;
  }

  #sortEdges(): void {
    for (const place of this.#places) {
      for (const from of place.block.from) {
        const source = this.#byBlock.get(from);
        if (source === undefined) continue;
        if (place.isAncestorOf(source)) place.backFrom.push(source);
        else place.otherFrom.add(source);
      }
    }
  }

  #gather(header: Place): void {
    if (header.backFrom.length === 0) return;
    const body = new Set<Place>();
    let isReducible = true;
    let isSelf = false;
    for (const source of header.backFrom) {
      if (source === header) isSelf = true;
      else body.add(source.find());
    }
    body.delete(header);
    const open = [...body];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const other of next.otherFrom) {
        const source = other.find();
        if (!header.isAncestorOf(source)) {
          isReducible = false;
          header.otherFrom.add(source);
        } else if (source !== header && !body.has(source)) {
          body.add(source);
          open.push(source);
        }
      }
    }
    if (body.size > 0 || isSelf) this.#close(header, body, isReducible);
  }

  #close(header: Place, body: ReadonlySet<Place>, isReducible: boolean): void {
    const loop = new Loop(header.block, isReducible);
    header.loop = loop;
    for (const place of body) {
      place.joins(header);
      if (place.loop === null) loop.blocks.add(place.block);
      else {
        place.loop.outer = loop;
        loop.inner.push(place.loop);
      }
    }
    this.loops.push(loop);
  }
}

/** A loop of a condition and two ways, one of which is left by a jump. @returns its last block */
function diamondLoop(graph: FlowGraph, entry: Block): Block {
  const header = graph.block();
  const left = graph.block();
  const right = graph.block();
  const end = graph.block();
  graph.edge(entry, header);
  graph.edge(header, left);
  graph.edge(header, right);
  graph.edge(left, end);
  graph.edge(right, end);
  graph.edge(end, header);
  return end;
}

/** Nested loops, some with two entries, in a row. */
function program(size: number): FlowGraph {
  const graph = new FlowGraph();
  let at = graph.block();
  for (let i = 0; i < size; i++) {
    const outer = graph.block();
    graph.edge(at, outer);
    let inside = outer;
    for (let k = 0; k < 3; k++) inside = diamondLoop(graph, inside);
    graph.edge(inside, outer);
    const after = graph.block();
    graph.edge(inside, after);
    if (i % 5 === 4) {
      const second = graph.block();
      graph.edge(at, second);
      graph.edge(second, inside);
    }
    if (i % 7 === 6) graph.edge(after, after);
    at = after;
  }
  return graph;
}

/** Finds the loops of a program of n nests. */
export function main(n: number): number {
  const graph = program(n);
  let hash = graph.blocks.length;
  for (const loop of new LoopFinder().find(graph)) {
    const kind = loop.isReducible ? 1 : 2;
    hash = (Math.imul(hash, 31) + loop.depth * 7 + loop.inner.length * 5 + loop.blocks.size * 3 + kind) | 0;
  }
  return hash;
}
