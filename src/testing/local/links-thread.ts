import { parentPort } from 'node:worker_threads';
import { SystemClock } from '../../clock.ts';
import { assertNever } from '../../core/assert.ts';
import { messageOf } from '../../core/errors.ts';
import { SystemRandom } from '../../random.ts';
import { DatagramDoor } from './datagram-door.ts';
import { Door } from './host-door.ts';
import type { LinkAnswer, LinkOrder, NumberedOrder } from './link-orders.ts';
import { LinkRules, storeEnd } from './link-rules.ts';
import type { PassagePorts } from './stream-passage.ts';

// The links of a local cluster, on a thread of their own: what passes them must not wait for what a test computes.

const ports: PassagePorts = { rules: new LinkRules(), clock: new SystemClock(), random: new SystemRandom() };
const doors: Door[] = [];
const hosts = new Map<string, { readonly door: Door; readonly datagrams: DatagramDoor }>();
/** By the address that a host sends from. */
const names = new Map<string, string>();

async function carryOut(order: LinkOrder): Promise<readonly number[]> {
  switch (order.kind) {
    case 'openHost':
      return [await openHost(order.host)];
    case 'openStore':
      return Promise.all(order.servers.map((server) => openStore(order.host, server)));
    case 'target': {
      const host = hosts.get(order.host);
      if (host === undefined) throw new Error(`there are no links to ${order.host}`);
      names.set(order.address, order.host);
      host.door.target = order.address;
      host.datagrams.target = order.address;
      return [];
    }
    case 'rule':
      ports.rules.set(order.from, order.to, order.rule);
      return [];
    case 'break': {
      const [a, b] = order.between;
      for (const door of doors) door.breakConnections(a, b);
      return [];
    }
    default:
      return assertNever(order);
  }
}

async function openHost(host: string): Promise<number> {
  for (;;) {
    const door = new Door(host, null, ports);
    const datagrams = new DatagramDoor(host, (source) => names.get(source) ?? null, ports);
    const port = await door.open();
    try {
      await datagrams.open(port);
      doors.push(door);
      hosts.set(host, { door, datagrams });
      return port;
    } catch {
      // Somebody has that port over UDP: another one, then.
      datagrams.close();
      await door.close();
    }
  }
}

async function openStore(host: string, server: string): Promise<number> {
  const door = new Door(storeEnd, host, ports);
  door.target = server;
  doors.push(door);
  return door.open();
}

parentPort?.on('message', ({ number, order }: NumberedOrder) => {
  const answer = (found: Omit<LinkAnswer, 'number'>): void => parentPort?.postMessage({ number, ...found });
  carryOut(order).then(
    (found) => answer({ ports: found, failure: null }),
    (error: unknown) => answer({ ports: [], failure: messageOf(error) }),
  );
});
