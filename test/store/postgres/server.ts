import { execFile, execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { appendFile, chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The one user of these servers, and its password: with everything that a URL has to escape. */
export const user = 'godwit';
export const password = 'p@ss:w/rd%?#';
const debianFolder = '/usr/lib/postgresql';

/** What it takes to run a server here. */
export interface Programs {
  /** Folder of `initdb` and `postgres`. */
  readonly folder: string;
  /** What runs a program as somebody who is not root: PostgreSQL refuses to run as root. */
  readonly launcher: readonly string[];
  /** Who that is, null when it is this process's own user. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/**
 * Finds PostgreSQL: on the PATH, then where Debian puts it. As root of a Debian that has none, it installs Debian's.
 *
 * @throws when there is none, saying how to get it
 */
export function findPrograms(): Programs {
  const folder = findFolder() ?? install();
  if (process.getuid?.() !== 0) return { folder, launcher: [], owner: null };
  const name = ['postgres', 'nobody'].find((known) => idOf(known, '-u') !== null);
  if (name === undefined)
    throw new Error('PostgreSQL does not run as root, and there is neither postgres nor nobody.');
  const owner = { uid: idOf(name, '-u') ?? 0, gid: idOf(name, '-g') ?? 0 };
  const launcher = ['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'];
  return { folder, launcher, owner };
}

/** Why no server can run here; null when one can. */
export function whyNone(): string | null {
  if (process.platform !== 'linux') return 'these servers are stopped and killed by what Linux has in /proc';
  return findFolder() === null && !mayInstall() ? missing : null;
}

const missing = 'there is no PostgreSQL here: put initdb and postgres on the PATH';

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

function findFolder(): string | null {
  const debian = existsSync(debianFolder)
    ? readdirSync(debianFolder)
        .toSorted((a, b) => Number(b) - Number(a))
        .map((version) => join(debianFolder, version, 'bin'))
    : [];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...debian];
  const found = folders.find((path) => ['initdb', 'postgres'].every((name) => existsSync(join(path, name))));
  // A link may lead there alone, and the other programs stand beside what it leads to.
  return found === undefined ? null : dirname(realpathSync(join(found, 'postgres')));
}

function install(): string {
  if (!mayInstall()) throw new Error(missing);
  // Without Debian's own cluster; and one at a time, since several tests may find that it is missing.
  const script =
    'mkdir -p /etc/postgresql-common && ' +
    '{ test -e /etc/postgresql-common/createcluster.conf || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf; } && ' +
    'apt-get update -q && apt-get install -q -y --no-install-recommends postgresql';
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('flock', [join(tmpdir(), 'godwit-apt.lock'), 'sh', '-c', script], { env, stdio: 'ignore' });
  const folder = findFolder();
  if (folder === null) throw new Error(`${missing}; apt-get installed none`);
  return folder;
}

function idOf(name: string, flag: '-u' | '-g'): number | null {
  try {
    return Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return null;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const bound = probe.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

const living = new Set<PostgresServer>();
// Whatever ends the tests, no server outlives them.
process.on('exit', () => {
  for (const server of living) server.kill();
});

/** A private server on loopback, in a temporary folder, with the settings that production has. It ends with this process at the latest. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #programs: Programs;
  #process: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();

  private constructor(folder: string, port: number, programs: Programs) {
    this.#folder = folder;
    this.port = port;
    this.#programs = programs;
  }

  /** Makes an empty server and starts it. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
    const programs = findPrograms();
    const folder = await mkdtemp(join(tmpdir(), 'godwit-postgres-'));
    await chmod(folder, 0o711);
    const server = new PostgresServer(folder, await freePort(), programs);
    living.add(server);
    await server.#initialise();
    await server.configure(settings);
    await server.start();
    return server;
  }

  /** A copy of this server that follows it, and answers reads. */
  async standby(): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'godwit-postgres-'));
    await chmod(folder, 0o711);
    const standby = new PostgresServer(folder, await freePort(), this.#programs);
    living.add(standby);
    await standby.#ownFolder();
    const from = `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${this.port}/postgres`;
    await standby.#run('pg_basebackup', [
      '-D',
      standby.#data,
      '-d',
      from,
      '-R',
      '-X',
      'stream',
      '-c',
      'fast',
    ]);
    // It looks for a primary that was away again soon.
    await standby.configure({ port: String(standby.port), wal_retrieve_retry_interval: '100ms' });
    await standby.start();
    return standby;
  }

  /** @param schema a store of its own in the one database */
  url(schema = 'godwit'): string {
    return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${this.port}/postgres?schema=${schema}`;
  }

  /** Settings for the next start. */
  async configure(settings: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
    await appendFile(join(this.#data, 'postgresql.conf'), lines.join(''));
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const { folder, launcher } = this.#programs;
    const asOwner = launcher.length === 0 ? [] : [...launcher, '--pdeathsig=SIGQUIT'];
    const [first, ...rest] = [...asOwner, join(folder, 'postgres'), '-D', this.#data];
    const child = spawn(first, rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    this.#process = child;
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => resolve());
    });
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        lines.push(line);
        if (line.includes('ready to accept')) resolve();
      });
      child.once('error', reject);
      void this.#exited.then(() =>
        reject(new Error(`PostgreSQL did not start: ${lines.slice(-5).join(' | ')}`)),
      );
    });
  }

  /** `fast`: in order, as for maintenance. `killed`: all its processes at once, as when the machine dies. */
  async stop(how: 'fast' | 'killed'): Promise<void> {
    if (how === 'fast') this.#process?.kill('SIGINT');
    else {
      const pids = await this.#pids();
      for (const pid of pids) signal(pid, 'SIGKILL');
      for (const pid of pids) while (await isAlive(pid));
    }
    await this.#exited;
    this.#process = null;
  }

  async restart(how: 'fast' | 'killed'): Promise<void> {
    await this.stop(how);
    await this.start();
  }

  /** Stops all its processes where they are; the returned function lets them go on. */
  async freeze(): Promise<() => Promise<void>> {
    // The first one first, so that it starts no other.
    this.#process?.kill('SIGSTOP');
    const pids = await this.#pids();
    for (const pid of pids) signal(pid, 'SIGSTOP');
    return () => {
      for (const pid of pids) signal(pid, 'SIGCONT');
      return Promise.resolve();
    };
  }

  /** Makes a standby take writes. */
  async promote(): Promise<void> {
    await this.#run('pg_ctl', ['promote', '-D', this.#data, '-w']);
  }

  kill(): void {
    this.#process?.kill('SIGCONT');
    this.#process?.kill('SIGQUIT');
  }

  async dispose(): Promise<void> {
    if (this.#process !== null) {
      for (const pid of await this.#pids()) signal(pid, 'SIGCONT');
      this.kill();
      await this.#exited;
    }
    living.delete(this);
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  async #initialise(): Promise<void> {
    await this.#ownFolder();
    const file = join(this.#folder, 'password');
    await writeFile(file, password, { mode: 0o600 });
    const { owner } = this.#programs;
    if (owner !== null) await chown(file, owner.uid, owner.gid);
    const args = [
      '-D',
      this.#data,
      '-U',
      user,
      '--pwfile',
      file,
      '--auth=scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ];
    await this.#run('initdb', args);
    await this.configure({
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
      shared_buffers: '32MB',
      logging_collector: 'off',
      // After a crash the whole file system is flushed instead of each of a thousand files; known from version 14 on.
      ...((await this.#majorVersion()) >= 14 ? { recovery_init_sync_method: 'syncfs' } : {}),
    });
  }

  async #majorVersion(): Promise<number> {
    const { stdout } = await run(join(this.#programs.folder, 'postgres'), ['--version']);
    return Number(/(\d+)/.exec(stdout)?.[1]);
  }

  async #ownFolder(): Promise<void> {
    const { owner } = this.#programs;
    await mkdir(this.#data, { mode: 0o700 });
    if (owner === null) return;
    await chown(this.#data, owner.uid, owner.gid);
    await chown(this.#folder, owner.uid, owner.gid);
  }

  async #run(name: string, args: readonly string[]): Promise<void> {
    const { folder, launcher } = this.#programs;
    const [first = '', ...rest] = [...launcher, join(folder, name), ...args];
    await run(first, rest, { cwd: this.#folder, env: { ...process.env, LC_ALL: 'C' } });
  }

  /** The first process and those that it has started. */
  async #pids(): Promise<readonly number[]> {
    const parent = this.#process?.pid;
    if (parent === undefined) return [];
    const pids = [parent];
    for (const entry of await readdir('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
      // After the name, which may hold anything: state, parent.
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent) pids.push(Number(entry));
    }
    return pids;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** Whether a process still runs: one that nobody has waited for does not. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}
