import type { Term } from '../core/ids.ts';
import type { HostIdentity } from '../core/execution.ts';
import type { Clock } from '../core/ports.ts';
import type { HostLatencies, RackLatencies } from '../protocols/messages/latency.ts';
import { RackRow } from '../protocols/probing/rack-row.ts';
import { address } from './addresses.ts';
import type { Directory } from './directory.ts';
import type { Exchange } from './ports.ts';

export interface LatencyGatheringPorts {
  readonly identity: HostIdentity;
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly directory: Directory;
}

/** Rows go to the orchestrator with each offer while there are so few racks, and more rarely beyond. */
const racksEachOffer = 16;

/** What a rack's actor does with latencies: it gathers its hosts' reports, and passes its row of the matrix on. */
export class LatencyGathering {
  readonly #ports: LatencyGatheringPorts;
  readonly #row: RackRow;
  #offers = 0;

  constructor(term: Term, ports: LatencyGatheringPorts) {
    this.#ports = ports;
    this.#row = new RackRow(ports.identity.rack, term);
  }

  take(latencies: HostLatencies): void {
    this.#row.take(latencies, this.#ports.clock.monotonicMs());
  }

  row(): RackLatencies {
    const { clock, directory } = this.#ports;
    return this.#row.read(
      clock.monotonicMs(),
      ({ identity: { incarnation } }) =>
        directory.incarnation(incarnation) !== null && !directory.leaseEnded(incarnation),
    );
  }

  /**
   * To be called with each offer. A row is as long as there are racks, and there are as many rows, so that the
   * orchestrator would hear the square of them.
   */
  passOn(): void {
    const { directory, exchange } = this.#ports;
    const every = Math.max(1, Math.ceil(directory.racks().length / racksEachOffer));
    this.#offers += 1;
    // The first at once: whoever follows a lost actor makes up for its rows.
    if ((this.#offers - 1) % every !== 0) return;
    const message = { kind: 'rackLatencies', latencies: this.row() } as const;
    exchange.tell(address.cluster('orchestrator'), message, 'batched');
  }
}
