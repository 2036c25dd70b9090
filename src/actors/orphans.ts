import type { ExecutionId, IncarnationId } from '../core/ids.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import type { Directory } from './directory.ts';
import type { HostPorts } from './ports.ts';

/** How long the host of the next rank waits before it recovers an execution that a better one has not. */
const rankDelayMs = 400;

/** Executions whose owner's lease has ended (rule 4, for promise 2), as the directory shows them; spread over the survivors. */
export class Orphans {
  readonly #ports: Pick<HostPorts, 'identity' | 'digest' | 'packages'> & { readonly directory: Directory };
  #sinceMs = new Map<ExecutionId, number>();

  constructor(
    ports: Pick<HostPorts, 'identity' | 'digest' | 'packages'> & { readonly directory: Directory },
  ) {
    this.#ports = ports;
  }

  /** Those that this host is to recover now. */
  due(nowMs: number): readonly RegisterRow[] {
    const { directory } = this.#ports;
    const orphaned = [...directory.registers()].filter(
      (row) => row.standing.phase === 'live' && directory.leaseEnded(row.owner),
    );
    this.#sinceMs = new Map(
      orphaned.map(({ execution }) => [execution, this.#sinceMs.get(execution) ?? nowMs] as const),
    );
    return orphaned.filter(({ execution, method }) => {
      const waitedMs = nowMs - (this.#sinceMs.get(execution) ?? nowMs);
      // Whoever may not run it leaves it to somebody who may.
      return (
        waitedMs >= this.#rank(execution) * rankDelayMs &&
        this.#ports.packages.refusal(method.package) === null
      );
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
