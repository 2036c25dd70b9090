import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SystemClock } from '../../src/clock.ts';
import type { Cluster } from '../../src/cluster.ts';
import { anywhere, connect } from '../../src/cluster.ts';
import type { DeployedPackage } from '../../src/cluster-packages.ts';
import type { ExecutionId } from '../../src/core/ids.ts';
import { hostName } from '../../src/core/ids.ts';
import type { ClusterEvent } from '../../src/protocols/messages.ts';
import { makeKey } from '../../src/methods/packages/index.ts';
import { SystemRandom } from '../../src/random.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import { packageKey } from '../../src/store/packages.ts';
import { Desk } from './program.ts';

// A cluster of four processes, and dozens of commands; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const desk = await Desk.open();

const waits = `import { effect, start, receive, sleep } from 'godwit';
import { existsSync } from 'node:fs';
`;

const files = {
  'fleet/package.json': '{ "name": "@work/fleet", "godwit": { "entry": "src/report.js" } }',
  'fleet/src/report.js': `'use movable';
${waits}import { double } from './lib/numbers.js';
export const affinity = { report: { near: ['lib/numbers.js#double'] } };
export async function report(value) {
  const child = start(double, [value]);
  return { twice: await child.result, asked: [...affinity.report.near] };
}
export async function hold(until) {
  while (!(await effect('look', {}, () => existsSync(until)))) await sleep(20);
  return 'held';
}
`,
  'fleet/src/lib/numbers.js': `'use movable';
export function double(value) { return 2 * value; }
`,
  'fleet/src/plain.js': `export const other = 1;\n`,
  'fleet/node_modules/x/index.js': `'use movable';\nclass NotMine {}\n`,
  'placed/placed.js': `'use movable';
${waits}export const affinity = {
  trained: { labels: ['gpu'] },
  nowhere: { labels: ['quantum'] },
  alone: { apart: ['alone'] },
};
export async function trained(until) { return alone(until); }
export async function nowhere() { return 'nowhere'; }
export async function alone(until) {
  while (!(await effect('look', {}, () => existsSync(until)))) await sleep(20);
}
`,
};

interface Key {
  readonly publicKey: string;
}

const file = (name: string): string => join(desk.folder, name);
const cluster = {} as { -readonly [Key in 'is']: Cluster };
let trustedPem = '';
let otherPem = '';

const weak = 'weak';

beforeAll(async () => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(file(path)), { recursive: true });
    await writeFile(file(path), text);
  }
  const trusted = await desk.json<Key>('keygen', 'trusted.pem');
  otherPem = makeKey().privatePem;
  trustedPem = await readFile(file('trusted.pem'), 'utf8');
  const settings = ['affinity.enabled=false', 'lease.termMs=1500', 'lease.marginMs=300', 'lease.renewMs=300'];
  const strict = ['packages.signing=required', `packages.trustedKeys=["${trusted.publicKey}"]`];
  const set = (all: readonly string[]) => all.flatMap((one) => ['--set', one]);
  const host = async (name: string, ...more: readonly string[]) =>
    desk.start('host', '--name', name, ...set(settings), ...more, '--json').line(/./);
  await Promise.all([
    host('plain'),
    host(weak),
    host('strict', '--rack', 'r2', '--label', 'gpu', ...set(strict)),
  ]);
  cluster.is = await connect({ url: `lmdb:${file('state')}`, folder: file('state') });
});
afterAll(async () => {
  // Whatever failed before, the hosts are to be ended.
  if ('is' in cluster) await cluster.is.close();
});

const deploy = (path: string, name: string | null = null, privatePem: string | null = null) =>
  cluster.is.packages.deploy(file(path), { name, privatePem, by: 'a test', nowMs: 1_000 });

async function run(what: string, args: readonly unknown[], on: string | null = null): Promise<ExecutionId> {
  const [name = '', method = ''] = what.split('#');
  const pack = await cluster.is.packages.open(name);
  return cluster.is.start(pack, method, args, { on: on === null ? null : hostName(on), affinity: anywhere });
}

async function hostOf(execution: ExecutionId): Promise<string | undefined> {
  return (await cluster.is.executions()).find((one) => one.execution === execution)?.host;
}

const migrate = (execution: ExecutionId, target: string) =>
  cluster.is.migrate(execution, hostName(target), {
    by: 'operator',
    term: null,
    text: '',
    scores: {},
    decision: '',
  });

test('a folder becomes one package, is listed, and its methods start by its name', async () => {
  const row = await desk.json<DeployedPackage>('deploy', 'fleet');
  expect(row).toMatchObject({ name: 'fleet', entry: 'report.js', signedBy: '' });
  expect(row.methods).toEqual([
    { id: 'lib/numbers.js#double', affinity: null, starts: [] },
    { id: 'report.js#hold', affinity: null, starts: [] },
    {
      id: 'report.js#report',
      affinity: { labels: [], racks: [], near: ['lib/numbers.js#double'], apart: [], data: [] },
      starts: ['lib/numbers.js#double'],
    },
  ]);
  const [report, unknown, listed] = await Promise.all([
    desk.json<{ readonly value: unknown }>('run', 'fleet#report', '21', '--wait'),
    desk.run('run', 'flet#report', '21'),
    desk.run('packages'),
  ]);
  expect(report.value).toEqual({ twice: 42, asked: ['lib/numbers.js#double'] });
  expect(unknown).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("There is no package 'flet'. Deployed are: fleet."),
  });
  expect(listed.stdout).toMatch(/^fleet +[0-9a-f]{12} +double hold report/m);
  expect(await cluster.is.outcome(await run(`${row.hash.slice(0, 10)}#double`, [4]))).toBe(8);
});

test('a package is not taken away under an execution, unless somebody insists; what runs goes on', async () => {
  await deploy('fleet', 'kept');
  const until = file('let-go');
  const execution = await run('kept#hold', [until], 'plain');
  const refused = await desk.run('undeploy', 'kept');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(execution) });
  const [kept] = (await cluster.is.packages.list()).filter(({ name }) => name === 'kept');
  expect(kept).toMatchObject({ executions: [execution], hosts: ['plain'], by: 'a test' });

  const forced = await desk.run('undeploy', 'kept', '--force');
  expect(forced.stdout).toContain('1 execution of it go on, and can still move and be recovered');
  await expect(cluster.is.packages.open('kept')).rejects.toThrow("There is no package 'kept'");
  // To a host that never had it.
  await migrate(execution, weak);
  await writeFile(until, '');
  expect(await cluster.is.outcome(execution)).toBe('held');
  // What was left for it can be taken away now, and only once.
  const left = (kept?.hash ?? '').slice(0, 12);
  expect(await cluster.is.packages.undeploy(left, false)).toEqual({
    name: '',
    hash: kept?.hash,
    executions: [],
  });
  await expect(cluster.is.packages.undeploy(left, false)).rejects.toThrow('There is no package');

  const again = await deploy('fleet', 'kept');
  expect(await cluster.is.packages.undeploy('kept', false)).toMatchObject({ executions: [] });
  await expect(cluster.is.packages.open(again.hash)).rejects.toThrow('There is no package');
});

test('methods start where their author says, or not at all', async () => {
  const { signedBy } = await deploy('placed', null, trustedPem);
  expect(signedBy).toMatch(/^ed25519:/);
  const until = file('alone-no-more');
  const trained = await run('placed#trained', [until]);
  expect(await hostOf(trained)).toBe('strict');
  await expect(run('placed#nowhere', [])).rejects.toThrow('the labels quantum');

  const alone = [
    await run('placed#alone', [until]),
    await run('placed#alone', [until]),
    await run('placed#alone', [until]),
  ];
  const hosts = await Promise.all(alone.map(hostOf));
  expect(hosts.toSorted((a = '', b = '') => (a < b ? -1 : 1))).toEqual(['plain', 'strict', weak]);
  await expect(run('placed#alone', [until])).rejects.toThrow('no execution of placed.js#alone on its host');
  await writeFile(until, '');
  await Promise.all([trained, ...alone].map((execution) => cluster.is.outcome(execution)));
});

test('a host that requires signatures neither starts, takes in nor recovers what nobody it trusts has signed', async () => {
  const until = file('signed');
  await deploy('fleet');
  await expect(run('fleet#hold', [until], 'strict')).rejects.toThrow(
    /it is not signed, .* Sign it with `godwit deploy … --sign KEYFILE`/,
  );
  const held = await Promise.all(Array.from({ length: 5 }, () => run('fleet#hold', [until], weak)));
  const execution = held[0] as ExecutionId;
  await vi.waitFor(async () => {
    const running = (await cluster.is.executions()).filter(({ phase }) => phase === 'running');
    expect(running.map((one) => one.execution)).toEqual(expect.arrayContaining(held));
  }, 20_000);
  await expect(migrate(execution, 'strict')).rejects.toThrow('it is not signed');
  expect(await hostOf(execution)).toBe(weak);

  await deploy('fleet', null, otherPem);
  await expect(migrate(execution, 'strict')).rejects.toThrow(
    /signed by ed25519:\S+, which this host does not trust/,
  );

  const recovered = new Map<ExecutionId, string>();
  const all = new Promise<void>((resolve) => {
    cluster.is.follow(
      ({ detail, host }: ClusterEvent) => {
        if (detail.kind === 'recovered') recovered.set(detail.tenure.execution, host);
        if (recovered.size === held.length) resolve();
      },
      { logs: false },
    );
  });
  const [dead] = (await cluster.is.hosts()).filter(({ identity }) => identity.name === weak);
  process.kill(dead?.pid ?? 0, 'SIGKILL');
  await all;
  expect([...new Set(recovered.values())]).toEqual(['plain']);

  await deploy('fleet', null, trustedPem);
  await migrate(execution, 'strict');
  expect(await hostOf(execution)).toBe('strict');
  await writeFile(until, '');
  expect(await Promise.all(held.map((one) => cluster.is.outcome(one)))).toEqual(held.map(() => 'held'));
});

test('a package whose bytes were changed in the store is refused by its hash', async () => {
  await writeFile(file('five.js'), `'use movable';\nexport function five() { return 5; }\n`);
  const { hash } = await deploy('five.js');
  const pack = await cluster.is.packages.open('five');
  const store = await openStore(
    `lmdb:${file('state')}`,
    storeOptions({ clock: new SystemClock(), random: new SystemRandom() }),
  );
  const bytes = (await store.vault.get(packageKey(hash))) ?? new Uint8Array();
  bytes.set(new TextEncoder().encode('return 6'), new TextDecoder().decode(bytes).indexOf('return 5'));
  await store.vault.delete(packageKey(hash));
  await store.vault.put(packageKey(hash), bytes);
  await store.close();
  const damaged = `Package ${hash} is damaged: its hash is`;
  await expect(cluster.is.packages.open('five')).rejects.toThrow(damaged);
  // Whoever starts it has good bytes of their own: the host looks for itself.
  const options = { on: hostName('plain'), affinity: anywhere };
  await expect(cluster.is.start(pack, 'five', [], options)).rejects.toThrow(damaged);
});

test('keys are private to their owner, and never overwritten', async () => {
  expect((await stat(file('trusted.pem'))).mode & 0o777).toBe(0o600);
  const [again, noKey] = await Promise.all([
    desk.run('keygen', 'trusted.pem'),
    desk.run('deploy', 'fleet', '--sign', 'absent.pem'),
  ]);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('exists already') });
  expect(noKey.stderr).toContain('There is no key file absent.pem');
  await expect(deploy('fleet', null, 'no key')).rejects.toThrow('no private key in PEM');
  expect(await readFile(file('trusted.pem'), 'utf8')).toBe(trustedPem);
});
