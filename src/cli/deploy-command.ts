import { readFileSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { Command } from 'commander';
import type { DeployedPackage } from '../cluster-packages.ts';
import { NotFoundError } from '../cluster-errors.ts';
import { SystemClock } from '../clock.ts';
import { GodwitError } from '../core/errors.ts';
import { makeKey } from '../methods/packages/index.ts';
import type { StoreOption } from './options.ts';
import { jsonOption, storeOption, withCluster } from './options.ts';
import { bytesText, countText, table } from './table.ts';
import { columnsOf } from './terminal.ts';

interface Flags extends StoreOption {
  readonly json: boolean;
}

interface DeployFlags extends Flags {
  readonly name?: string;
  readonly sign?: string;
}

/** A file that stands already is not overwritten. */
export class KeyFileExistsError extends GodwitError {
  override readonly name = 'KeyFileExistsError';
  readonly code = 'KEY_FILE_EXISTS';
  readonly retryable = false;

  constructor(file: string) {
    super(
      `${file} exists already, and a lost key cannot be made again. Name another file, or remove it first.`,
    );
  }
}

const hashCharacters = 12;

/** The commands that bring packages to a cluster, list them, take them away, and make keys to sign them. */
export function addDeployCommands(program: Command): void {
  const command = (nameAndArgs: string, description: string, example: string): Command =>
    program
      .command(nameAndArgs)
      .description(description)
      .addOption(jsonOption())
      .addHelpText('after', `\nExample:\n  ${example}`);

  command(
    'deploy <folder|file>',
    'make one package of a folder or file, and put it into the cluster',
    'godwit deploy ./simulation --sign key.pem',
  )
    .option('--name <name>', "what to call it; else what package.json says, or the file's name")
    .option('--sign <keyfile>', 'sign it with this private key: see `godwit keygen`')
    .addOption(storeOption())
    .action(deploy);
  command('packages', 'list the packages that were deployed', 'godwit packages --json')
    .addOption(storeOption())
    .action(packages);
  command('undeploy <name|hash>', 'take a package away again', 'godwit undeploy census')
    .option('--force', 'while executions run it, too: those go on', false)
    .addOption(storeOption())
    .action(undeploy);
  command(
    'keygen [file]',
    'make a key that signs packages; the file takes the private half',
    'godwit keygen key.pem',
  ).action(keygen);
}

async function deploy(path: string, flags: DeployFlags): Promise<void> {
  const privatePem = flags.sign === undefined ? null : keyOf(flags.sign);
  const row = await withCluster(flags, (cluster) =>
    cluster.packages.deploy(path, {
      name: flags.name ?? null,
      privatePem,
      by: `${userInfo().username}@${hostname()}`,
      nowMs: new SystemClock().wallMs(),
    }),
  );
  if (flags.json) return console.log(JSON.stringify(row));
  const { name, hash, methods, sizeBytes, signedBy } = row;
  const signed = signedBy === '' ? 'not signed' : `signed by ${signedBy}`;
  console.log(
    `${name} ${hash.slice(0, hashCharacters)}: ${countText(methods.length, 'method')}, ${bytesText(sizeBytes)}, ${signed}.`,
  );
  for (const { id } of methods) console.log(`  ${id}`);
}

async function packages(flags: Flags): Promise<void> {
  const found = await withCluster(flags, (cluster) => cluster.packages.list());
  if (flags.json) return console.log(JSON.stringify(found));
  const titles = ['NAME', 'HASH', 'METHODS', 'SIZE', 'EXECS', 'HOSTS', 'SIGNED', 'DEPLOYED', 'BY'];
  console.log(table(titles, found.map(packageRow), columnsOf(process.stdout)));
  if (found.length === 0) console.error('No package is deployed. `godwit deploy DIR` does it.');
}

function packageRow(pack: DeployedPackage): readonly string[] {
  const { name, hash, methods, sizeBytes, executions, hosts, signedBy, deployedAtMs, by } = pack;
  return [
    name,
    hash.slice(0, hashCharacters),
    methods.map(({ id }) => id.slice(id.lastIndexOf('#') + 1)).join(' '),
    bytesText(sizeBytes),
    String(executions.length),
    hosts.join(' '),
    signedBy === '' ? 'no' : 'yes',
    new Date(deployedAtMs).toISOString().slice(0, 16).replace('T', ' '),
    by,
  ];
}

async function undeploy(text: string, flags: Flags & { readonly force: boolean }): Promise<void> {
  const { name, hash, executions } = await withCluster(flags, (cluster) =>
    cluster.packages.undeploy(text, flags.force),
  );
  if (flags.json) return console.log(JSON.stringify({ name, hash, executions }));
  const short = hash.slice(0, hashCharacters);
  console.log(`${name === '' ? 'Package' : name} (${short}) is taken away.`);
  if (executions.length > 0) {
    console.log(
      `${countText(executions.length, 'execution')} of it go on, and can still move and be recovered: its bytes stay in the store. \`godwit undeploy ${short}\` takes those away once they have ended.`,
    );
  }
}

function keygen(file: string | undefined, flags: { readonly json: boolean }): void {
  const { privatePem, publicKey } = makeKey();
  if (file !== undefined) writeKey(file, privatePem);
  if (flags.json) {
    return console.log(JSON.stringify(file === undefined ? { publicKey, privatePem } : { publicKey, file }));
  }
  if (file === undefined) process.stdout.write(privatePem);
  console.log(publicKey);
  console.error(`Hosts trust it with --set 'packages.trustedKeys=["${publicKey}"]'.`);
}

function writeKey(file: string, privatePem: string): void {
  try {
    writeFileSync(file, privatePem, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new KeyFileExistsError(file);
    throw error;
  }
}

function keyOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new NotFoundError(`There is no key file ${file}. \`godwit keygen ${file}\` makes one.`, { cause });
  }
}
