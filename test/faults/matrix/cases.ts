/** What is done to a host that stands at its point. */
export const strikes = ['kill', 'stop', 'cut', 'isolate', 'restart'] as const;
export type Strike = (typeof strikes)[number];

export const stores = ['lmdb', 'postgres', 'nats'] as const;
export type StoreKind = (typeof stores)[number];

/** Where somebody is held, and how he is brought there. */
export interface Place {
  readonly role: 'source' | 'target' | 'owner' | 'third' | 'seat';
  /** See docs/testing.md. */
  readonly point: string;
  /**
   * `move`: a move is asked for. `silence`: it is, and the target never answers, so that the source claims the execution back.
   * `work`: nothing, the execution runs until then. `death`: its host is killed, and the others recover. `start`: nothing at
   * all, the hosts come there by themselves.
   */
  readonly by: 'move' | 'silence' | 'work' | 'death' | 'start';
}

export interface Case extends Place {
  readonly strike: Strike;
  readonly store: StoreKind;
}

const steps = ['prepare', 'transfer', 'resume', 'commit'] as const;

/** Every place where a strike might make two copies, or none. */
export const places: readonly Place[] = [
  ...steps.map((step): Place => ({ role: 'source', point: `source:${step}`, by: 'move' })),
  ...steps.map((step): Place => ({ role: 'target', point: `target:${step}`, by: 'move' })),
  // Irrevocable writes: not sent yet, and done without anybody's knowing.
  { role: 'target', point: 'before:migration', by: 'move' },
  { role: 'target', point: 'after:migration', by: 'move' },
  { role: 'source', point: 'before:takeBack', by: 'silence' },
  { role: 'source', point: 'after:takeBack', by: 'silence' },
  { role: 'owner', point: 'before:checkpoint', by: 'work' },
  { role: 'owner', point: 'after:checkpoint', by: 'work' },
  { role: 'owner', point: 'before:settle', by: 'work' },
  { role: 'owner', point: 'after:settle', by: 'work' },
  { role: 'third', point: 'before:recovery', by: 'death' },
  { role: 'third', point: 'after:recovery', by: 'death' },
  { role: 'seat', point: 'before:seat', by: 'start' },
  { role: 'seat', point: 'after:seat', by: 'start' },
  // Whoever holds the rack's seat is struck while two others stand in the middle of a move.
  { role: 'seat', point: 'source:transfer', by: 'move' },
  { role: 'seat', point: 'target:commit', by: 'move' },
];

/** A folder has no link, so a host that is cut off from all others is not cut off from it: nothing new for `cut`. */
function isDistinct({ store, strike }: Case): boolean {
  return store !== 'lmdb' || strike !== 'isolate';
}

export function casesOf(store: StoreKind): readonly Case[] {
  return places
    .flatMap((place) => strikes.map((strike): Case => ({ ...place, strike, store })))
    .filter(isDistinct);
}

export function nameOf({ store, role, point, strike }: Case): string {
  return `${store}: ${strike} of the ${role} at ${point}`;
}

/**
 * A few of all cases: each place at most once, each strike and each store as often as it may be. Another number gives
 * others; over as many numbers as there are pairs of a strike and a store, each place meets each of them.
 */
export function sample(turn: number, count: number, kinds: readonly StoreKind[]): readonly Case[] {
  const pairs = kinds
    .flatMap((store) => strikes.map((strike) => ({ store, strike })))
    .filter((pair) => isDistinct({ ...(places[0] as Place), ...pair }));
  return Array.from({ length: Math.min(count, places.length) }, (_, index): Case => {
    // Steps that share no factor with the lengths pass through all of them.
    const place = places[(turn * count + index) % places.length] as Place;
    const pair = pairs[(turn + index * 5) % pairs.length] as (typeof pairs)[number];
    return { ...place, ...pair };
  });
}
