import { connect } from '@nats-io/transport-node';
import { findNatsServer, NatsCluster } from '../../store/nats/cluster.ts';
import { PostgresServer, whyNone } from '../../store/postgres/server.ts';
import type { StoreKind } from './cases.ts';

/** The servers of the stores, each started when it is first asked for. */
export class StoreServers {
  #postgres: Promise<PostgresServer> | null = null;
  #nats: Promise<NatsCluster> | null = null;

  /** Why a store cannot be had here; null when it can. */
  static async missing(store: StoreKind): Promise<string | null> {
    if (store === 'postgres') return whyNone();
    if (store === 'nats' && (await findNatsServer()) === null)
      return 'there is no nats-server here: put it on the PATH';
    return null;
  }

  /**
   * A store of one cluster's own.
   *
   * @param name lower-case letters, digits and underscores
   * @returns its URL; null for a folder, which the cluster makes itself
   */
  async open(store: StoreKind, name: string): Promise<string | null> {
    if (store === 'lmdb') return null;
    return store === 'postgres' ? (await this.postgres()).url(name) : (await this.nats()).url(name);
  }

  postgres(): Promise<PostgresServer> {
    this.#postgres ??= PostgresServer.start();
    return this.#postgres;
  }

  nats(): Promise<NatsCluster> {
    this.#nats ??= findNatsServer().then((binary) => NatsCluster.start(binary ?? ''));
    return this.#nats;
  }

  /** Streams cost their servers something for as long as they stand. */
  async close(store: StoreKind, name: string): Promise<void> {
    if (store !== 'nats') return;
    const { nodes } = await this.nats();
    const connection = await connect({ servers: nodes.map(({ address }) => address) });
    for (const stream of [name, `${name}-vault`])
      await connection.request(`$JS.API.STREAM.DELETE.${stream}`, '', { timeout: 10_000 });
    await connection.close();
  }

  async dispose(): Promise<void> {
    await (await this.#postgres)?.dispose();
    await (await this.#nats)?.dispose();
  }
}
