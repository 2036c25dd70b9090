import type { HostConfig } from '../config.ts';
import type { HostIdentity } from '../core/execution.ts';
import type { ExecutionId } from '../core/ids.ts';
import { originalAffinity } from '../placement/original-affinity.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import type { Directory } from './directory.ts';
import type { LaneBoard } from './lane-board.ts';
import type { OwnershipBook } from './ownership-book.ts';
import type { HostPorts } from './ports.ts';

/** How long the host of the next rank waits before it recovers an execution that a better one has not. */
const rankDelayMs = 400;

export type OrphansPorts = Pick<HostPorts, 'identity' | 'digest' | 'packages'> & {
  readonly config: Pick<HostConfig, 'labels' | 'capacity'>;
  readonly directory: Directory;
  readonly board: Pick<LaneBoard, 'executions'>;
  readonly book: OwnershipBook;
};

/** Since when an execution is orphaned, and how many hosts are to recover it before this one. */
interface Place {
  readonly sinceMs: number;
  readonly rank: number;
}

/**
 * Executions whose owner's lease has ended (rule 4, for promise 2), as the directory shows them, spread over the survivors by what
 * they ask for and by room; and those that were released from quarantine and that this host was the last to own.
 */
export class Orphans {
  readonly #ports: OrphansPorts;
  #places = new Map<ExecutionId, Place>();
  /** Those that `#places` was computed for. */
  #survivors = '';

  constructor(ports: OrphansPorts) {
    this.#ports = ports;
  }

  /**
   * Whether an execution is to wait with its recovery. Whoever would be quarantined at its next death runs beside no other
   * one of that kind: otherwise the one that kills its hosts would take all that happened to be beside it along.
   */
  mustWait(execution: ExecutionId): boolean {
    const { book, directory } = this.#ports;
    // Told twice of one death, while its claim is under way, it must not count as another one once that is won.
    if (book.get(execution)?.state.phase === 'claiming') return false;
    const row = directory.register(execution)?.row;
    return row !== undefined && this.#comesOnProbation(row) && this.#isAnyOnProbation();
  }

  /** Its row, if it is still to be recovered by somebody, and may be now. */
  claimable(execution: ExecutionId): RegisterRow | null {
    const row = this.#ports.directory.register(execution)?.row;
    return row !== undefined && this.#isOrphaned(row) && !this.mustWait(execution) ? row : null;
  }

  /** Those that this host is to recover now; first those that no other host is to. */
  due(nowMs: number): readonly ExecutionId[] {
    const orphaned = [...this.#ports.directory.registers()].filter((row) => this.#isOrphaned(row));
    this.#place(orphaned, nowMs);
    let isTaken = this.#isAnyOnProbation();
    const due = orphaned.filter((row) => {
      const { sinceMs, rank } = this.#placeOf(row.execution, nowMs);
      // Whoever may not run it leaves it to somebody who may.
      if (nowMs - sinceMs < rank * rankDelayMs) return false;
      if (this.#ports.packages.refusal(row.method.package) !== null) return false;
      if (!this.#comesOnProbation(row)) return true;
      const wasTaken = isTaken;
      isTaken = true;
      return !wasTaken;
    });
    const rankOf = (execution: ExecutionId): number => this.#placeOf(execution, nowMs).rank;
    return due
      .map(({ execution }) => execution)
      .toSorted((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
  }

  #isOrphaned({ execution, owner, standing }: RegisterRow): boolean {
    const { directory, book, identity } = this.#ports;
    if (standing.phase !== 'live' && standing.phase !== 'released') return false;
    if (directory.leaseEnded(owner)) return true;
    return standing.phase === 'released' && owner === identity.incarnation && book.get(execution) === null;
  }

  #comesOnProbation({ deaths, deployment: { deathsMax } }: RegisterRow): boolean {
    return deaths > 0 && deaths + 1 === deathsMax - 1;
  }

  #isAnyOnProbation(): boolean {
    const { book, directory } = this.#ports;
    return book.cells().some(({ execution, state }) => {
      const row = directory.register(execution)?.row;
      if (row === undefined) return false;
      if (state.phase === 'claiming') return state.claim.kind === 'recovery' && this.#comesOnProbation(row);
      if (state.phase !== 'restoring' && state.phase !== 'running') return false;
      return row.deaths > 0 && row.deaths === row.deployment.deathsMax - 1;
    });
  }

  #placeOf(execution: ExecutionId, nowMs: number): Place {
    return this.#places.get(execution) ?? { sinceMs: nowMs, rank: 0 };
  }

  /** Ranks are kept for as long as the same hosts survive: there may be many thousands to work out. */
  #place(orphaned: readonly RegisterRow[], nowMs: number): void {
    const hosts = this.#ports.directory.hosts();
    const survivors = hosts.map(({ incarnation }) => incarnation).join(' ');
    const isSame = survivors === this.#survivors;
    this.#survivors = survivors;
    // Without room here everybody else goes first; if nobody has any, this host takes it all the same.
    const isFull = this.#ports.board.executions >= this.#ports.config.capacity.executionsMax;
    const places = orphaned.map((row): readonly [ExecutionId, Place] => {
      const known = this.#places.get(row.execution);
      const sinceMs = known?.sinceMs ?? nowMs;
      if (known !== undefined && isSame) return [row.execution, known];
      return [row.execution, { sinceMs, rank: this.#rank(row, hosts) + (isFull ? hosts.length : 0) }];
    });
    this.#places = new Map(places);
  }

  /** Hosts that suit it better go first, and of those that suit it as well the one with the least digest. */
  #rank(row: RegisterRow, hosts: readonly HostIdentity[]): number {
    const { identity, digest } = this.#ports;
    const weigh = (host: HostIdentity): string =>
      digest.sha256(new TextEncoder().encode(`${row.execution} ${host.incarnation}`));
    const ownAffinity = this.#affinity(row, identity);
    const ownWeight = weigh(identity);
    return hosts.filter((host) => {
      if (host.incarnation === identity.incarnation) return false;
      const affinity = this.#affinity(row, host);
      return affinity > ownAffinity || (affinity === ownAffinity && weigh(host) < ownWeight);
    }).length;
  }

  /** What labels another host has is not known here: it may have those that are asked for, and knows by itself. */
  #affinity({ deployment: { affinity } }: RegisterRow, host: HostIdentity): number {
    const { identity, config } = this.#ports;
    const isOwn = host.incarnation === identity.incarnation;
    const labels = isOwn
      ? config.labels
      : [...affinity.labels, ...affinity.data.map((name) => `data:${name}`)];
    return originalAffinity(affinity, { host: host.name, rack: host.rack, labels });
  }
}
