import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Cluster } from '../../src/cluster.ts';
import { anywhere, connect } from '../../src/cluster.ts';
import { hostName } from '../../src/core/ids.ts';
import type { Package } from '../../src/methods/packages/index.ts';
import { locateStore } from '../../src/store/state-folder.ts';
import { LocalCluster } from '../../src/testing/local/host-processes.ts';
import type { Candidate } from '../stores/candidates.ts';

/** One host of one lane on a store of its own, and a client of it. Nothing decides about moves. */
export class SoloHost {
  readonly store: Candidate;
  readonly #local: LocalCluster;
  readonly #cluster: Cluster;
  readonly #pack: Package;

  private constructor(store: Candidate, local: LocalCluster, cluster: Cluster, pack: Package) {
    this.store = store;
    this.#local = local;
    this.#cluster = cluster;
    this.#pack = pack;
  }

  /** @param settings beside the shipped ones */
  static async start(store: Candidate, settings: readonly string[] = []): Promise<SoloHost> {
    const local = new LocalCluster({
      racks: 1,
      hostsPerRack: 1,
      store: store.url,
      cpuShare: 1,
      settings: ['lanes=1', 'affinity.enabled=false', 'orchestrator.enabled=false', ...settings],
      environment: {},
      onLine: (host, stream, line) => {
        if (stream === 'stderr') console.error(`${host}: ${line}`);
      },
    });
    await local.start();
    const cluster = await connect(locateStore(store.url, {}, homedir()));
    const fixture = new URL('bench/fixtures/ledgers.ts', `${pathToFileURL(process.cwd()).href}/`);
    return new SoloHost(store, local, cluster, await cluster.deploy(fileURLToPath(fixture)));
  }

  /** Runs one method of the fixture to its end. */
  async run(method: 'churn' | 'steps', args: readonly unknown[], durable = false): Promise<unknown> {
    const options = { on: hostName('r1-h1'), affinity: anywhere, durable };
    return this.#cluster.outcome(await this.#cluster.start(this.#pack, method, args, options));
  }

  /** User and system time of the host so far, all threads together, in steps of 10 ms: fields 14 and 15 of proc_pid_stat(5). */
  cpuMs(): number {
    const stat = readFileSync(`/proc/${this.#local.host('r1-h1').process.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticksPerSecond = 100;
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
  }

  /** The store goes, too. */
  async stop(): Promise<void> {
    await this.#cluster.close();
    await this.#local.stop();
    await this.store.dispose();
  }
}
