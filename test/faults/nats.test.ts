import { describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import { configure } from '../../src/config.ts';
import { findNatsServer, NatsCluster } from '../store/nats/cluster.ts';
import type { NatsNode } from '../store/nats/cluster.ts';
import { clock, random } from '../store/ports.ts';
import { acts, asJudged, Fleet, flawless, scripted } from './fleet.ts';

const binary = await findNatsServer();

/** As `godwit host` has it on these servers without a setting. */
const leaseTermMs = configure({ name: 'h1', rack: 'r1' }, 'nats://127.0.0.1:4222').lease.termMs;
/** So that the work lasts longer than the servers need to elect another leader. */
const longRounds = 4_000_000;

/** Writes to the store all the time. */
class Probe {
  /** When writes were done, in monotonic milliseconds. */
  readonly #doneAtMs: number[] = [];
  readonly #running: Promise<void>;
  #isStopped = false;
  #isLost = false;
  #wake: () => void = () => undefined;

  constructor(url: string) {
    this.#running = this.#run(url);
  }

  /** Resolves when a write was done that began after this call. */
  async done(): Promise<void> {
    const fromMs = performance.now();
    while ((this.#doneAtMs.at(-1) ?? 0) <= fromMs) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The longest time without a write, since the first one. */
  get stallMs(): number {
    return Math.max(...this.#doneAtMs.map((atMs, index) => atMs - (this.#doneAtMs[index - 1] ?? atMs)));
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#running;
  }

  async #run(url: string): Promise<void> {
    let store = await this.#open(url);
    while (!this.#isStopped) {
      try {
        const known = await store.registry.get('probe');
        const beganMs = performance.now();
        const answer = await store.registry.cas('probe', known?.revision ?? 'absent', new Uint8Array([1]));
        if (answer.kind === 'done') this.#doneAtMs.push(beganMs);
        this.#wake();
      } catch {
        // That is what it is for. A session that has ended refuses at once, and is opened again, as hosts do.
        await turn();
        if (!this.#isLost) continue;
        await store.close();
        store = await this.#open(url);
      }
    }
    await store.close();
  }

  async #open(url: string): Promise<Store> {
    this.#isLost = false;
    const options = { ...storeOptions({ clock, random }), callTimeoutMs: 10_000 };
    for (;;) {
      try {
        const store = await openStore(url, options);
        void store.lost.then((reason) => {
          this.#isLost = true;
          console.log(`the probe's session has ended: ${reason}`);
        });
        return store;
      } catch (error) {
        if (this.#isStopped) throw error;
        await turn();
      }
    }
  }
}

/** Whatever else waits in this thread comes first. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function leader(servers: NatsCluster, name: string): Promise<NatsNode> {
  const found = await servers.leaderOf(name);
  if (found === null) throw new Error(`nobody leads ${name}`);
  return servers.node(found);
}

/** What the hosts themselves said. */
function report(fleet: Fleet, what: string, stallMs: number): { freezes: number; takeovers: number } {
  const count = (kind: string): number => fleet.events.filter(({ detail }) => detail.kind === kind).length;
  const told = {
    freezes: count('hostFrozen'),
    takeovers: count('leaseEnded') + count('recovered'),
  };
  console.log(
    `${what}: lease term ${leaseTermMs} ms, stall ${Math.round(stallMs)} ms, freezes ${told.freezes}, takeovers ${told.takeovers}`,
  );
  return told;
}

async function strike(
  context: TestContext,
  name: string,
  how: (node: NatsNode) => Promise<() => Promise<void>>,
) {
  // Servers of its own: what has been through an election may not be fit for another one.
  const servers = await NatsCluster.start(binary ?? '');
  context.onTestFinished(() => servers.dispose());
  const url = servers.url(name);
  const fleet = await Fleet.start(context, {
    racks: 1,
    hostsPerRack: 2,
    settings: scripted,
    environment: {},
    store: url,
  });
  const work = [
    ...(await fleet.startWork('r1-h1', [acts.few], longRounds)),
    ...(await fleet.startWork('r1-h2', [acts.few], longRounds)),
  ];
  for (const { execution } of work) await fleet.acted(execution, 5);
  const probe = new Probe(url);
  context.onTestFinished(() => probe.stop());
  await probe.done();
  const mend = await how(await leader(servers, name));
  await probe.done();
  await mend();
  await probe.done();
  expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
  return report(fleet, name, probe.stallMs);
}

describe.skipIf(binary === null)("the leader of the registry's stream goes away under load", () => {
  test(
    'killed, and started again: nobody takes over, and nothing is lost or doubled',
    { timeout: 120_000 },
    async (context) => {
      const { takeovers } = await strike(context, 'killed', async (node) => {
        await node.kill();
        return () => node.start();
      });
      expect(takeovers).toBe(0);
    },
  );

  test('stopped, deposed, and back: it is believed no more', { timeout: 120_000 }, async (context) => {
    const { takeovers } = await strike(context, 'stopped', (node) => {
      node.signal('SIGSTOP');
      return Promise.resolve(() => {
        node.signal('SIGCONT');
        return Promise.resolve();
      });
    });
    expect(takeovers).toBe(0);
  });
});
