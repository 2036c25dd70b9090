import type { HostIdentity } from '../core/execution.ts';
import type { HostName, Term } from '../core/ids.ts';
import type { HostUsage, RackUsageMessage } from '../protocols/messages.ts';
import { usageExecutionsMax, usageHostsMax } from '../protocols/messages/monitoring.ts';
import { address } from './addresses.ts';
import type { Directory } from './directory.ts';
import type { Exchange } from './ports.ts';
import { isSoundUsage } from './usage-soundness.ts';

export interface GatheringPorts {
  readonly identity: HostIdentity;
  readonly exchange: Exchange;
  readonly directory: Directory;
}

/** What a rack's actor does with its hosts' usage: keeps each one's newest report, and passes on what is new. */
export class UsageGathering {
  readonly #term: Term;
  readonly #ports: GatheringPorts;
  readonly #newest = new Map<HostName, HostUsage>();
  readonly #passedOn = new Set<HostUsage>();

  constructor(term: Term, ports: GatheringPorts) {
    this.#term = term;
    this.#ports = ports;
  }

  /** Only what can be true, of this rack's hosts that are up, and newer than what is known. */
  take(usage: HostUsage): void {
    if (!isSoundUsage(usage)) return;
    const { name, incarnation, rack } = usage.identity;
    const { directory, identity } = this.#ports;
    if (rack !== identity.rack || directory.host(name)?.incarnation !== incarnation) return;
    const known = this.#newest.get(name);
    if (known?.identity.incarnation === incarnation && known.report >= usage.report) return;
    if (known !== undefined) this.#passedOn.delete(known);
    this.#newest.set(name, usage);
  }

  /** Sends the cluster's analyzer and orchestrator what came since the last time; without them it is dropped. */
  passOn(): void {
    const { exchange, identity, directory } = this.#ports;
    const up = new Set(directory.hosts().map(({ incarnation }) => incarnation));
    for (const [name, usage] of this.#newest) {
      if (up.has(usage.identity.incarnation)) continue;
      this.#newest.delete(name);
      this.#passedOn.delete(usage);
    }
    const fresh = [...this.#newest.values()].filter((usage) => !this.#passedOn.has(usage));
    for (const usage of fresh) this.#passedOn.add(usage);
    for (const hosts of portions(fresh)) {
      const usage = { rack: identity.rack, term: this.#term, hosts };
      const message = { kind: 'rackUsage', usage } as const satisfies RackUsageMessage;
      exchange.tell(address.cluster('analyzer'), message, 'batched');
      exchange.tell(address.cluster('orchestrator'), message, 'batched');
    }
  }
}

/** So that a message stays far below what a frame may hold: an execution takes about 1 KB with its peers. */
function portions(usages: readonly HostUsage[]): readonly (readonly HostUsage[])[] {
  const all: HostUsage[][] = [];
  let executions = 0;
  for (const usage of usages) {
    const last = all.at(-1);
    executions += usage.executions.length;
    if (last === undefined || last.length >= usageHostsMax || executions > usageExecutionsMax) {
      all.push([usage]);
      executions = usage.executions.length;
    } else last.push(usage);
  }
  return all;
}
