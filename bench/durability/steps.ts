import { SystemClock } from '../../src/clock.ts';
import { SystemRandom } from '../../src/random.ts';
import type { Revision, Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import { PostgresServer } from '../../test/store/postgres/server.ts';
import { folder } from '../stores/candidates.ts';
import { Dbos } from './dbos.ts';
import { Floor } from './floor.ts';
import type { FloorTimes } from './floor.ts';
import { SoloHost } from './solo-host.ts';

/** Milliseconds of single steps. */
export interface Steps {
  readonly dbos: number[];
  readonly postgres: number[];
  readonly lmdb: number[];
  /** On LMDB, of an execution that is not durable. */
  readonly plain: number[];
  /** One compare-and-set by itself, from a session of its own. */
  readonly postgresWrite: number[];
  readonly lmdbWrite: number[];
  readonly floor: FloorTimes;
}

const stepsEach = 40;
/** Until the compilers of V8 have seen enough of either side's way of a step. */
const warmUpRounds = 10;
/** As of an execution that does little, with its row. */
const rowBytes = 700;

/**
 * A durable step: an effect that does nothing, and is never started before it stands in the store. In turn, round by round: DBOS and
 * godwit on one PostgreSQL with the same settings, which flush each commit, and godwit on LMDB, which flushes each commit.
 */
export async function durableSteps(rounds: number): Promise<Steps> {
  const server = await PostgresServer.start();
  const onServer = { name: 'postgres', url: server.url('bench'), dispose: () => Promise.resolve() };
  const dbosUrl = new URL(server.url());
  dbosUrl.pathname = '/dbos';
  dbosUrl.search = '';
  const hosts = [await SoloHost.start(onServer), await SoloHost.start(await folder())] as const;
  const [postgres, lmdb] = hosts;
  const dbos = await Dbos.start(dbosUrl.href);
  const bare = { postgres: await Bare.open(onServer.url), lmdb: await Bare.open(lmdb.store.url) };
  const floor = await Floor.open(server.url().replace(/\?.*$/, ''), rowBytes);
  const { times } = floor;
  const own = { dbos: [], postgres: [], lmdb: [], plain: [], postgresWrite: [], lmdbWrite: [] };
  const found: Steps = { ...own, floor: times };
  const stepsOf = async (host: SoloHost, durable: boolean): Promise<readonly number[]> =>
    (await host.run('steps', [stepsEach], durable)) as readonly number[];
  try {
    for (let round = 1 - warmUpRounds; round <= rounds; round += 1) {
      found.dbos.push(...(await dbos.steps(stepsEach)));
      found.postgres.push(...(await stepsOf(postgres, true)));
      found.lmdb.push(...(await stepsOf(lmdb, true)));
      found.plain.push(...(await stepsOf(lmdb, false)));
      found.postgresWrite.push(...(await bare.postgres.writes(stepsEach)));
      found.lmdbWrite.push(...(await bare.lmdb.writes(stepsEach)));
      await floor.measure(stepsEach);
      if (round !== 0) continue;
      for (const list of Object.values<number[]>({ ...own, ...times })) list.length = 0;
    }
    return found;
  } finally {
    await Promise.all([bare.postgres.close(), bare.lmdb.close(), dbos.stop(), floor.close()]);
    for (const host of hosts) await host.stop();
    await server.dispose();
  }
}

/** A session that writes one row again and again: what a step cannot be faster than. */
class Bare {
  readonly #store: Store;
  #revision: Revision | 'absent' = 'absent';

  private constructor(store: Store) {
    this.#store = store;
  }

  static async open(url: string): Promise<Bare> {
    const options = storeOptions({ clock: new SystemClock(), random: new SystemRandom() });
    return new Bare(await openStore(url, { ...options, callTimeoutMs: 30_000 }));
  }

  async writes(count: number): Promise<readonly number[]> {
    const tookMs: number[] = [];
    for (let step = 0; step < count; step += 1) {
      const before = performance.now();
      const value = new Uint8Array(rowBytes).fill(step);
      const answer = await this.#store.registry.cas('bench/row', this.#revision, value);
      tookMs.push(performance.now() - before);
      if (answer.kind === 'done') this.#revision = answer.revision;
    }
    return tookMs;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
