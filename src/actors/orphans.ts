import type { ExecutionId, IncarnationId } from '../core/ids.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import type { Directory } from './directory.ts';
import type { OwnershipBook } from './ownership-book.ts';
import type { HostPorts } from './ports.ts';

/** How long the host of the next rank waits before it recovers an execution that a better one has not. */
const rankDelayMs = 400;

type OrphansPorts = Pick<HostPorts, 'identity' | 'digest' | 'packages'> & {
  readonly directory: Directory;
  readonly book: OwnershipBook;
};

/**
 * Executions whose owner's lease has ended (rule 4, for promise 2), as the directory shows them, spread over the survivors; and those
 * that were released from quarantine and that this host was the last to own.
 */
export class Orphans {
  readonly #ports: OrphansPorts;
  #sinceMs = new Map<ExecutionId, number>();

  constructor(ports: OrphansPorts) {
    this.#ports = ports;
  }

  /**
   * Whether an execution is to wait with its recovery. Whoever would be quarantined at its next death runs beside no other
   * one of that kind: otherwise the one that kills its hosts would take all that happened to be beside it along.
   */
  mustWait(execution: ExecutionId): boolean {
    const row = this.#ports.directory.register(execution)?.row;
    return row !== undefined && this.#comesOnProbation(row) && this.#isAnyOnProbation();
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

  /** Those that this host is to recover now. */
  due(nowMs: number): readonly RegisterRow[] {
    const { directory, book, identity } = this.#ports;
    const orphaned = [...directory.registers()].filter(({ execution, owner, standing }) => {
      if (standing.phase !== 'live' && standing.phase !== 'released') return false;
      if (directory.leaseEnded(owner)) return true;
      return standing.phase === 'released' && owner === identity.incarnation && book.get(execution) === null;
    });
    this.#sinceMs = new Map(
      orphaned.map(({ execution }) => [execution, this.#sinceMs.get(execution) ?? nowMs] as const),
    );
    let isTaken = this.#isAnyOnProbation();
    return orphaned.filter((row) => {
      const { execution, method } = row;
      const waitedMs = nowMs - (this.#sinceMs.get(execution) ?? nowMs);
      // Whoever may not run it leaves it to somebody who may.
      if (waitedMs < this.#rank(execution) * rankDelayMs) return false;
      if (this.#ports.packages.refusal(method.package) !== null) return false;
      if (!this.#comesOnProbation(row)) return true;
      const wasTaken = isTaken;
      isTaken = true;
      return !wasTaken;
    });
  }

  /** The host with the least digest goes first. */
  #rank(execution: ExecutionId): number {
    const { directory, identity, digest } = this.#ports;
    const weight = (id: IncarnationId): string =>
      digest.sha256(new TextEncoder().encode(`${execution} ${id}`));
    const own = weight(identity.incarnation);
    return directory.hosts().filter((host) => weight(host.incarnation) < own).length;
  }
}
