import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { toolFolder } from '../methods/node-versions.ts';

/** Of the peer: no part of the project, installed beside the other tools of benches. */
const version = '5.3.0';

/** DBOS in a process of its own, on a database of its own. */
export class Dbos {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #ended: Promise<null>;

  private constructor(child: ChildProcess, lines: Interface) {
    this.#process = child;
    this.#lines = lines;
    this.#ended = once(child, 'exit').then(() => null);
  }

  /** @param url of a database that it makes if it is not there */
  static async start(url: string): Promise<Dbos> {
    const tools = await toolFolder(`dbos-${version}`, [`@dbos-inc/dbos-sdk@${version}`]);
    const program = new URL('bench/durability/dbos-program.mjs', `${pathToFileURL(process.cwd()).href}/`);
    const child = spawn(process.execPath, [fileURLToPath(program), tools], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, DBOS_BENCH_URL: url },
    });
    const lines = createInterface({ input: child.stdout });
    const dbos = new Dbos(child, lines);
    await dbos.#answer();
    return dbos;
  }

  /** @returns how long each of `count` steps of one workflow took, in milliseconds */
  async steps(count: number): Promise<readonly number[]> {
    this.#process.stdin?.write(`${count}\n`);
    return JSON.parse(await this.#answer()) as readonly number[];
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.stdin?.end();
    await this.#ended;
  }

  async #answer(): Promise<string> {
    const line = once(this.#lines, 'line').then(([text]) => text as string);
    const answer = await Promise.race([line, this.#ended]);
    if (answer === null) throw new Error('DBOS ended before it answered.');
    return answer;
  }
}
