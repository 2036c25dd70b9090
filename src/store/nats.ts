import type { ClusterId, ClusterIdentity, Closing, Registry, Store, Vault } from './contract.ts';
import { settleIdentity } from './identity.ts';
import { parseAddress } from './nats/address.ts';
import { Changes } from './nats/changes.ts';
import { Ledger } from './nats/ledger.ts';
import { NatsLink } from './nats/link.ts';
import { NatsRegistry } from './nats/registry.ts';
import { prepareStreams } from './nats/streams.ts';
import { Subjects } from './nats/subjects.ts';
import { Sweeper } from './nats/sweeper.ts';
import { NatsVault } from './nats/vault.ts';
import { Watches } from './nats/watches.ts';
import type { StoreOptions } from './options.ts';

/**
 * A store on NATS JetStream, for hosts of many machines; three servers survive the loss of any one.
 *
 * @param url `nats://[USER:PASSWORD@|TOKEN@]HOST:PORT,…[/NAME]`, or `tls://…`
 * @throws see `openStore`
 */
export async function openNatsStore(url: string, _rest: string, options: StoreOptions): Promise<Store> {
  const address = parseAddress(url);
  const link = await NatsLink.open(address, options);
  const subjects = new Subjects(address.name);
  try {
    await prepareStreams(link, address, subjects, options);
    const ledger = new Ledger(link, subjects, address.shown, options);
    const store = new NatsStore(address.shown, options, link, subjects, ledger);
    await store.start();
    return store;
  } catch (thrown) {
    await link.close();
    throw thrown;
  }
}

class NatsStore implements Store {
  readonly url: string;
  readonly caution: string | null;
  readonly registry: Registry;
  readonly vault: Vault;
  readonly lost: Promise<string>;
  readonly #objects: NatsVault;
  readonly #options: StoreOptions;
  readonly #link: NatsLink;
  readonly #ledger: Ledger;
  readonly #watches: Watches;
  readonly #sweeper: Sweeper;
  #closing: Promise<Closing> | null = null;

  constructor(url: string, options: StoreOptions, link: NatsLink, subjects: Subjects, ledger: Ledger) {
    this.url = url;
    this.caution = cautionAbout(link.serverVersion);
    this.#options = options;
    this.#link = link;
    this.#ledger = ledger;
    this.#watches = new Watches(ledger, url, options);
    this.#sweeper = new Sweeper(ledger, link, subjects, options);
    const changes = new Changes(ledger, link, subjects, url, options);
    this.registry = new NatsRegistry(ledger, changes, this.#watches, this.#sweeper, url);
    this.#objects = new NatsVault({ ledger, changes, link, subjects, sweeper: this.#sweeper }, url, options);
    this.vault = this.#objects;
    this.lost = ledger.lost;
  }

  /** Reads all rows once: from then on they are kept up. */
  async start(): Promise<void> {
    this.#ledger.start();
    try {
      await this.#ledger.read('opening', () => undefined);
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
    this.#sweeper.start();
  }

  identity(expected: ClusterId | null): Promise<ClusterIdentity> {
    return settleIdentity(this, expected, this.#options);
  }

  close(): Promise<Closing> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<Closing> {
    this.#watches.stop();
    await this.#objects.close();
    this.#sweeper.stop();
    await this.#ledger.close();
    await this.#link.close();
    return 'closed';
  }
}

/** The first version that can be told to flush before it acknowledges: docs/stores.md. */
const firstSafe = { major: 2, minor: 10 } as const;

/** @param version as the server says it: `2.9.10`, `2.12.0-beta.1` */
export function cautionAbout(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > firstSafe.major || (major === firstSafe.major && minor >= firstSafe.minor)) return null;
  return (
    `nats-server ${version} can lose what it has acknowledged when most of the servers stop at once. ` +
    `Use ${firstSafe.major}.${firstSafe.minor} or later, with sync_interval: always.`
  );
}
