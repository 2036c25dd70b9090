import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SystemDigest } from '../../src/digest.ts';
import { builtEntry } from '../../src/entries.ts';
import { compileModule, compilerVersion, refusalText } from '../../src/methods/compiler/index.ts';
import { ownInstallation, sourceFilesOnDisk } from '../../src/methods/packages/disk.ts';
import { bundle, install } from '../../src/methods/packages/index.ts';
import type { Job } from './job.ts';
import type { InstalledProgram } from './movable-lane.ts';
import { peersOf } from './peers.ts';

/** A kernel, ready to be run both ways; or what the compiler says against it. */
export type Program =
  | {
      readonly kind: 'built';
      readonly job: Omit<Job, 'n' | 'count' | 'checksum' | 'isCaptured' | 'warmUpRounds' | 'rounds'>;
    }
  | { readonly kind: 'refused'; readonly reason: string };

export type Installed =
  | { readonly kind: 'installed'; readonly program: InstalledProgram }
  | { readonly kind: 'refused'; readonly reason: string };

/** What a driver reads: the wall clock, or on a machine with other work the CPU time of the process, threads that collect or compile included. */
export type BenchClock = 'wall' | 'cpu';

const readings = {
  wall: 'performance.now()',
  cpu: '(process.cpuUsage().user + process.cpuUsage().system) / 1000',
} as const;

const digest = new SystemDigest();

/** The folder that this file's source stands in, also when it runs from elsewhere. */
const sources = new URL('bench/methods/', new URL(`file://${process.cwd()}/`));

/** Builds kernels into a folder: each as the package that a deployment makes of it, and with nothing but its types erased. */
export class Programs {
  readonly #folder: string;
  readonly #nativeThread: string;
  readonly #clock: BenchClock;
  readonly #withPeers: boolean;
  /** The program of the measuring process. */
  readonly trial: string;

  constructor(folder: string, clock: BenchClock, withPeers = false) {
    this.#folder = folder;
    this.#clock = clock;
    this.#withPeers = withPeers;
    this.#nativeThread = this.#erase(new URL('native-thread.ts', sources), 'native-thread.mjs');
    this.#erase(new URL('movable-lane.ts', sources), 'movable-lane.mjs');
    this.trial = this.#erase(new URL('trial.ts', sources), 'trial.mjs');
  }

  async build(name: string): Promise<Program> {
    const folder = join(this.#folder, name);
    mkdirSync(folder, { recursive: true });
    const kernel = readFileSync(new URL(`kernels/${name}.ts`, sources), 'utf8');
    const source = join(folder, `${name}.ts`);
    const driver = join(folder, 'drive.ts');
    writeFileSync(source, kernel);
    writeFileSync(driver, driverOf(name, /^export async function main/m.test(kernel), readings[this.#clock]));
    const installed = await this.install(name, driver);
    if (installed.kind === 'refused') return installed;
    for (const file of [source, driver]) this.#erase(pathToFileURL(file), join(name, nativeNameOf(file)));
    const native = pathToFileURL(join(folder, nativeNameOf(driver))).href;
    const nativeThread = pathToFileURL(this.#nativeThread).href;
    const peers = this.#withPeers ? await this.#peers(name) : [];
    const job = { ...installed.program, method: 'drive.ts#drive', native, nativeThread, peers };
    return { kind: 'built', job };
  }

  async #peers(name: string): Promise<Job['peers']> {
    const folder = join(this.#folder, name);
    const peers = await peersOf(readFileSync(join(folder, `${name}.mjs`), 'utf8'));
    return (peers ?? []).map((peer, index) => {
      const module = join(folder, `peer-${index}.mjs`);
      writeFileSync(module, `${peer.code}\n${peerDriver(readings[this.#clock])}`);
      return { name: peer.name, module: pathToFileURL(module).href };
    });
  }

  /** Makes a package of a file, as a deployment does, and unpacks it, as a host does. */
  async install(name: string, file: string): Promise<Installed> {
    const entry = pathToFileURL(file).href;
    const bundled = bundle(
      { name, files: [entry], entry },
      { files: sourceFilesOnDisk, digest, compile: compileModule, compilerVersion },
    );
    if (bundled.kind === 'refused') return { kind: 'refused', reason: refusalText(bundled) };
    const { hash, bytes } = bundled.package;
    const root = join(this.#folder, 'packages');
    const options = { root, digest, compilerVersion, installation: ownInstallation };
    return { kind: 'installed', program: { package: hash, folder: await install(bytes, hash, options) } };
  }

  /** Erases the types of a file, and nothing else. @returns the path of the result */
  #erase(url: URL, file: string): string {
    const outcome = compileModule(readFileSync(url, 'utf8').replace("'use movable'", "'use native'"), {
      path: file.replace(/\.mjs$/, '.ts'),
      digest,
      runtimeSpecifier: ownInstallation.runtime,
      rewriteSpecifier: (specifier) => {
        const own = /^(?:\.\.\/)+src\/(.*)\.ts$/.exec(specifier)?.[1];
        return own === undefined ? specifier.replace(/\.ts$/, '.mjs') : builtEntry(own).href;
      },
    });
    if (outcome.kind === 'refused') throw new Error(refusalText(outcome));
    const path = join(this.#folder, file);
    writeFileSync(path, outcome.code);
    return path;
  }
}

function nativeNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.ts$/, '.mjs');
}

/** What calls a kernel, the same both ways: it reads the clock inside the execution, so that starting one costs nothing here. */
function driverOf(name: string, isAsync: boolean, reading: string): string {
  const [result, start, wait] = isAsync
    ? ['Promise<{ checksum: number; elapsedMs: number }>', 'async ', 'await ']
    : ['{ checksum: number; elapsedMs: number }', '', ''];
  return `'use movable';
import { main } from './${name}.ts';
export ${start}function drive(n: number, count: number): ${result} {
  let checksum = 0;
  const startMs = ${reading};
  for (let i = 0; i < count; i++) checksum = ${wait}main(n);
  return { checksum, elapsedMs: ${reading} - startMs };
}
`;
}

/** The same for a peer, whose `main` is a generator. */
function peerDriver(reading: string): string {
  return `export function drive(n, count) {
  let checksum = 0;
  const startMs = ${reading};
  for (let i = 0; i < count; i++) {
    const stack = main(n);
    let step = stack.next();
    while (!step.done) step = stack.next();
    checksum = step.value;
  }
  return { checksum, elapsedMs: ${reading} - startMs };
}
`;
}
