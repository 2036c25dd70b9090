import { anywhere } from '../../../src/placement/original-affinity.ts';
import { executionId, hostName, incarnationId, migrationId, snapshotDigest } from '../../../src/core/ids.ts';
import type { IncarnationId, SnapshotDigest } from '../../../src/core/ids.ts';
import { codeId, epoch, generation, methodId, nonce, packageHash } from '../../../src/core/ids.ts';
import type { MigrationMessage } from '../../../src/protocols/migration/messages.ts';
import type { OwnershipEvent } from '../../../src/protocols/ownership/ownership.ts';
import type { RegisterRow } from '../../../src/protocols/ownership/register.ts';
import { Interner } from './interner.ts';
import { Machine } from './machines.ts';
import type { Steps } from './machines.ts';

/** A copy of the execution in a host's lane. */
export interface LaneCopy {
  readonly epoch: number;
  readonly generation: number;
  /** How many acts it has behind it. */
  readonly acts: number;
  readonly running: boolean;
  /** `migration/digest` while it is another host's state, else empty. */
  readonly received: string;
}

/** A call that the store may still perform. `ghost`: its caller knows nothing of it any more. */
export type OpenCall =
  | { readonly kind: 'read'; readonly stage: 'sent' }
  | {
      readonly kind: 'swap';
      readonly stage: 'sent' | 'ghost';
      readonly token: string;
      readonly expected: number;
      readonly row: number;
    };
/** A call that the store has performed, and whose answer is under way. */
export type ClosedCall =
  | { readonly kind: 'read'; readonly stage: 'answered'; readonly row: number }
  | { readonly kind: 'swap'; readonly stage: 'done' | 'refused'; readonly token: string };
export type StoreCall = OpenCall | ClosedCall;

export function isOpen(call: StoreCall): call is OpenCall {
  return call.stage === 'sent' || call.stage === 'ghost';
}

/** How much may go wrong, and how much may happen. Everything within these bounds is explored. */
export interface Bounds {
  readonly crashes: number;
  /** New incarnations under the name of a dead one. */
  readonly reboots: number;
  /** Leases that run out while their holder lives (a stopped process, a partition from the store). */
  readonly expiries: number;
  /** Restarts of one actor, also in the middle of its effects, and failures of a migration's supervisor. */
  readonly restarts: number;
  readonly losses: number;
  readonly duplicates: number;
  /** Store calls whose caller does not learn what became of them. */
  readonly ambiguities: number;
  readonly laneDeaths: number;
  readonly cancels: number;
  readonly migrations: number;
  readonly acts: number;
  readonly checkpoints: number;
  /** Messages under way at once; further ones are lost. */
  readonly messages: number;
  /** Whether time may pass between a read and its answer, so that others get ahead of it. */
  readonly slowReads: boolean;
  /** Whether time may pass before a lane's answer is heard, so that other events get ahead of it. */
  readonly slowLanes: boolean;
}

// Where each fact stands in a world's numbers.
export const hosts = [0, 1, 2] as const;
export const field = {
  up: 0,
  incarnation: 1,
  expired: 2,
  ownership: 3,
  ownershipSaved: 4,
  source: 5,
  sourceSaved: 6,
  target: 7,
  targetSaved: 8,
  lane: 9,
  calls: 10,
  ended: 11,
  replies: 12,
} as const;
const hostSize = 13;
const first = hosts.length * hostSize;
export const shared = {
  row: first,
  network: first + 1,
  witness: first + 2,
  resumes: first + 3,
  violation: first + 4,
  left: first + 5,
} as const;
export const bounded = [
  'crashes',
  'reboots',
  'expiries',
  'restarts',
  'losses',
  'duplicates',
  'ambiguities',
  'laneDeaths',
  'cancels',
  'migrations',
  'acts',
  'checkpoints',
] as const;
export type Bounded = (typeof bounded)[number];

export type Numbers = number[];

export function at(host: number, name: keyof typeof field): number {
  return host * hostSize + field[name];
}

export function left(name: Bounded): number {
  return shared.left + bounded.indexOf(name);
}

export const execution = executionId('x');
const names = 'strq';

export function incarnationOf(host: number, count: number): IncarnationId {
  return incarnationId(`${names[host] ?? '?'}.${count}`);
}

export function placeOf(incarnation: IncarnationId): { readonly host: number; readonly count: number } {
  return { host: names.indexOf(incarnation[0] ?? '?'), count: Number(incarnation.slice(2)) };
}

/** What a state digests to: which generation it belongs to, and how many acts it has behind it. */
export function digestOf(copy: LaneCopy): SnapshotDigest {
  return snapshotDigest(`g${copy.generation}a${copy.acts}`);
}

export function actsOf(digest: string): number {
  return Number(digest.slice(digest.lastIndexOf('a') + 1));
}

export const cargo = {
  method: { package: packageHash('p'), method: methodId('m') },
  codeIds: [codeId('c')],
  estimatedBytes: 1,
  strategy: 'stopAndCopy',
} as const;

export function migrationNamed(name: string) {
  return migrationId(name);
}

/** The tables that number everything which a world consists of. */
export class Tables {
  readonly ownership;
  readonly source;
  readonly target;
  readonly rows = new Interner<RegisterRow>();
  readonly lanes = new Interner<LaneCopy>(
    (copy) => `${copy.epoch} ${copy.generation} ${copy.acts} ${copy.running} ${copy.received}`,
  );
  readonly calls = new Interner<StoreCall>((call) => Object.values(call).join('|'));
  /** What a lane has to say, oldest first. */
  readonly replies = new Interner<readonly OwnershipEvent[]>();
  /** Sets of call numbers, sorted. */
  readonly callSets = new Interner<readonly StoreCall[]>((calls) =>
    calls.map((call) => this.calls.id(call)).join(),
  );
  readonly messages = new Interner<MigrationMessage>();
  /** Sets of message numbers, sorted. */
  readonly networks = new Interner<readonly number[]>((ids) => ids.join());
  readonly texts = new Interner<string>();
  /** What the outside has seen: generation and number of acts. */
  readonly witnesses = new Interner<{ readonly generation: number; readonly acts: number }>();

  constructor(steps: Steps) {
    this.ownership = new Machine(steps.ownership);
    this.source = new Machine(steps.source);
    this.target = new Machine(steps.target);
  }
}

export function encode(world: Numbers): string {
  return String.fromCharCode(...world);
}

export function decode(state: string): Numbers {
  const world: Numbers = [];
  for (let index = 0; index < state.length; index += 1) world.push(state.charCodeAt(index));
  return world;
}

/** The first host owns the running execution; the others know nothing of it. */
export function firstWorld(tables: Tables, bounds: Bounds): Numbers {
  const world: Numbers = Array.from({ length: shared.left + bounded.length }, () => 0);
  const none = tables.callSets.id([]);
  for (const host of hosts) {
    world[at(host, 'up')] = 1;
    world[at(host, 'incarnation')] = 1;
    world[at(host, 'calls')] = none;
    world[at(host, 'replies')] = tables.replies.id([]);
    const self = incarnationOf(host, 1);
    const ownership = tables.ownership.states.id({ execution, self, phase: 'absent', pointer: null });
    world[at(host, 'ownership')] = ownership;
    world[at(host, 'ownershipSaved')] = ownership;
  }
  const tenure = { execution, epoch: epoch(1), generation: generation(1) };
  const owner = incarnationOf(0, 1);
  const running = tables.ownership.states.id({
    execution,
    self: owner,
    phase: 'running',
    tenure,
    arrival: null,
    change: null,
  });
  world[at(0, 'ownership')] = running;
  world[at(0, 'ownershipSaved')] = running;
  world[at(0, 'lane')] = tables.lanes.id({ epoch: 1, generation: 1, acts: 0, running: true, received: '' });
  world[shared.row] = tables.rows.id({
    execution,
    method: cargo.method,
    deployment: {
      durable: false,
      deathsMax: 9,
      host: hostName('s'),
      affinity: anywhere,
    },
    parent: null,
    owner,
    epoch: tenure.epoch,
    generation: tenure.generation,
    nonce: nonce('first'),
    recovery: { kind: 'arguments', vaultKey: 'arguments' },
    deaths: 0,
    standing: { phase: 'live' },
  });
  world[shared.network] = tables.networks.id([]);
  world[shared.witness] = tables.witnesses.id({ generation: 1, acts: 0 });
  world[shared.resumes] = tables.texts.id('');
  for (const name of bounded) world[left(name)] = bounds[name];
  return world;
}
