import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../core/errors.ts';
import { NodeVersionError } from './errors.ts';

const run = promisify(execFile);

/** Where other versions of Node.js are kept: a folder of the user's cache. */
function cacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? '';
  return join(cache === '' ? join(homedir(), '.cache') : cache, 'godwit-nodes');
}

/**
 * The program of a version of Node.js: this one's, or one from npm's package `node`, which is fetched once.
 *
 * @param version `22`, or `22.11.0`
 * @throws {NodeVersionError} when it cannot be had
 */
export async function nodeOfVersion(version: string): Promise<string> {
  if (!/^\d+(?:\.\d+){0,2}$/.test(version)) {
    throw new NodeVersionError(`'${version}' is no version of Node.js. Write --node 22, or --node 22.11.0.`);
  }
  if (`${process.versions.node}.`.startsWith(`${version}.`)) return process.execPath;
  const folder = join(cacheFolder(), version);
  const found = binaryIn(folder) ?? (await install(version, folder));
  const { stdout } = await run(found, ['--version']);
  if (`${stdout.trim()}.`.startsWith(`v${version}.`)) return found;
  throw new NodeVersionError(
    `${found} is Node.js ${stdout.trim()}, expected ${version}. Delete ${folder}, and try again.`,
  );
}

async function install(version: string, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  try {
    await run('npm', [
      'install',
      '--prefix',
      folder,
      '--no-audit',
      '--no-fund',
      '--no-save',
      `node@${version}`,
    ]);
  } catch (error) {
    throw new NodeVersionError(
      `Node.js ${version} cannot be fetched as npm's package node@${version}: ${messageOf(error).slice(0, 500)}`,
    );
  }
  const found = binaryIn(folder);
  if (found !== null) return found;
  throw new NodeVersionError(`npm's package node@${version} has brought no program into ${folder}.`);
}

/** Its install script copies or links the program; where scripts do not run, the platform's package has it. */
function binaryIn(folder: string): string | null {
  const packages = join(folder, 'node_modules');
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const places = [
    join(packages, 'node', 'bin'),
    join(packages, platform, 'bin'),
    join(packages, 'node', 'node_modules', platform, 'bin'),
  ];
  return places.map((place) => join(place, `node${suffix}`)).find((file) => existsSync(file)) ?? null;
}
