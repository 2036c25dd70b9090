import type { ExecutionId, MethodId } from '../core/ids.ts';
import type { Acquaintance } from '../placement/call-graph.ts';
import { settledNeighbourhood, trafficOf } from '../placement/call-graph.ts';
import type { DeclaredAffinity, SituatedAffinity } from '../placement/original-affinity.ts';
import { anywhere } from '../placement/original-affinity.ts';
import type { ExecutionUsage } from '../protocols/messages.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import type { Directory } from './directory.ts';

/** Of those that one execution has to do with; more say no more of where it belongs. */
const acquaintancesMax = 256;

/**
 * Who has to do with whom, as the directory shows it at one moment: parents and children, measured peers, and those
 * whose methods are declared near or apart. Made once a round; most executions have nobody, and cost nothing.
 */
export class Neighbours {
  readonly #directory: Directory;
  readonly #usageOf: (execution: ExecutionId) => ExecutionUsage | null;
  readonly #children = new Map<ExecutionId, RegisterRow[]>();
  readonly #byMethod = new Map<MethodId, RegisterRow[]>();
  /** Those that declare something of a method, by that method. */
  readonly #declaring = new Map<MethodId, RegisterRow[]>();

  constructor(directory: Directory, usageOf: (execution: ExecutionId) => ExecutionUsage | null) {
    this.#directory = directory;
    this.#usageOf = usageOf;
    for (const row of directory.registers()) {
      if (row.standing.phase !== 'live') continue;
      note(this.#byMethod, row.method.method, row);
      if (row.parent !== null) note(this.#children, row.parent.execution, row);
      const { near, apart } = row.deployment.affinity;
      for (const method of new Set([...near, ...apart])) note(this.#declaring, method, row);
    }
  }

  /** What its row declares, with those around it where there are any. */
  affinityOf(execution: ExecutionId): DeclaredAffinity | SituatedAffinity {
    const row = this.#directory.register(execution)?.row;
    if (row === undefined) return anywhere;
    const { affinity } = row.deployment;
    const host = this.#directory.incarnation(row.owner);
    const measured = new Map(
      (this.#usageOf(execution)?.peers ?? []).map((peer) => [
        peer.peer,
        trafficOf(peer.bytesPerSecond, peer.messagesPerSecond),
      ]),
    );
    const children = (this.#children.get(execution) ?? []).map((child) => child.execution);
    const kin = new Set(row.parent === null ? children : [row.parent.execution, ...children]);
    const others = this.#around(row, [...measured.keys(), ...kin]);
    if (others.length === 0 || host === null) return affinity;
    const neighbourhood = settledNeighbourhood(
      {
        execution,
        method: row.method.method,
        host: host.name,
        moves: row.epoch - 1,
        near: affinity.near,
        apart: affinity.apart,
        kin,
        calls: new Set(),
        measured,
      },
      others,
    );
    return { ...affinity, neighbourhood };
  }

  /** Those that must be apart first, then those that it talks to, then those that are declared near. */
  #around(row: RegisterRow, talking: readonly ExecutionId[]): readonly Acquaintance[] {
    const { near, apart } = row.deployment.affinity;
    const rows = new Set<RegisterRow>();
    const add = (more: Iterable<RegisterRow>): void => {
      for (const one of more) {
        if (rows.size >= acquaintancesMax) return;
        if (one.execution !== row.execution) rows.add(one);
      }
    };
    for (const method of apart) add(this.#byMethod.get(method) ?? []);
    const { method } = row.method;
    const declaring = this.#declaring.get(method) ?? [];
    add(declaring.filter(({ deployment }) => deployment.affinity.apart.includes(method)));
    add(talking.flatMap((id) => this.#directory.register(id)?.row ?? []));
    for (const wanted of near) add(this.#byMethod.get(wanted) ?? []);
    add(declaring);
    return [...rows].flatMap((one) => this.#acquaintance(one) ?? []);
  }

  #acquaintance({ execution, method, owner, standing, deployment }: RegisterRow): Acquaintance | null {
    const host = this.#directory.incarnation(owner);
    if (host === null || standing.phase !== 'live') return null;
    const { near, apart } = deployment.affinity;
    return { execution, method: method.method, host: host.name, rack: host.rack, near, apart };
  }
}

function note<Key>(index: Map<Key, RegisterRow[]>, key: Key, row: RegisterRow): void {
  const rows = index.get(key);
  if (rows === undefined) index.set(key, [row]);
  else rows.push(row);
}
