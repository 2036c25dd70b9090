import { oneOf, SeededRandom, within } from '../random.ts';
import { aimedSpansMs, drawAim, faultsOfAim, provocation } from './aim.ts';
import { driftMax } from './clock-errors.ts';
import type { Fault, HostIndex, Mishap, MishapKind, Phase, Trigger, Victim } from './faults.ts';
import { killedRoles, mishapKinds, phases } from './faults.ts';
import type { Work } from './works.ts';
import { drawWorks, withLastWords } from './works.ts';

/** So many hosts on from where an execution is, in the order of their names; from the last one to the first. */
export interface HostsOn {
  readonly hostsOn: number;
}

/** An order to move an execution, named by its place in the scenario. */
export interface Move {
  readonly atMs: number;
  readonly work: number;
  readonly to: HostIndex | HostsOn;
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
  /** To what those count that end. */
  readonly counts: readonly [number, number];
  /** Of the runs in which executions have to do with each other and with the outside. */
  readonly dealsRatio: number;
  /** At times and in phases of chance. */
  readonly faults: readonly [number, number];
  /** Pairs of a phase and a fault that are to meet besides. */
  readonly aims: readonly [number, number];
  /** How many hosts enter its phase between two strikes of an aim, at most. */
  readonly strikeEvery: number;
  /** Mean times between two orders to move, one of which is drawn for a run. */
  readonly moveEveryMs: readonly number[];
  /** Of the orders that are never for the host where the execution is. */
  readonly onwardRatio: number;
  readonly activeMs: number;
  readonly mishaps: readonly MishapKind[];
}

export const scenarioShape: ScenarioShape = {
  hosts: [2, 4],
  works: [1, 5],
  counts: [50, 249],
  dealsRatio: 0.35,
  faults: [0, 3],
  aims: [0, 4],
  strikeEvery: 1,
  moveEveryMs: [20, 20, 20, 40, 90],
  onwardRatio: 0,
  activeMs: 1_600,
  mishaps: mishapKinds,
};

/** Longer lives of more executions, with many moves: what a run costs by itself is shared by more of them. */
export const longShape: ScenarioShape = {
  hosts: [3, 5],
  works: [5, 12],
  counts: [150, 900],
  dealsRatio: 0.35,
  faults: [0, 6],
  aims: [2, 10],
  strikeEvery: 5,
  moveEveryMs: [4, 8],
  onwardRatio: 0.8,
  activeMs: 4_000,
  mishaps: mishapKinds,
};
/** Every so many seeds one is long. The others shrink to shorter accounts. */
const longEvery = 25;

function shapeOf(seed: number): ScenarioShape {
  return seed % longEvery === 0 ? longShape : scenarioShape;
}

/** Shorter than a lease, about as long, and much longer. */
const spansMs = [20, 80, 300, 900, 1_600, 2_600] as const;
/** Between a phase's entry and the fault that waited for it. */
const afterwardsMs = [0, 0, 0, 0, 0, 0, 0.3, 5, 200, 600] as const;
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

/** Draws a scenario. The same seed and shape give the same one. */
export function drawScenario(seed: number, shape: ScenarioShape = shapeOf(seed)): Scenario {
  const random = new SeededRandom(seed);
  const hosts = within(random, shape.hosts);
  const aims = Array.from({ length: within(random, shape.aims) }, () => drawAim(random, shape.mishaps));
  const works = withLastWords(seed, drawWorks(random, hosts, shape, aims));
  const moves: Move[] = [];
  const moveEveryMs = oneOf(random, shape.moveEveryMs);
  for (let atMs = 0; ;) {
    atMs += random.next() * 2 * moveEveryMs;
    if (atMs >= shape.activeMs) break;
    moves.push({
      atMs: Math.round(atMs),
      work: random.below(works.length),
      to: drawTarget(random, hosts, shape),
    });
  }
  const faults = Array.from({ length: within(random, shape.faults) }, () => {
    const trigger = drawTrigger(random, shape.activeMs);
    const mishap = drawMishap(random, oneOf(random, shape.mishaps), hosts, trigger);
    const { kind } = trigger;
    const before = kind === 'phase' ? provocation(random, trigger.phase, 1 + random.below(3)) : [];
    return [...before, { trigger, mishap }];
  }).flat();
  const aimed = aims.flatMap((aim) =>
    faultsOfAim(
      random,
      aim,
      () => drawMishapAt(random, aim.kind, hosts, 'self', aimedSpansMs),
      shape.strikeEvery,
    ),
  );
  return { seed, hosts, works, moves, faults: [...aimed, ...faults], activeMs: shape.activeMs };
}

function drawTarget(random: SeededRandom, hosts: number, { onwardRatio }: ScenarioShape): Move['to'] {
  if (onwardRatio > 0 && random.next() < onwardRatio) return { hostsOn: 1 + random.below(hosts - 1) };
  return random.below(hosts);
}

function drawTrigger(random: SeededRandom, activeMs: number): Trigger {
  if (random.next() >= awaitedRatio) return { kind: 'time', atMs: random.below(activeMs) };
  const phase = oneOf(random, phases);
  const nth = rarePhases.has(phase) ? 1 : 1 + random.below(3);
  return { kind: 'phase', phase, nth, afterMs: oneOf(random, afterwardsMs) };
}

function drawMishap(random: SeededRandom, kind: MishapKind, hosts: number, trigger: Trigger): Mishap {
  const host: Victim = trigger.kind === 'phase' && random.next() < selfRatio ? 'self' : random.below(hosts);
  return drawMishapAt(random, kind, hosts, host, spansMs);
}

function drawMishapAt(
  random: SeededRandom,
  kind: MishapKind,
  hosts: number,
  host: Victim,
  spans: readonly number[],
): Mishap {
  const forMs = oneOf(random, spans);
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
