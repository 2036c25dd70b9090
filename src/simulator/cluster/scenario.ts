import { SeededRandom } from '../random.ts';
import type { Fault, HostIndex, Mishap, MishapKind, Phase, Trigger, Victim } from './faults.ts';
import { killedRoles, mishapKinds, phases } from './faults.ts';

/** An execution of a scenario: a script that counts. */
export interface Work {
  readonly on: HostIndex;
  /** Ends when it has counted so far; null never does. */
  readonly until: number | null;
  /** Size of its snapshot. */
  readonly bytes: number;
}

/** An order to move an execution, named by its place in the scenario. */
export interface Move {
  readonly atMs: number;
  readonly work: number;
  readonly to: HostIndex;
}

/** Everything that happens in one run, as data: the same scenario gives the same run. */
export interface Scenario {
  readonly seed: number;
  readonly hosts: number;
  readonly works: readonly Work[];
  readonly moves: readonly Move[];
  readonly faults: readonly Fault[];
  /** How long orders and faults go on. */
  readonly activeMs: number;
}

/** Bounds of a generated scenario. */
export interface ScenarioShape {
  readonly hosts: readonly [number, number];
  readonly works: readonly [number, number];
  readonly faults: readonly [number, number];
  /** Mean time between two orders to move. */
  readonly moveEveryMs: number;
  readonly activeMs: number;
  readonly mishaps: readonly MishapKind[];
}

export const scenarioShape: ScenarioShape = {
  hosts: [2, 4],
  works: [1, 4],
  faults: [1, 5],
  moveEveryMs: 90,
  activeMs: 1_800,
  mishaps: mishapKinds,
};

/** Shorter than a lease, about as long, and much longer. */
const spansMs = [20, 80, 300, 900, 1_600, 2_600] as const;
/** Between a phase's entry and the fault that waited for it. */
const afterwardsMs = [0, 0, 0, 0, 0, 0, 0.3, 5, 200, 600] as const;
const snapshotBytes = [100, 100, 3_000, 40_000] as const;
/** A share of the faults waits for a phase: at random times most phases would hardly ever be met. */
const awaitedRatio = 0.85;
/** Of those, how many strike the host that has entered it. */
const selfRatio = 0.8;
/** Those that only a fault brings about. */
const rarePhases: ReadonlySet<Phase> = new Set([
  'source unfreezing',
  'source doubting',
  'target dropping',
  'start claiming',
  'recovery claiming',
]);
/** What clocks are allowed to differ by: docs/protocols/lease.md allows two clocks 20 % at shipped defaults. */
const driftMax = 0.1;

/** Draws a scenario. The same seed and shape give the same one. */
export function drawScenario(seed: number, shape: ScenarioShape = scenarioShape): Scenario {
  const random = new SeededRandom(seed);
  const hosts = within(random, shape.hosts);
  const works = Array.from({ length: within(random, shape.works) }, (): Work => ({
    on: random.below(hosts),
    until: random.next() < 0.5 ? null : 50 + random.below(200),
    bytes: oneOf(random, snapshotBytes),
  }));
  const moves: Move[] = [];
  for (let atMs = 0; ;) {
    atMs += random.next() * 2 * shape.moveEveryMs;
    if (atMs >= shape.activeMs) break;
    moves.push({ atMs: Math.round(atMs), work: random.below(works.length), to: random.below(hosts) });
  }
  const faults = Array.from({ length: within(random, shape.faults) }, () => {
    const trigger = drawTrigger(random, shape.activeMs);
    const mishap = drawMishap(random, oneOf(random, shape.mishaps), hosts, trigger);
    return [...provocation(random, trigger), { trigger, mishap }];
  }).flat();
  return { seed, hosts, works, moves, faults, activeMs: shape.activeMs };
}

function drawTrigger(random: SeededRandom, activeMs: number): Trigger {
  if (random.next() >= awaitedRatio) return { kind: 'time', atMs: random.below(activeMs) };
  const phase = oneOf(random, phases);
  const nth = rarePhases.has(phase) ? 1 : 1 + random.below(3);
  return { kind: 'phase', phase, nth, afterMs: oneOf(random, afterwardsMs) };
}

/** What brings a phase about that would hardly ever be entered otherwise, so that a fault may meet it. */
function provocation(random: SeededRandom, trigger: Trigger): readonly Fault[] {
  if (trigger.kind !== 'phase') return [];
  const fault = (phase: Phase, mishap: Mishap): readonly Fault[] => [
    { trigger: { kind: 'phase', phase, nth: 1 + random.below(3), afterMs: 0 }, mishap },
  ];
  switch (trigger.phase) {
    case 'source unfreezing':
      return fault('target fetching', { kind: 'stall', host: 'self', forMs: 900 });
    case 'source doubting':
      return fault('target transferred', { kind: 'stall', host: 'self', forMs: 900 });
    case 'target dropping':
      return fault('target fetching', { kind: 'stall', host: 'self', forMs: 1_600 });
    case 'recovery claiming':
    case 'recovery restoring':
      return fault('checkpoint switching', {
        kind: 'crash',
        host: 'self',
        restartMs: oneOf(random, spansMs),
      });
    default:
      return [];
  }
}

function drawMishap(random: SeededRandom, kind: MishapKind, hosts: number, trigger: Trigger): Mishap {
  const host: Victim = trigger.kind === 'phase' && random.next() < selfRatio ? 'self' : random.below(hosts);
  const forMs = oneOf(random, spansMs);
  const ratio = oneOf(random, [0.05, 0.2, 0.6]);
  switch (kind) {
    case 'crash':
      return { kind, host, restartMs: forMs };
    case 'pause':
    case 'suspend':
    case 'stall':
    case 'slow':
    case 'isolate':
    case 'cutStore':
      return { kind, host, forMs };
    case 'cut':
      return { kind, host, other: random.below(hosts), oneWay: random.next() < 0.5, forMs };
    case 'loss':
    case 'duplication':
    case 'reordering':
    case 'tornWrites':
      return { kind, ratio, forMs };
    case 'breaks':
      return { kind, ratio: ratio / 4, forMs };
    case 'latency':
      return { kind, maxMs: oneOf(random, [5, 50, 400]), forMs };
    case 'storeStall':
    case 'storeFailover':
    case 'fullDisk':
      return { kind, forMs };
    case 'clockJump':
      return { kind, host, byMs: oneOf(random, [-3_600_000, -5_000, 5_000, 3_600_000]) };
    case 'drift':
      return { kind, host, rate: 1 + (2 * random.next() - 1) * driftMax, forMs };
    case 'laneDeath':
      return { kind, host };
    case 'actorCrash':
      return { kind, host, role: oneOf(random, killedRoles) };
  }
}

/** @param range both ends included */
function within(random: SeededRandom, [least, most]: readonly [number, number]): number {
  return least + random.below(most - least + 1);
}

function oneOf<Value>(random: SeededRandom, values: readonly Value[]): Value {
  return values[random.below(values.length)] as Value;
}
