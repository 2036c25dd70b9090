import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { builtEntry } from '../../src/entries.ts';
import type { ClusterEvent } from '../../src/protocols/messages.ts';
import { LocalCluster } from '../../src/testing/local/host-processes.ts';
import { RealCluster } from '../../src/testing/local/real-cluster.ts';
import { quickLeases, scripted } from './fleet.ts';
import { Namespaces } from './namespaces.ts';

// Promises 3 and 4 of docs/semantics.md.

/** Two hosts, `r1-h1` and `r1-h2`, and the link between them. */
interface Ground {
  /** What stands before the commands of whoever uses the cluster. */
  readonly inFront: readonly string[];
  readonly store: string;
  readonly cut: () => Promise<void>;
  readonly heal: () => Promise<void>;
}

const hosts = ['r1-h1', 'r1-h2'] as const;
const settings = [...scripted, ...quickLeases];

async function ground(): Promise<Ground> {
  const namespaces = await Namespaces.open();
  if (namespaces !== null) return apart(namespaces);
  console.warn('No network namespaces may be made here: a proxy on the link lets nothing through instead.');
  const real = await RealCluster.start({ settings });
  onTestFinished(() => real.end());
  const [a, b] = hosts;
  return { inFront: [], store: real.location.url, cut: () => real.cut(a, b), heal: () => real.heal(a, b) };
}

/** Each host in a namespace of its own. The store is a folder that both see: it is not cut off. */
async function apart(namespaces: Namespaces): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-veth-'));
  const store = `lmdb:${join(folder, 'store')}`;
  const which = (host: string): 0 | 1 => (host === hosts[0] ? 0 : 1);
  const cluster = new LocalCluster({
    racks: 1,
    hostsPerRack: 2,
    store,
    cpuShare: 1,
    settings,
    environment: {},
    inFrontOf: (host) => namespaces.inside(which(host)),
    argumentsOf: (host) => ['--listen', `${namespaces.address(which(host))}:7400`],
    onLine: () => undefined,
  });
  onTestFinished(async () => {
    await cluster.stop();
    await namespaces.close();
    await rm(folder, { recursive: true, force: true });
  });
  await cluster.start();
  return {
    inFront: namespaces.inside(0),
    store,
    cut: () => namespaces.cut(),
    heal: () => namespaces.heal(),
  };
}

/** What somebody at a shell beside the first host types. */
class Shell {
  readonly #ground: Ground;
  readonly #events: ClusterEvent[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(there: Ground) {
    this.#ground = there;
    const [program, args] = this.#command(['events', '--follow', '--logs', '--json']);
    const follower = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void follower.kill());
    createInterface({ input: follower.stdout }).on('line', (line) => {
      this.#events.push(JSON.parse(line) as ClusterEvent);
      for (const look of this.#waiting) look();
    });
  }

  get events(): readonly ClusterEvent[] {
    return this.#events;
  }

  godwit(...words: readonly string[]): Promise<{ readonly code: number; readonly printed: string }> {
    const [program, args] = this.#command(words);
    return new Promise((resolve) => {
      execFile(program, args, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), printed: stdout + stderr });
      });
    });
  }

  /** The first event that fits, past or to come. */
  seen(fits: (event: ClusterEvent) => boolean): Promise<ClusterEvent> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.#events.find(fits);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  #command(words: readonly string[]): [string, string[]] {
    const { inFront, store } = this.#ground;
    const [program = '', ...rest] = [...inFront, process.execPath, builtEntry('cli/main').pathname, ...words];
    return [program, [...rest, '--store', store]];
  }
}

const fixture = fileURLToPath(new URL('fixtures/letters.ts', import.meta.url));
const count = 5_000;
const restMs = 2;

test('a link that is down costs time and nothing else', { timeout: 120_000 }, async () => {
  const there = await ground();
  const shell = new Shell(there);
  const started = await shell.godwit(
    'run',
    `${fixture}#letters`,
    `${count}`,
    `${restMs}`,
    '--on',
    hosts[0],
    '--json',
  );
  expect(started.code, started.printed).toBe(0);
  const { execution } = JSON.parse(started.printed) as { readonly execution: string };
  const { detail } = await shell.seen(
    ({ detail: one }) => one.kind === 'executionStarted' && one.method.endsWith('#mailbox'),
  );
  const child = 'tenure' in detail ? detail.tenure.execution : '';
  await shell.seen((event) => event.detail.kind === 'log');
  expect(await shell.godwit('migrate', child, hosts[1])).toMatchObject({ code: 0 });
  await shell.seen(({ host, detail: one }) => host === hosts[1] && one.kind === 'log');

  await there.cut();
  const refused = await shell.godwit('migrate', execution, hosts[1]);
  expect(refused).toMatchObject({ code: 1, printed: expect.stringContaining('did not answer') as unknown });
  await there.heal();
  const moved = await shell.godwit('migrate', execution, hosts[1]);
  expect(moved, moved.printed).toMatchObject({ code: 0 });

  const { printed } = await shell.godwit('wait', execution, '--json');
  const { value } = JSON.parse(printed) as { readonly value: readonly number[] };
  expect(value).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  const unwanted = shell.events.filter(({ detail: one }) =>
    ['recovered', 'hostFrozen', 'leaseEnded'].includes(one.kind),
  );
  expect(unwanted).toEqual([]);
});
