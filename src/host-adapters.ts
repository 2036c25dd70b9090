import { decisionLog } from './actors/decisions.ts';
import type { EventLog } from './actors/event-log.ts';
import type { AddressExchange } from './actors/exchange.ts';
import type { HouseParts } from './actors/house.ts';
import { heldWrites } from './actors/held-write.ts';
import { migrationSteps } from './actors/migration/cell.ts';
import { Permits } from './actors/migration/permits.ts';
import type { OwnershipBook } from './actors/ownership-book.ts';
import type { Barrier, Bytes, Freighter } from './actors/ports.ts';
import type { HostConfig } from './config.ts';
import { ConfigurationError } from './config.ts';
import { GodwitError } from './core/errors.ts';
import type { HostIdentity } from './core/execution.ts';
import { snapshotDigest } from './core/ids.ts';
import type { Clock, Digest, Random } from './core/ports.ts';
import { digestOf } from './methods/snapshot/index.ts';
import { openAnalyst } from './models/analyst.ts';
import type { Store } from './store/contract.ts';
import { vaultHistory } from './store/history.ts';
import type { HostLog } from './telemetry/log.ts';
import { formatAddress } from './wire/address.ts';
import type { LinksListener, Reached, Wire } from './wire/contract.ts';

/** The bulk channel checks every byte on its way; that the bytes are the snapshot that was promised is checked here. */
export function freighter({ bulk }: Wire, digest: Digest): Freighter {
  return {
    load: (to, bytes, promised) => ({
      digest: promised,
      cargo: bulk.load(to, bytes, snapshotDigest(digest.sha256(bytes))),
    }),
    withdraw: ({ cargo }) => bulk.withdraw(cargo),
    async unload(from, { cargo, digest: promised }) {
      const bytes = await bulk.unload(from, cargo);
      const found = digestOf(bytes);
      if (found !== promised) throw new SnapshotMistakenError(from, promised, found);
      return bytes;
    },
  };
}

/** A source sent another snapshot than it had promised. */
class SnapshotMistakenError extends GodwitError {
  override readonly name = 'SnapshotMistakenError';
  readonly code = 'SNAPSHOT_MISTAKEN';
  readonly retryable = true;

  constructor(from: HostIdentity, promised: string, found: string) {
    super(`${from.name} promised the snapshot ${promised}, and sent ${found}. The migration is rolled back.`);
  }
}

export function vaultBytes({ vault }: Store): Bytes {
  return {
    put: async (key, bytes) => void (await vault.put(key, bytes)),
    get: (key) => vault.get(key),
    delete: (key) => vault.delete(key),
    list: (prefix) => vault.list(prefix),
  };
}

/** What the deciders of a host stand on: who admits moves, who remembers them, and what forecasts. */
export function deciding(
  {
    options,
    store,
    clock,
    random,
    journal,
  }: {
    readonly options: { readonly config: HostConfig };
    readonly store: Store;
    readonly clock: Clock;
    readonly random: Random;
    readonly journal: HostLog;
  },
  book: OwnershipBook,
): Pick<HouseParts, 'alongMaxBytes' | 'permits' | 'decisions' | 'openAnalyst' | 'openHistory'> {
  return {
    alongMaxBytes: store.registry.alongMaxBytes,
    openAnalyst,
    openHistory: (term) => vaultHistory(vaultBytes(store), { term }),
    permits: new Permits(options.config.affinity, book, clock),
    decisions: decisionLog({ vault: vaultBytes(store), clock, random }, (why) => journal.warn({}, why)),
  };
}

/** See docs/testing.md. */
const holdPoints: readonly string[] = [
  ...['source', 'target'].flatMap((side) => migrationSteps.map((step) => `${side}:${step}`)),
  ...heldWrites.flatMap((write) => [`before:${write}`, `after:${write}`]),
];

/** Where whoever comes by stands still, until a test lets all of them go; then nobody is stopped any more. */
export class HoldPoint {
  readonly #point: string;
  readonly #held: (() => void)[] = [];
  #isOpen = false;

  /**
   * @param point as `source:transfer` or `before:checkpoint`; see docs/testing.md
   * @throws {ConfigurationError} when nobody ever comes there
   */
  constructor(point: string) {
    if (!holdPoints.includes(point))
      throw new ConfigurationError(
        `GODWIT_HOLD_AT: found '${point}', expected one of ${holdPoints.join(', ')}.`,
      );
    this.#point = point;
  }

  stopsAt(point: string): boolean {
    return !this.#isOpen && point === this.#point;
  }

  keep(goOn: () => void): void {
    this.#held.push(goOn);
  }

  letGo(): void {
    this.#isOpen = true;
    for (const goOn of this.#held.splice(0)) goOn();
  }
}

/** Stops this host at one point, and says so: then a test may strike this process there. */
export function barrier(holdAt: HoldPoint | null, log: EventLog): Barrier {
  return {
    stopsAt: (point) => holdAt?.stopsAt(point) ?? false,
    stop(point, subject, goOn) {
      holdAt?.keep(goOn);
      log.emit({ kind: 'held', point, subject });
    },
  };
}

/** Listens where the settings say, and is reached where they say. */
export function listen(wire: Wire, { advertise, listen: at }: HostConfig): Promise<Reached> {
  const advertised = advertise === null ? null : formatAddress(advertise.host, advertise.port);
  return wire.listen(at.host, at.port, advertised);
}

export function linksListener(
  exchange: AddressExchange,
  log: () => EventLog | null,
  journal: HostLog,
): LinksListener {
  return {
    onEnvelope: (from, envelope) => exchange.receive(from, envelope),
    onUp: () => undefined,
    onDown: (peer, reason) => {
      exchange.peerDown(peer, reason.kind);
      log()?.forget(peer);
    },
    onDialFailed: (peer, reason) => exchange.peerDown(peer, reason.kind),
    onDrained: () => undefined,
    onRoundTrip: () => undefined,
    onRefused: (remote, reason) => journal.warn({ remote, reason }, `Turned away ${remote}: ${reason.kind}.`),
  };
}
