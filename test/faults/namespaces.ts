import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Two network namespaces with one cable between them, a pair of veth devices that can be taken down. Each has an address of
 * 127.77.0.0/24 on it: loopback addresses are the only ones that links without encryption use, and here they lead to the cable. All of it is
 * gone with the processes that hold the namespaces, and those end with this one.
 */
export class Namespaces {
  readonly #holders: readonly [ChildProcess, ChildProcess];

  private constructor(holders: readonly [ChildProcess, ChildProcess]) {
    this.#holders = holders;
  }

  /** @returns null where this user may make none, or has not the tools */
  static async open(): Promise<Namespaces | null> {
    const holders = [hold(), hold()] as const;
    const held = await Promise.all(holders.map(isHeld));
    const made = new Namespaces(holders);
    if (held.every(Boolean) && (await made.#lay())) return made;
    await made.close();
    return null;
  }

  /** What stands before a command that is to run in one of them. */
  inside(which: 0 | 1): readonly string[] {
    return ['nsenter', '--net', '--target', String(this.#holders[which].pid)];
  }

  address(which: 0 | 1): string {
    return `127.77.0.${which + 1}`;
  }

  /** From now on no packet passes, and nobody is told. */
  async cut(): Promise<void> {
    await this.#in(0, 'ip link set gw0 down');
  }

  async heal(): Promise<void> {
    await this.#in(0, 'ip link set gw0 up');
  }

  async close(): Promise<void> {
    for (const holder of this.#holders) {
      if (holder.exitCode !== null || holder.pid === undefined) continue;
      const exited = once(holder, 'exit');
      holder.stdin?.end();
      await exited;
    }
  }

  async #lay(): Promise<boolean> {
    try {
      await this.#in(0, `ip link add gw0 type veth peer name gw0 netns ${this.#holders[1].pid}`);
      for (const which of [0, 1] as const)
        await this.#in(
          which,
          `set -e
          ip link set lo up
          ip address flush dev lo
          ip address add 127.0.0.1/32 dev lo
          echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
          ip address add ${this.address(which)}/24 dev gw0
          ip link set gw0 up`,
        );
      return true;
    } catch {
      return false;
    }
  }

  async #in(which: 0 | 1, script: string): Promise<void> {
    const [program = '', ...rest] = this.inside(which);
    await run(program, [...rest, 'sh', '-c', script]);
  }
}

function hold(): ChildProcess {
  return spawn('unshare', ['--net', 'sh', '-c', 'echo held; cat > /dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

function isHeld(holder: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    holder.once('error', () => resolve(false));
    holder.once('exit', () => resolve(false));
    if (holder.stdout !== null) createInterface({ input: holder.stdout }).once('line', () => resolve(true));
  });
}
