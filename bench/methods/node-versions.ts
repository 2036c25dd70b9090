import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface NodeBinary {
  /** As it calls itself: `v22.23.3`. */
  readonly version: string;
  readonly path: string;
}

const run = promisify(execFile);

/** Where other versions of Node.js are kept: outside of the project. */
const folder = process.env['GODWIT_NODES'] ?? join(homedir(), '.cache', 'godwit-nodes');

/**
 * @param majors as on the command line, `20,22,24`; what is not there yet is installed from the npm package `node`
 * @throws Error when a version cannot be had
 */
export async function nodeBinaries(majors: string): Promise<readonly NodeBinary[]> {
  const found: NodeBinary[] = [];
  for (const major of majors.split(',')) found.push(await nodeBinary(major.trim()));
  return found;
}

async function nodeBinary(major: string): Promise<NodeBinary> {
  if (!/^\d+$/.test(major))
    throw new Error(`--node takes major versions, such as 20,22,24; found '${major}'.`);
  if (process.versions.node.startsWith(`${major}.`))
    return { version: process.version, path: process.execPath };
  const prefix = await toolFolder(major, [`node@${major}`]);
  const path = join(prefix, 'node_modules', '.bin', 'node');
  const { stdout } = await run(path, ['--version']);
  return { version: stdout.trim(), path };
}

/** A folder outside of the project with npm packages that only benches use; they are installed the first time. */
export async function toolFolder(name: string, packages: readonly string[]): Promise<string> {
  const prefix = join(folder, name);
  if (!existsSync(join(prefix, 'node_modules'))) {
    mkdirSync(prefix, { recursive: true });
    await run('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund', ...packages]);
  }
  return prefix;
}
