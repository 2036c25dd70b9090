import { assert } from '../../src/core/assert.ts';

/** A whole GPU. */
export const gpuWholeMilli = 1_000;

export interface NodeShape {
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly gpus: number;
}

/** What a pod asks for: some whole GPUs, a share of one, or none. */
export interface PodRequest {
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly gpus: number;
  /** Of each GPU; below a whole one only if `gpus` is 1. 0 if `gpus` is 0. */
  readonly gpuMilli: number;
}

/** Requests that are alike, counted: what policies know of the workload. */
export interface RequestClass extends PodRequest {
  readonly id: number;
  readonly count: number;
}

/** Where a pod is: its node, and its GPUs among that node's. */
export interface Seat {
  readonly node: number;
  readonly devices: readonly number[];
}

interface Occupant {
  readonly request: RequestClass;
  readonly seat: Seat;
}

/**
 * Nodes, and the pods that sit on them. Each state of a node has a number of its own, by which what was computed of it
 * can be remembered; taking back what was done restores the number too.
 */
export class Cluster {
  readonly nodes: readonly NodeShape[];
  readonly cpuLeft: Int32Array;
  readonly memoryLeft: Int32Array;
  /** GPU d of node n is at `firstDevice[n] + d`. */
  readonly gpuLeft: Int32Array;
  readonly firstDevice: Int32Array;
  readonly stateOf: Int32Array;
  readonly #podsOf: Set<number>[];
  readonly #occupants = new Map<number, Occupant>();
  #states = 0;
  #allocatedMilli = 0;
  #undo: (() => void)[] = [];

  constructor(nodes: readonly NodeShape[]) {
    this.nodes = nodes;
    this.cpuLeft = Int32Array.from(nodes, ({ cpuMilli }) => cpuMilli);
    this.memoryLeft = Int32Array.from(nodes, ({ memoryMib }) => memoryMib);
    this.firstDevice = new Int32Array(nodes.length);
    let devices = 0;
    for (const [node, { gpus }] of nodes.entries()) {
      this.firstDevice[node] = devices;
      devices += gpus;
    }
    this.gpuLeft = new Int32Array(devices).fill(gpuWholeMilli);
    this.stateOf = Int32Array.from(nodes, () => (this.#states += 1));
    this.#podsOf = nodes.map(() => new Set());
  }

  get allocatedMilli(): number {
    return this.#allocatedMilli;
  }

  get capacityMilli(): number {
    return this.gpuLeft.length * gpuWholeMilli;
  }

  podsOf(node: number): ReadonlySet<number> {
    return this.#podsOf[node] ?? new Set();
  }

  occupant(pod: number): Occupant {
    const occupant = this.#occupants.get(pod);
    assert(occupant !== undefined, `pod ${pod} sits on a node`);
    return occupant;
  }

  /** What is left on a GPU. */
  left(node: number, device: number): number {
    return this.gpuLeft[(this.firstDevice[node] ?? 0) + device] ?? 0;
  }

  hasCpuAndMemory(node: number, { cpuMilli, memoryMib }: PodRequest): boolean {
    return (this.cpuLeft[node] ?? 0) >= cpuMilli && (this.memoryLeft[node] ?? 0) >= memoryMib;
  }

  fits(node: number, request: PodRequest): boolean {
    if (!this.hasCpuAndMemory(node, request)) return false;
    let missing = request.gpus;
    const gpus = this.nodes[node]?.gpus ?? 0;
    for (let device = 0; device < gpus && missing > 0; device += 1)
      if (this.left(node, device) >= request.gpuMilli) missing -= 1;
    return missing <= 0;
  }

  place(pod: number, request: RequestClass, seat: Seat): void {
    assert(!this.#occupants.has(pod), `pod ${pod} sits nowhere yet`);
    this.#change(seat, request, 1);
    this.#podsOf[seat.node]?.add(pod);
    this.#occupants.set(pod, { request, seat });
    const state = this.#enter(seat.node);
    this.#undo.push(() => {
      this.#change(seat, request, -1);
      this.#podsOf[seat.node]?.delete(pod);
      this.#occupants.delete(pod);
      this.stateOf[seat.node] = state;
    });
  }

  remove(pod: number): void {
    const occupant = this.occupant(pod);
    const { request, seat } = occupant;
    this.#change(seat, request, -1);
    this.#podsOf[seat.node]?.delete(pod);
    this.#occupants.delete(pod);
    const state = this.#enter(seat.node);
    this.#undo.push(() => {
      this.#change(seat, request, 1);
      this.#podsOf[seat.node]?.add(pod);
      this.#occupants.set(pod, occupant);
      this.stateOf[seat.node] = state;
    });
  }

  /** Keeps what was done. */
  commit(): void {
    this.#undo = [];
  }

  /** Takes back what was done since the last commit. */
  rollBack(): void {
    for (const step of this.#undo.toReversed()) step();
    this.#undo = [];
  }

  #enter(node: number): number {
    const before = this.stateOf[node] ?? 0;
    this.#states += 1;
    this.stateOf[node] = this.#states;
    return before;
  }

  #change({ node, devices }: Seat, request: RequestClass, sign: 1 | -1): void {
    const { cpuMilli, memoryMib, gpuMilli } = request;
    const cpu = (this.cpuLeft[node] ?? 0) - sign * cpuMilli;
    const memory = (this.memoryLeft[node] ?? 0) - sign * memoryMib;
    assert(cpu >= 0 && memory >= 0, `node ${node} has the CPU and memory that it gives`);
    assert(devices.length === request.gpus, 'a seat has as many GPUs as its pod asks for');
    this.cpuLeft[node] = cpu;
    this.memoryLeft[node] = memory;
    for (const device of devices) {
      const at = (this.firstDevice[node] ?? 0) + device;
      const left = (this.gpuLeft[at] ?? 0) - sign * gpuMilli;
      assert(left >= 0 && left <= gpuWholeMilli, `GPU ${device} of node ${node} has what it gives`);
      this.gpuLeft[at] = left;
      this.#allocatedMilli += sign * gpuMilli;
    }
  }
}
