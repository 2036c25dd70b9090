import type { IncarnationId } from '../core/ids.ts';
import type { Directory } from './directory.ts';
import type { OwnershipBook } from './ownership-book.ts';
import type { HostPorts } from './ports.ts';

export interface ForgottenLeasesPorts extends Pick<HostPorts, 'tables'> {
  readonly directory: Directory;
  readonly book: OwnershipBook;
}

/**
 * Incarnations whose lease has ended and whose row was swept since. Whoever stands in a register, in a seat or in a snapshot
 * had a lease before: where a read finds no row of it, there was its end (rules 2 and 4). That the directory shows none
 * proves nothing, since it may not have heard of it yet.
 */
export class ForgottenLeases {
  readonly #ports: ForgottenLeasesPorts;
  #isLooking = false;

  constructor(ports: ForgottenLeasesPorts) {
    this.#ports = ports;
  }

  /** @param tell called with those that turn out to have ended, if any do; what fails is looked up the next time */
  look(tell: (ended: readonly IncarnationId[]) => void): void {
    const { directory } = this.#ports;
    if (this.#isLooking || !directory.isListed) return;
    const wanted = new Set([...directory.namedWithoutLease(), ...this.#awaited()]);
    if (wanted.size === 0) return;
    this.#isLooking = true;
    const over = (ended: readonly IncarnationId[]): void => {
      this.#isLooking = false;
      if (ended.length > 0) tell(ended);
    };
    this.#lookUp(wanted).then(over, () => over([]));
  }

  /** Where effects run, or ran, that copies here wait for (rule 12). */
  *#awaited(): Iterable<IncarnationId> {
    const { directory, book } = this.#ports;
    for (const { effectsOn } of book.cells())
      for (const id of effectsOn) if (directory.isWithoutLease(id)) yield id;
  }

  async #lookUp(wanted: Iterable<IncarnationId>): Promise<readonly IncarnationId[]> {
    const ended: IncarnationId[] = [];
    for (const incarnation of wanted) {
      const found = await this.#ports.tables.leases.get(incarnation);
      if (found === null || found.row.phase === 'ended') ended.push(incarnation);
    }
    return ended;
  }
}
