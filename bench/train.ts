import { writeFileSync } from 'node:fs';
import { boost, type BoostingOptions } from '../src/forecasting/learned/boosting.ts';
import { emptyForest } from '../src/forecasting/learned/forest.ts';
import { layout } from '../src/forecasting/learned/layout.ts';
import type { Rows } from '../src/forecasting/learned/rows.ts';
import { encodeWeights } from '../src/forecasting/learned/weights.ts';
import { shippedWeightsFile } from '../src/models/learned.ts';
import { SeededRandom } from '../src/simulator/random.ts';
import type { Figure } from './figure.ts';
import { sources } from './train/corpus.ts';
import { readExamples } from './train/lessons.ts';

/** What the shipped weights are learned with. */
const options: BoostingOptions = {
  trees: 320,
  shrinkage: 0.1,
  rowShare: 0.5,
  quantile: 0.5,
  softness: 2,
  leavesMax: 64,
  leafRowsMin: 150,
  featureShare: 0.6,
  damping: 10,
};
const seed = 1;

/** Learns the shipped weights anew, and writes them over those in the package: the same file each time. */
export async function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  const folder = process.env['GODWIT_DATA'];
  if (folder === undefined) throw new Error('GODWIT_DATA names no folder of recorded series.');
  const startedMs = performance.now();
  const random = new SeededRandom(seed);
  const rows = readExamples(folder, random);
  const answers = new Float64Array(rows.count);
  const before = meanError(rows, answers);
  const trained = boost(rows, answers, options, random, () => {});
  const bytes = encodeWeights({ layout, trained, added: emptyForest });
  const asset = {
    notice:
      'Weights of the learned forecaster of godwit: regression trees, learned from the older 70 % of each series of the ' +
      'sources below, under licences that allow it. They contain none of the data.',
    sources,
    weights: Buffer.from(bytes).toString('base64'),
  };
  writeFileSync(shippedWeightsFile, `${JSON.stringify(asset, null, 2)}\n`);
  const figure = (name: string, value: number, unit: string): Figure => ({
    name,
    value,
    unit,
    target: null,
    met: null,
  });
  return {
    figures: [
      figure('examples', rows.count, 'rows'),
      figure("error on the examples before, as a share of the blend's", before, ''),
      figure('error on the examples after', meanError(rows, answers), ''),
      figure('trees', trained.roots.length, ''),
      figure('weights', bytes.length, 'bytes'),
      figure('time', (performance.now() - startedMs) / 1_000, 's'),
    ],
  };
}

function meanError({ count, targets, weights }: Rows, answers: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < count; row += 1) {
    sum += (weights[row] as number) * Math.abs((targets[row] as number) - (answers[row] as number));
  }
  return sum / count;
}
