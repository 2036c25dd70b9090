import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll } from 'vitest';
import { builtEntry } from '../../src/entries.ts';

/** How a command ended. */
export interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program as a user runs it, in a process of its own. */
export class Program {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #lines: string[] = [];
  readonly #watchers = new Set<() => void>();
  #over = false;

  constructor(args: readonly string[], folder: string, environment: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [builtEntry('cli/main').pathname, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      createInterface({ input: this.#child[name] }).on('line', (line) => {
        texts[name] += `${line}\n`;
        this.#lines.push(line);
        this.#look();
      });
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#over = true;
        this.#look();
        resolve({ code: code ?? signal ?? 'SIGKILL', ...texts });
      });
    });
  }

  get isRunning(): boolean {
    return !this.#over;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Nobody reads its output any more. */
  closeOutput(): void {
    this.#child.stdout.destroy();
  }

  /** Resolves with the first line of its output that matches, said already or not. */
  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.#lines.find((line) => pattern.test(line));
        if (found === undefined && !this.#over) return;
        this.#watchers.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`It ended without ${String(pattern)}:\n${this.#lines.join('\n')}`));
      };
      this.#watchers.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of this.#watchers) look();
  }
}

/** A folder with files, a store, and the programs that were started there. All of them end with the test file. */
export class Desk {
  readonly folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #programs: Program[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.#environment = { GODWIT_STORE: join(folder, 'state') };
  }

  static async open(): Promise<Desk> {
    const desk = new Desk(await realpath(await mkdtemp(join(tmpdir(), 'godwit-cli-'))));
    afterAll(() => desk.#close());
    return desk;
  }

  start(...args: readonly string[]): Program {
    const program = new Program(args, this.folder, this.#environment);
    this.#programs.push(program);
    return program;
  }

  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** Runs a command with `--json` to its end. @returns its one document */
  async json<Document>(...args: readonly string[]): Promise<Document> {
    const { stdout } = await this.run(...args, '--json');
    return JSON.parse(stdout) as Document;
  }

  async #close(): Promise<void> {
    const running = this.#programs.filter((program) => program.isRunning);
    for (const program of running) program.signal('SIGTERM');
    await Promise.all(running.map((program) => program.ended));
    await rm(this.folder, { recursive: true });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
