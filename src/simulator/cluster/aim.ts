import type { SeededRandom } from '../random.ts';
import { oneOf } from '../random.ts';
import type { Fault, Mishap, MishapKind, Phase } from './faults.ts';
import { mishapKinds } from './faults.ts';

/** A fault that is to meet hosts in one phase: at random times most pairs would hardly ever meet. */
export interface Aim {
  readonly phase: Phase;
  readonly kind: MishapKind;
}

/** Those after which a host, or what it owns, is gone for the length of a lease: fewer of them leave more to strike at. */
const grave: ReadonlySet<MishapKind> = new Set(['crash', 'isolate', 'suspend', 'pause', 'cutStore']);
const strikesMax = 6;
const graveStrikesMax = 4;
/** How long a strike lasts at most, in an aim: the next one is to find the host at work again. */
export const aimedSpansMs = [20, 20, 80, 300] as const;
/** What is lost of one exchange, and no more. */
const oneLossMs = 30;

/** How often aims go for them: the more often, the more seldom chance brings them together. Measured over 20,000 moves. */
type Weights<Name extends string> = readonly (readonly [Name, number])[];

/** Phases that are entered seldom, and so met seldom by what strikes all hosts, too. */
const seldomPhases: Weights<Phase> = [
  ['source unfreezing', 4.5],
  ['source doubting', 3],
  ['target dropping', 6],
  ['start claiming', 1.3],
  ['recovery claiming', 2],
  ['recovery restoring', 2],
  ['result switching', 4],
];
const seldomRatio = 0.5;
const commonPhases: Weights<Phase> = [
  ['source preparing', 0.5],
  ['source freezing', 2],
  ['source transferring', 0.5],
  ['source releasing', 2],
  ['source resuming', 0.8],
  ['source confirming', 1],
  ['source committing', 1.2],
  ['target admitting', 1.5],
  ['target prepared', 0.6],
  ['target fetching', 1.5],
  ['target rebuilding', 1.5],
  ['target transferred', 0.4],
  ['target claiming', 1.2],
  ['target resumed', 0.4],
  ['copy retained', 0.8],
  ['checkpoint switching', 1],
];
/** Faults that last and touch all hosts meet most phases that are entered meanwhile; these meet one host at one instant. */
const narrowFaults: Weights<MishapKind> = [
  ['crash', 2.2],
  ['pause', 1.5],
  ['suspend', 2],
  ['stall', 1.2],
  ['isolate', 1.5],
  ['cutStore', 1],
  ['storeStall', 0.5],
  ['storeFailover', 0.5],
  ['clockJump', 1.5],
  ['laneDeath', 1.4],
  ['actorCrash', 1.4],
];
const narrowRatio = 0.5;

function weighted<Name extends string>(random: SeededRandom, weights: Weights<Name>): Name {
  let left = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of weights) {
    left -= weight;
    if (left < 0) return name;
  }
  return oneOf(random, weights)[0];
}

/**
 * A pair of a phase and a fault that would seldom meet by chance.
 *
 * @param kinds that may strike
 */
export function drawAim(random: SeededRandom, kinds: readonly MishapKind[]): Aim {
  const { phase, kind } = drawPair(random);
  return { phase, kind: kinds.includes(kind) ? kind : oneOf(random, kinds) };
}

function drawPair(random: SeededRandom): Aim {
  if (random.next() >= seldomRatio)
    return { phase: weighted(random, commonPhases), kind: weighted(random, narrowFaults) };
  const kind = random.next() < narrowRatio ? weighted(random, narrowFaults) : oneOf(random, mishapKinds);
  return { phase: weighted(random, seldomPhases), kind };
}

/**
 * The faults of an aim: what brings its phase about where only a fault does, and strikes at the first hosts that enter it.
 *
 * @param drawMishap a fault of the aim's kind that strikes the host that has entered the phase
 * @param everyNth how many hosts enter the phase between two strikes, at most
 */
export function faultsOfAim(
  random: SeededRandom,
  { phase, kind }: Aim,
  drawMishap: () => Mishap,
  everyNth: number,
): readonly Fault[] {
  const strikes = 1 + random.below(grave.has(kind) ? graveStrikesMax : strikesMax);
  const faults: Fault[] = [];
  for (let strike = 1, nth = 1; strike <= strikes; strike += 1) {
    const provoked = provocation(random, phase, nth);
    faults.push(...provoked);
    const afterMs = random.next() < 0.8 ? 0 : 0.3;
    const trigger = { kind: 'phase', phase, nth: provoked.length > 0 ? strike : nth, afterMs } as const;
    faults.push({ trigger, mishap: drawMishap() });
    nth += 1 + random.below(everyNth);
  }
  return faults;
}

/** What brings a phase about that would hardly ever be entered otherwise. */
export function provocation(random: SeededRandom, phase: Phase, nth: number): readonly Fault[] {
  const at = (entered: Phase, mishap: Mishap): Fault => ({
    trigger: { kind: 'phase', phase: entered, nth, afterMs: 0 },
    mishap,
  });
  const lostAt = (entered: Phase): Fault => at(entered, { kind: 'loss', ratio: 1, forMs: oneLossMs });
  switch (phase) {
    case 'source unfreezing':
      // The target's answer to the transfer is lost, or comes late.
      return random.next() < 0.7
        ? [lostAt('target rebuilding')]
        : [at('target fetching', { kind: 'stall', host: 'self', forMs: 900 })];
    case 'source doubting':
      // `resume` is lost; or its answer is, or comes late.
      return [
        oneOf(random, [
          lostAt('source releasing'),
          lostAt('target claiming'),
          at('target transferred', { kind: 'stall', host: 'self', forMs: 500 }),
        ]),
      ];
    case 'target dropping':
      // `resume` is lost, and the source takes the execution back.
      return random.next() < 0.8
        ? [lostAt('source releasing')]
        : [at('target fetching', { kind: 'stall', host: 'self', forMs: 1_600 })];
    case 'recovery claiming':
    case 'recovery restoring':
      return [
        random.next() < 0.7
          ? at('checkpoint switching', { kind: 'laneDeath', host: 'self' })
          : at('checkpoint switching', { kind: 'crash', host: 'self', restartMs: 80 }),
      ];
    default:
      return [];
  }
}
