import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { GodwitError } from '../../core/errors.ts';
import { builtEntry } from '../../entries.ts';

/** A host process of a local cluster ended before it was up. */
export class LocalHostError extends GodwitError {
  override readonly name = 'LocalHostError';
  readonly code = 'LOCAL_HOST';
  readonly retryable = true;
}

export interface LocalHost {
  readonly name: string;
  readonly rack: string;
  readonly process: ChildProcess;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
}

export interface LocalClusterOptions {
  readonly racks: number;
  readonly hostsPerRack: number;
  readonly store: string;
  /** Cores of each host; 0 shares the machine's cores among all. */
  readonly cpuShare: number;
  readonly settings: readonly string[];
  /** Extra environment of single hosts, by name. */
  readonly environment: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Further arguments of `godwit host` of single hosts. */
  readonly argumentsOf?: (host: string) => readonly string[];
  /** What stands before the command of single hosts, as `nsenter` and what it takes; nothing for most. */
  readonly inFrontOf?: (host: string) => readonly string[];
  /** Further environment of single hosts, as it is at the time of their start. */
  readonly environmentOf?: (host: string) => Readonly<Record<string, string>>;
  /** What a host prints, line by line. */
  readonly onLine: (host: string, stream: 'stdout' | 'stderr', line: string) => void;
}

const stopMaxMs = 15_000;

/** Names of the hosts of a local cluster: `r1-h1`, … */
export function hostNames(
  racks: number,
  hostsPerRack: number,
): readonly { readonly name: string; readonly rack: string }[] {
  return Array.from({ length: racks }, (_r, rack) =>
    Array.from({ length: hostsPerRack }, (_h, host) => ({
      name: `r${rack + 1}-h${host + 1}`,
      rack: `r${rack + 1}`,
    })),
  ).flat();
}

/** A cluster of real host processes on this machine. */
export class LocalCluster {
  readonly hosts: LocalHost[] = [];
  readonly #options: LocalClusterOptions;

  constructor(options: LocalClusterOptions) {
    this.#options = options;
  }

  /** Starts all hosts, and resolves when all are up. @throws {LocalHostError} when one is not; the others are stopped */
  async start(): Promise<void> {
    const names = hostNames(this.#options.racks, this.#options.hostsPerRack);
    const started = await Promise.allSettled(names.map(({ name, rack }) => this.startHost(name, rack)));
    const failure = started.find((one) => one.status === 'rejected');
    if (failure === undefined) return;
    await this.stop();
    throw failure.reason;
  }

  /**
   * Starts one host, and resolves when it is up.
   *
   * @param once extra environment of this one start
   */
  async startHost(
    name: string,
    rack: string,
    once: Readonly<Record<string, string>> = {},
  ): Promise<LocalHost> {
    const { racks, hostsPerRack, settings, environment, store } = this.#options;
    const share =
      this.#options.cpuShare === 0 ? availableParallelism() / (racks * hostsPerRack) : this.#options.cpuShare;
    const args = ['--name', name, '--rack', rack, '--cpu-share', String(share)];
    args.push('--json', '--until-stdin-ends');
    for (const setting of settings) args.push('--set', setting);
    args.push(...(this.#options.argumentsOf?.(name) ?? []));
    const command = [process.execPath, builtEntry('cli/main').pathname, 'host', ...args];
    const [program = '', ...rest] = [...(this.#options.inFrontOf?.(name) ?? []), ...command];
    const child = spawn(program, rest, {
      // Nothing is ever written to its input. It ends with this process, however that ends, and then the host stops.
      stdio: ['pipe', 'pipe', 'pipe'],
      // Of its own group: a Ctrl-C in the terminal reaches this process, which then stops the hosts in order.
      detached: true,
      // Not as an argument, which every user of the machine can see: the URL may hold a password.
      env: {
        ...process.env,
        GODWIT_STORE: store,
        ...environment[name],
        ...this.#options.environmentOf?.(name),
        ...once,
      },
    });
    const exited = new Promise<number | NodeJS.Signals>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? code ?? 1));
    });
    const host: LocalHost = { name, rack, process: child, exited };
    this.hosts.push(host);
    await this.#ready(host);
    return host;
  }

  host(name: string): LocalHost {
    const found = this.hosts.findLast((host) => host.name === name);
    if (found === undefined) throw new LocalHostError(`There is no host ${name} in this local cluster.`);
    return found;
  }

  /** Stops all hosts in order, and ends those that do not stop. */
  async stop(): Promise<void> {
    const running = this.hosts.filter(
      ({ process: child }) => child.exitCode === null && child.signalCode === null,
    );
    for (const { process: child } of running) child.kill('SIGTERM');
    await Promise.all(
      running.map(async ({ process: child, exited }) => {
        const timer = setTimeout(() => child.kill('SIGKILL'), stopMaxMs);
        await exited;
        clearTimeout(timer);
      }),
    );
  }

  /** Ends all hosts at once, as a crash would. */
  kill(): void {
    for (const { process: child } of this.hosts) child.kill('SIGKILL');
  }

  #ready({ name, process: child, exited }: LocalHost): Promise<void> {
    const errors: string[] = [];
    child.stdin?.on('error', () => undefined); // It may have ended first.
    if (child.stderr !== null) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        errors.push(line);
        this.#options.onLine(name, 'stderr', line);
      });
    }
    return new Promise((resolve, reject) => {
      if (child.stdout === null) return;
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('{"event":"started"')) resolve();
        else if (line.startsWith('{"error":')) errors.push(errorMessage(line));
        this.#options.onLine(name, 'stdout', line);
      });
      void exited.then((how) =>
        reject(new LocalHostError(`Host ${name} did not come up (${how}). ${errors.join(' ')}`.trimEnd())),
      );
    });
  }
}

/** What a host prints with --json when it fails. */
function errorMessage(line: string): string {
  return (JSON.parse(line) as { readonly error: { readonly message: string } }).error.message;
}
