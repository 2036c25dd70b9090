import type { SeededRandom } from '../random.ts';
import { oneOf } from '../random.ts';
import type { Fault, Mishap, MishapKind, Phase } from './faults.ts';
import { mishapKinds, phases } from './faults.ts';

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

/** Phases that are entered seldom, and so met seldom by what strikes all hosts, too. One that stands twice is seldom met. */
const seldom: readonly Phase[] = [
  'source unfreezing',
  'source unfreezing',
  'source doubting',
  'source doubting',
  'target dropping',
  'target dropping',
  'target dropping',
  'start claiming',
  'recovery claiming',
  'recovery restoring',
  'result switching',
];
const seldomRatio = 0.4;
const common: readonly Phase[] = phases.filter((phase) => !seldom.includes(phase));
/** Faults that last and touch all hosts meet most phases that are entered meanwhile; these meet one host at one instant. */
const narrow: readonly MishapKind[] = [
  'crash',
  'crash',
  'pause',
  'suspend',
  'stall',
  'isolate',
  'cutStore',
  'storeStall',
  'clockJump',
  'laneDeath',
  'actorCrash',
];

/** A pair of a phase and a fault that would seldom meet by chance. */
export function drawAim(random: SeededRandom): Aim {
  if (random.next() < seldomRatio) return { phase: oneOf(random, seldom), kind: oneOf(random, mishapKinds) };
  return { phase: oneOf(random, common), kind: oneOf(random, narrow) };
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
