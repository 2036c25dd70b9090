import { oneOf, SeededRandom, within } from '../random.ts';
import type { Aim } from './aim.ts';
import type { HostIndex, Phase } from './faults.ts';
import type { Offspring } from './offspring.ts';
import type { ScenarioShape } from './scenario.ts';
import type { Deals } from './script.ts';

/** An execution of a scenario: a script that counts. */
export interface Work {
  readonly atMs: number;
  readonly on: HostIndex;
  /** Ends when it has counted so far; null never does. */
  readonly until: number | null;
  /** Size of its snapshot. */
  readonly bytes: number;
  readonly durable: boolean;
  /** Null for one that only counts. */
  readonly deals: WorkDeals | null;
}

/** What it has to do with others; its peers by their places in the scenario. See `Deals`. */
export interface WorkDeals extends Omit<Deals, 'sendTo' | 'parent'> {
  readonly sendTo: readonly number[];
}

const snapshotBytes = [100, 100, 3_000, 40_000] as const;
/** Phases that an execution goes through once: more of them, and shorter ones, go through them more often. */
const oncePhases: ReadonlySet<Phase> = new Set(['start claiming', 'result switching']);
const manyMore = 4;
const oftenCounts = [10, 69] as const;
/** Of the executions of a run with deals. */
const dealerRatio = 0.7;
const durableRatio = 0.5;
/** Of those with deals. */
const parentRatio = 0.3;
/** Of the pairs of which at least one ends. */
const lastWordRatio = 0.4;

export function drawWorks(
  random: SeededRandom,
  hosts: number,
  { works, counts, activeMs, dealsRatio }: ScenarioShape,
  aims: readonly Aim[],
): readonly Work[] {
  const isOften = aims.some(({ phase }) => oncePhases.has(phase));
  const count = within(random, works) + (isOften ? manyMore : 0);
  const drawn = Array.from({ length: count }, (): Work => {
    const isLate = random.next() < (isOften ? 0.8 : 0.3);
    const endsRatio = isOften ? 0.9 : 0.5;
    return {
      atMs: isLate ? random.below(activeMs / 2) : 0,
      on: random.below(hosts),
      until: random.next() < endsRatio ? within(random, isOften ? oftenCounts : counts) : null,
      bytes: oneOf(random, snapshotBytes),
      durable: false,
      deals: null,
    };
  });
  return random.next() < dealsRatio ? withDeals(random, drawn) : drawn;
}

/** Messages pass between those that go on; see `withLastWords` for the others. */
function withDeals(random: SeededRandom, works: readonly Work[]): readonly Work[] {
  const dealers = works.map(() => random.next() < dealerRatio);
  const peers = works.flatMap(({ until }, at) => (until === null && dealers[at] === true ? [at] : []));
  return works.map((work, at): Work => {
    if (dealers[at] !== true) return work;
    const sendTo = work.until === null ? peers.filter((peer) => peer !== at && random.next() < 0.8) : [];
    const deals: WorkDeals = {
      sendTo,
      sendEvery: sendTo.length === 0 ? 0 : 1 + random.below(4),
      effectEvery: oneOf(random, [0, 3, 7]),
      sleepEvery: oneOf(random, [0, 5]),
      sleepMs: oneOf(random, [5, 40, 150]),
      children: random.next() < parentRatio ? drawOffspring(random) : null,
    };
    return { ...work, durable: random.next() < durableRatio, deals };
  });
}

function drawOffspring(random: SeededRandom): Offspring {
  return {
    every: oneOf(random, [3, 10, 25]),
    childrenMax: within(random, [1, 3]),
    until: within(random, [5, 40]),
  };
}

/**
 * Lets those that end have messages on their way when they do, to each other and to those that go on; and those that go on
 * write to them, until the register says that they are no more. What it draws shifts nothing else.
 */
export function withLastWords(seed: number, works: readonly Work[]): readonly Work[] {
  const random = new SeededRandom(seed ^ 0x5bd1e995);
  return works.map((work, at): Work => {
    if (work.deals === null) return work;
    const more = works.flatMap((other, peer) => {
      const isOne = peer !== at && other.deals !== null && (work.until !== null || other.until !== null);
      return isOne && random.next() < lastWordRatio ? [peer] : [];
    });
    const sendEvery = work.deals.sendEvery === 0 ? 1 + random.below(3) : work.deals.sendEvery;
    if (more.length === 0) return work;
    return { ...work, deals: { ...work.deals, sendTo: [...work.deals.sendTo, ...more], sendEvery } };
  });
}
