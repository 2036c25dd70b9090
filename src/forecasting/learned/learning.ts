import type { Random } from '../../core/ports.ts';
import { boost, type BoostingOptions } from './boosting.ts';
import type { Learned, LearnedWeights, LearningOptions, Lesson } from './contract.ts';
import { collect } from './examples.ts';
import { addAnswers, emptyForest, joined } from './forest.ts';
import { featureCount } from './layout.ts';
import { RowCollector, type Rows } from './rows.ts';

export const defaultLearning: LearningOptions = {
  treesMax: 40,
  addedTreesMax: 120,
  shrinkage: 0.1,
  examplesMax: 40_000,
  heldBackShare: 0.25,
  gainMin: 0.01,
};

/** Fewer examples than these are not learned from, and not judged by. */
const examplesMin = 400;
const heldBackMin = 150;
/** Values before the first origin of a lesson. */
const pastMin = 24;

/** Smaller trees than the shipped ones: a cluster has less to learn from than the world. */
const growth: Omit<BoostingOptions, 'trees' | 'shrinkage'> = {
  rowShare: 0.5,
  quantile: 0.5,
  softness: 0.5,
  leavesMax: 16,
  leafRowsMin: 40,
  featureShare: 0.4,
  damping: 50,
};

/**
 * Learns on from a cluster's own history: adds trees that correct what the model says of it. The update is offered only if it
 * is better on the newest part of each series, which it did not learn from. The same for the same arguments and chance.
 *
 * @param random picks the examples, and what each tree sees of them
 */
export function learn(
  weights: LearnedWeights,
  lessons: readonly Lesson[],
  options: LearningOptions,
  random: Random,
): Learned {
  const { known, heldBack } = split(lessons, options, random);
  if (known.count < examplesMin || heldBack.count < heldBackMin) {
    return { kind: 'kept', reason: 'tooLittleHistory' };
  }
  const isFull = weights.added.roots.length + options.treesMax > options.addedTreesMax;
  const base: LearnedWeights = isFull ? { ...weights, added: emptyForest } : weights;
  const trees = Math.min(options.treesMax, options.addedTreesMax);
  const more = boost(
    known,
    answersOf(base, known),
    { ...growth, trees, shrinkage: options.shrinkage },
    random,
    () => {},
  );
  const updated: LearnedWeights = { ...base, added: joined(base.added, more) };
  const errorBefore = errorOf(weights, heldBack);
  const errorAfter = errorOf(updated, heldBack);
  return errorAfter <= (1 - options.gainMin) * errorBefore
    ? { kind: 'learned', weights: updated, errorBefore, errorAfter }
    : { kind: 'kept', reason: 'noGain', errorBefore, errorAfter };
}

/** Each series is cut in time: what is learned from lies before what judges. */
function split(
  lessons: readonly Lesson[],
  { examplesMax, heldBackShare }: LearningOptions,
  random: Random,
): { readonly known: Rows; readonly heldBack: Rows } {
  const known = new RowCollector(featureCount, examplesMax);
  const heldBack = new RowCollector(featureCount, Math.ceil(examplesMax * heldBackShare));
  for (const lesson of lessons) {
    const end = lesson.history.values.length;
    const cut = Math.floor(end * (1 - heldBackShare));
    const each = examplesMax / lessons.length;
    collect(lesson, { pastMin, from: 0, to: cut, examplesMax: each }, known, random);
    collect(lesson, { pastMin, from: cut, to: end, examplesMax: each * heldBackShare }, heldBack, random);
  }
  return { known: known.rows(), heldBack: heldBack.rows() };
}

function answersOf({ trained, added }: LearnedWeights, { count, width, features }: Rows): Float64Array {
  const answers = new Float64Array(count);
  addAnswers(trained, features, width, answers);
  addAnswers(added, features, width, answers);
  return answers;
}

/** Mean absolute error, as a share of the error of the plain forecasts' blend. */
function errorOf(weights: LearnedWeights, rows: Rows): number {
  const answers = answersOf(weights, rows);
  let sum = 0;
  for (let row = 0; row < rows.count; row += 1) {
    sum += (rows.weights[row] as number) * Math.abs((rows.targets[row] as number) - (answers[row] as number));
  }
  return sum / rows.count;
}
