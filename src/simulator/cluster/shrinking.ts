import type { Fault } from './faults.ts';
import type { Move, Scenario } from './scenario.ts';
import type { Work } from './works.ts';

/** Runs that a shrinking may take. */
const runsMax = 600;
/** Shortest that a scenario goes on after the last thing that happens in it. */
const tailMs = 100;

/**
 * Looks for the smallest scenario that still fails: fewer faults, fewer orders, fewer executions, fewer hosts, shorter.
 *
 * @param fails whether a scenario fails as the first one does
 * @returns one of which every smaller variant that was tried passes
 */
export async function shrink(
  scenario: Scenario,
  fails: (smaller: Scenario) => Promise<boolean>,
): Promise<Scenario> {
  let least = scenario;
  let runs = 0;
  for (let found = true; found && runs < runsMax;) {
    found = false;
    for (const smaller of variants(least)) {
      runs += 1;
      if (runs > runsMax) break;
      if (!(await fails(smaller))) continue;
      least = smaller;
      found = true;
      break;
    }
  }
  return least;
}

/** Smaller scenarios, the smallest first. */
function* variants(scenario: Scenario): Generator<Scenario> {
  const { faults, moves, works, hosts, activeMs } = scenario;
  for (const some of without(moves)) yield { ...scenario, moves: some };
  for (const some of without(faults)) yield { ...scenario, faults: some };
  for (let at = works.length - 1; at >= 0 && works.length > 1; at -= 1) yield withoutWork(scenario, at);
  for (const [at, { deals }] of works.entries()) {
    if (deals !== null) yield { ...scenario, works: withoutDeals(works, at) };
  }
  if (hosts > 2 && !isNeeded(scenario, hosts - 1)) yield { ...scenario, hosts: hosts - 1 };
  const lastMs = Math.max(0, ...moves.map(({ atMs }) => atMs), ...faults.map(timeOf));
  for (const shorterMs of [lastMs + tailMs, activeMs / 2, activeMs * 0.9]) {
    if (shorterMs < activeMs * 0.95) yield { ...scenario, activeMs: Math.round(shorterMs) };
  }
  for (const [at, fault] of faults.entries()) {
    for (const shorter of shortened(fault)) yield { ...scenario, faults: faults.with(at, shorter) };
  }
}

/** Lists with a half, a quarter, … and at last with a single item left out. */
function* without<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let size = items.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < items.length; at += size) yield [...items.slice(0, at), ...items.slice(at + size)];
  }
}

function withoutWork(scenario: Scenario, at: number): Scenario {
  const moves = scenario.moves.flatMap((move): readonly Move[] => {
    if (move.work === at) return [];
    return [move.work > at ? { ...move, work: move.work - 1 } : move];
  });
  const works = withoutDeals(scenario.works, at).toSpliced(at, 1);
  const peers = works.map(({ deals, ...work }): Work => {
    if (deals === null) return { ...work, deals };
    return {
      ...work,
      deals: { ...deals, sendTo: deals.sendTo.map((peer) => (peer > at ? peer - 1 : peer)) },
    };
  });
  return { ...scenario, moves, works: peers };
}

/** One only counts, and nobody writes to it any more. */
function withoutDeals(works: readonly Work[], at: number): readonly Work[] {
  return works.map(({ deals, ...work }, place): Work => {
    if (deals === null || place === at) return { ...work, durable: false, deals: null };
    return { ...work, deals: { ...deals, sendTo: deals.sendTo.filter((peer) => peer !== at) } };
  });
}

function isNeeded({ works, moves, faults }: Scenario, host: number): boolean {
  return (
    works.some(({ on }) => on === host) ||
    moves.some(({ to }) => to === host) ||
    faults.some(
      ({ mishap }) =>
        ('host' in mishap && mishap.host === host) || (mishap.kind === 'cut' && mishap.other === host),
    )
  );
}

function timeOf({ trigger }: Fault): number {
  return trigger.kind === 'time' ? trigger.atMs : 0;
}

function shortened(fault: Fault): readonly Fault[] {
  const { mishap } = fault;
  if (!('forMs' in mishap) || mishap.forMs < 40) return [];
  return [{ ...fault, mishap: { ...mishap, forMs: Math.round(mishap.forMs / 2) } }];
}
