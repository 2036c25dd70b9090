import { hostOf } from '../../../src/core/ids.ts';
import type { ExecutionId } from '../../../src/core/ids.ts';
import type { Work } from '../fleet.ts';
import { Fleet, quickLeases, scripted } from '../fleet.ts';
import type { Case } from './cases.ts';

/** Hosts at work, one of which stands at the point of the case. */
export interface Scene {
  readonly fleet: Fleet;
  readonly work: readonly Work[];
  readonly struck: string;
  /** The other end of the link that `cut` cuts. */
  readonly counterpart: string;
  /** All hosts that live. */
  readonly alive: readonly string[];
}

const hosts = ['r1-h1', 'r1-h2', 'r1-h3'] as const;
export const rackSeat = 'rack/r1';
/** Long enough that what runs meets the strike, and that a copy which must not run beside it would show. */
const moverActs = 400;
const bystanderActs = 150;
const rounds = 20_000;
const restMs = 12;
/** Acts after which it is in the middle of its work. */
const underWay = 20;

/** @param url null for a folder of the cluster's own */
export function openFleet(one: Case, url: string | null): Promise<Fleet> {
  const holdAt = (point: string) => ({ GODWIT_HOLD_AT: point });
  const points: Record<string, Record<string, string>> = Object.fromEntries(
    hosts.map((host) => [host, holdAt(one.point)]),
  );
  // It takes the state, and does not claim it.
  if (one.by === 'silence') points[hosts[1]] = holdAt('target:resume');
  return Fleet.open({
    racks: 1,
    hostsPerRack: hosts.length,
    settings: [...scripted, ...quickLeases],
    environment: points,
    links: true,
    ...(url === null ? {} : { store: url }),
  });
}

/** Resolves when somebody stands at the case's point. */
export async function bringAbout(one: Case, fleet: Fleet): Promise<Scene> {
  switch (one.by) {
    case 'move':
    case 'silence':
      return moving(one, fleet);
    case 'work':
      return working(one, fleet);
    case 'death':
      return dying(one, fleet);
    default:
      return starting(one, fleet);
  }
}

async function startWork(fleet: Fleet, on: string, beside: string): Promise<readonly [Work, Work]> {
  const [mover] = await fleet.startWork(on, [moverActs], rounds, restMs);
  const [bystander] = await fleet.startWork(beside, [bystanderActs], rounds, restMs);
  if (mover === undefined || bystander === undefined) throw new Error('there is work');
  return [mover, bystander];
}

/** @param of the row that it is about; null for whatever comes first */
async function held(fleet: Fleet, point: string, of: ExecutionId | string | null): Promise<string> {
  const { event } = await fleet.event(
    'held',
    (found) => found.point === point && (of === null || found.subject === of),
  );
  return event.host;
}

async function moving(one: Case, fleet: Fleet): Promise<Scene> {
  const holder = one.role === 'seat' ? await seatHolder(fleet) : null;
  const [source = '', target = ''] = hosts.filter((host) => host !== holder);
  const work = await startWork(fleet, source, target);
  await fleet.acted(work[0].execution, underWay);
  // How the move ends is its own business: the execution is what is judged.
  const { host } = await fleet.moveUntilHeld(work[0].execution, target, one.point);
  const struck = holder ?? host;
  return {
    fleet,
    work,
    struck,
    counterpart: struck === source ? target : source,
    alive: hosts,
  };
}

async function working(one: Case, fleet: Fleet): Promise<Scene> {
  const work = await startWork(fleet, hosts[0], hosts[1]);
  const struck = await held(fleet, one.point, work[0].execution);
  return { fleet, work, struck, counterpart: hosts[1], alive: hosts };
}

async function dying(one: Case, fleet: Fleet): Promise<Scene> {
  const work = await startWork(fleet, hosts[0], hosts[1]);
  await fleet.acted(work[0].execution, underWay);
  await fleet.real.kill(hosts[0]);
  const struck = await held(fleet, one.point, work[0].execution);
  const alive = hosts.slice(1);
  return { fleet, work, struck, counterpart: alive.find((host) => host !== struck) ?? '', alive };
}

async function starting(one: Case, fleet: Fleet): Promise<Scene> {
  const struck = await held(fleet, one.point, rackSeat);
  const [counterpart = ''] = hosts.filter((host) => host !== struck);
  const work = await startWork(fleet, struck, counterpart);
  await fleet.acted(work[0].execution, underWay);
  return { fleet, work, struck, counterpart, alive: hosts };
}

async function seatHolder(fleet: Fleet): Promise<string> {
  return hostOf((await fleet.seat(rackSeat, ({ standing }) => standing === 'held')).holder);
}
