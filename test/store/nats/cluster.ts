import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { clock } from '../ports.ts';

const run = promisify(execFile);
const pollMs = 50;
const readyMsMax = 60_000;

/** Starts a server, tells its process id, and ends it when this process has ended, however it did. */
const launcher = '"$@" & echo $!; cat > /dev/null; kill -9 $! 2> /dev/null';

const paused = (): Promise<void> => new Promise((resolve) => clock.after(pollMs, resolve));

let found: Promise<string | null> | null = null;

/** Path of nats-server; Debian's and Ubuntu's package is unpacked into a temporary folder where none is installed. */
export function findNatsServer(): Promise<string | null> {
  found ??= locate();
  return found;
}

async function locate(): Promise<string | null> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders)
    if (existsSync(join(folder, 'nats-server'))) return join(folder, 'nats-server');
  if (process.platform !== 'linux') return null;
  const folder = await mkdtemp(join(tmpdir(), 'nats-server-'));
  const unpack = async (): Promise<string> => {
    await run('apt-get', ['download', 'nats-server'], { cwd: folder });
    await run('sh', ['-c', 'dpkg-deb -x nats-server_*.deb .'], { cwd: folder });
    return join(folder, 'usr/sbin/nats-server');
  };
  const refresh = process.getuid?.() === 0 ? ['apt-get', 'update'] : ['sudo', '-n', 'apt-get', 'update'];
  return unpack().catch(async () => {
    try {
      await run(refresh[0] ?? '', refresh.slice(1));
      return await unpack();
    } catch {
      return null;
    }
  });
}

/** Major, minor and patch. */
export async function versionOf(binary: string): Promise<readonly number[]> {
  const { stdout } = await run(binary, ['--version']);
  return (/(\d+)\.(\d+)\.(\d+)/.exec(stdout)?.slice(1) ?? []).map(Number);
}

interface Jsz {
  readonly meta_cluster?: { readonly leader?: string; readonly cluster_size?: number };
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly cluster?: { readonly leader?: string };
    }[];
  }[];
}

interface Settings {
  /** How many servers. */
  readonly size?: number;
  /** Further lines of each server's configuration. */
  readonly lines?: string;
  /** Inside the `jetstream` block; null for none. */
  readonly jetStream?: string | null;
}

/** One server process. */
export class NatsNode {
  readonly name: string;
  readonly port: number;
  readonly #monitor: number;
  readonly #binary: string;
  readonly #folder: string;
  #launcher: ChildProcess | null = null;
  #pid = 0;

  constructor(
    name: string,
    ports: { readonly client: number; readonly monitor: number },
    binary: string,
    folder: string,
  ) {
    this.name = name;
    this.port = ports.client;
    this.#monitor = ports.monitor;
    this.#binary = binary;
    this.#folder = folder;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const args = [
      this.#binary,
      '-c',
      join(this.#folder, `${this.name}.conf`),
      '-l',
      join(this.#folder, `${this.name}.log`),
    ];
    this.#launcher = spawn('sh', ['-c', launcher, 'sh', ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
    const { stdout } = this.#launcher;
    if (stdout === null) throw new Error('a launcher has an output');
    const [line] = (await once(createInterface({ input: stdout }), 'line')) as [string];
    this.#pid = Number(line);
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    try {
      process.kill(this.#pid, name);
    } catch {
      // It has ended already.
    }
  }

  /** As roughly as it can happen; what it had written to files stays. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    const child = this.#launcher;
    this.#launcher = null;
    if (child === null) return;
    const ended = once(child, 'exit');
    child.stdin?.end();
    await ended;
  }

  /** A page of its monitoring port; null while it does not answer. */
  async page<T>(path: string): Promise<T | null> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#monitor}${path}`, {
        signal: AbortSignal.timeout(1_000),
      });
      return response.ok ? ((await response.json()) as T) : null;
    } catch {
      return null;
    }
  }

  log(): Promise<string> {
    return readFile(join(this.#folder, `${this.name}.log`), 'utf8');
  }
}

/** Servers of one's own on loopback ports, which end with `dispose`, or with this process. */
export class NatsCluster {
  readonly nodes: readonly NatsNode[];
  readonly #folder: string;
  readonly #hasJetStream: boolean;

  private constructor(nodes: readonly NatsNode[], folder: string, hasJetStream: boolean) {
    this.nodes = nodes;
    this.#folder = folder;
    this.#hasJetStream = hasJetStream;
  }

  /** @param binary see `findNatsServer` */
  static async start(
    binary: string,
    { size = 3, lines = '', jetStream = '' }: Settings = {},
  ): Promise<NatsCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'nats-'));
    const ports = await freePorts(3 * size);
    const routes = ports.slice(2 * size).map((port) => `nats://127.0.0.1:${port}`);
    const nodes: NatsNode[] = [];
    for (let index = 0; index < size; index += 1) {
      const [client = 0, monitor = 0, route = 0] = [
        ports[index],
        ports[size + index],
        ports[2 * size + index],
      ];
      const name = `n${index + 1}`;
      const cluster =
        size === 1
          ? ''
          : `cluster { name: test, listen: "127.0.0.1:${route}", routes: [${routes.join(', ')}] }`;
      const store = join(folder, name);
      await mkdir(store);
      const block = jetStream === null ? '' : `jetstream { store_dir: "${store}", ${jetStream} }`;
      const text = `server_name: ${name}\nlisten: "127.0.0.1:${client}"\nhttp: "127.0.0.1:${monitor}"\n${block}\n${cluster}\n${lines}\n`;
      await writeFile(join(folder, `${name}.conf`), text);
      nodes.push(new NatsNode(name, { client, monitor }, binary, folder));
    }
    const cluster = new NatsCluster(nodes, folder, jetStream !== null);
    await Promise.all(nodes.map((node) => node.start()));
    await cluster.ready();
    return cluster;
  }

  /** `nats://127.0.0.1:1,127.0.0.1:2,…/NAME` */
  url(name: string): string {
    return `nats://${this.nodes.map(({ address }) => address).join(',')}/${name}`;
  }

  node(name: string): NatsNode {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`no node is called ${name}`);
    return found;
  }

  /** Name of the node that leads a stream; null while none does. */
  async leaderOf(stream: string): Promise<string | null> {
    for (const node of this.nodes) {
      const page = await node.page<Jsz>('/jsz?streams=true');
      for (const { stream_detail: streams = [] } of page?.account_details ?? []) {
        const leader = streams.find(({ name }) => name === stream)?.cluster?.leader ?? '';
        if (leader !== '') return leader;
      }
    }
    return null;
  }

  /** Fulfilled when every node answers, has caught up, and knows the same leader of all. */
  async ready(): Promise<void> {
    const endsAtMs = performance.now() + readyMsMax;
    while (!(await this.#isReady())) {
      if (performance.now() > endsAtMs) {
        const logs = await Promise.all(this.nodes.map((node) => node.log()));
        throw new Error(
          `the servers were not ready within ${readyMsMax} ms:\n${logs.join('\n---\n').slice(-4_000)}`,
        );
      }
      await paused();
    }
  }

  async #isReady(): Promise<boolean> {
    const leaders = new Set<string>();
    for (const node of this.nodes) {
      if ((await node.page('/healthz')) === null) return false;
      if (!this.#hasJetStream || this.nodes.length === 1) continue;
      const meta = (await node.page<Jsz>('/jsz'))?.meta_cluster;
      if (meta?.cluster_size !== this.nodes.length) return false;
      leaders.add(meta.leader ?? '');
    }
    return leaders.size <= 1 && !leaders.has('');
  }

  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
