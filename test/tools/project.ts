import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtEntry } from '../../src/entries.ts';
import { root } from '../house/source-tree.ts';

/** What a command came to. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `mover.mjs` tells of a method. */
export interface Moved {
  readonly value: unknown;
  readonly stack: string;
  readonly moves: number;
  readonly pins: readonly string[];
  /** `file:line` of each place that it was seen at. */
  readonly lines: readonly string[];
}

/** A user's project: a folder of its own, with godwit and its tools as npm would have installed them. */
export class Project {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'godwit-tools-')));

  constructor(files: Readonly<Record<string, string>>) {
    const modules = join(this.folder, 'node_modules');
    const bin = join(modules, '.bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(root, join(modules, 'godwit'), 'dir');
    for (const name of ['vite', 'vitest', 'tsx', 'rollup', 'esbuild']) {
      symlinkSync(join(root, 'node_modules', name), join(modules, name), 'dir');
      const command = join(root, 'node_modules', '.bin', name);
      if (existsSync(command)) symlinkSync(realpathSync(command), join(bin, name));
    }
    const main = fileURLToPath(builtEntry('cli/main'));
    writeFileSync(join(bin, 'godwit'), `#!/bin/sh\nexec node '${main}' "$@"\n`, { mode: 0o755 });
    this.write({ 'package.json': '{ "type": "module" }', ...files });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), text);
    }
  }

  /** Runs a line as a shell would in this folder; `npx` finds what is installed here. */
  run(line: string, environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const bin = join(this.folder, 'node_modules', '.bin');
    const { VITEST: _vitest, NODE_OPTIONS: _options, ...inherited } = process.env;
    const child = spawn('sh', ['-c', line.replace(/^npx /, '')], {
      cwd: this.folder,
      env: {
        ...inherited,
        PATH: [bin, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
        GODWIT_CACHE: join(this.folder, 'cache'),
        ...environment,
      },
    });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
    }
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...texts })));
  }

  /** Runs a method of a built file on runtimes, and moves it between them. */
  async move(file: string, method: string, args: readonly number[], node = 'node'): Promise<Moved> {
    const [moved] = await this.moveAll(file, [[method, args]], node);
    return moved as Moved;
  }

  /** Runs one method after the other, in the same process. */
  async moveAll(
    file: string,
    calls: readonly (readonly [method: string, args: readonly number[]])[],
    node = 'node',
  ): Promise<readonly Moved[]> {
    const mover = fileURLToPath(new URL('./mover.mjs', import.meta.url));
    const runtime = new URL('.', builtEntry('methods/runtime/index')).href;
    const { code, stdout, stderr } = await this.run(
      `${node} '${mover}' '${runtime}' ${file} '${JSON.stringify(calls)}'`,
    );
    if (code !== 0) throw new Error(stderr + stdout);
    // What the file itself prints comes first.
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as readonly Moved[];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Other versions of Node.js that this machine has, where benches and `verify` keep them; none where it has none. */
export function otherNodes(): readonly string[] {
  const folder = process.env['GODWIT_NODES'] ?? join(homedir(), '.cache', 'godwit-nodes');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((major) => join(folder, major, 'node_modules', '.bin', 'node'))
    .filter((path) => existsSync(path));
}
