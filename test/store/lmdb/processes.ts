import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('peer.mjs', import.meta.url));

/** Another process that uses the store; see `peer.mjs`. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;
  /** Fulfilled with all lines when the process has ended, however it did. */
  readonly ended: Promise<readonly string[]>;

  constructor(args: readonly string[], launcher: readonly string[] = []) {
    const [command = process.execPath, ...rest] = [...launcher, process.execPath, program, ...args];
    this.#child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('a peer has an output');
    const reader = createInterface({ input: stdout });
    reader.on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      reader.once('close', () => {
        this.#wake();
        resolve(this.#lines);
      });
    });
  }

  /** -1 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Fulfilled when a line that starts with `beginning` has come `times` times. */
  async saw(beginning: string, times = 1): Promise<void> {
    const seen = (): number => this.#lines.filter((line) => line.startsWith(beginning)).length;
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    while (seen() < times) {
      if (over)
        throw new Error(`the peer ended before it said "${beginning}": ${this.#lines.slice(-3).join(' | ')}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }
}
