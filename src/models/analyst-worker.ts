import { parentPort, workerData } from 'node:worker_threads';
import { assertNever } from '../core/assert.ts';
import { SystemClock } from '../clock.ts';
import { ownModels } from '../forecasting/pool.ts';
import { SystemRandom } from '../random.ts';
import { Allowance } from './analyst-allowance.ts';
import { AnalystDesk, deskBoundsDefault } from './analyst-desk.ts';
import { Learner } from './analyst-learner.ts';
import type { AnalystAnswer, AnalystRequest, AnalystStart } from './analyst-messages.ts';
import { lightModels } from './analyst-pools.ts';
import { openForeignModels } from './foreign-models.ts';
import { shippedWeights } from './learned.ts';

// The program of the analyst's thread.

/** Share of this thread's time that dear models may take, and what they may save up. */
const dearShare = 0.1;
const dearSavedMsMax = 10_000;
/** A fit blocks this thread: one that takes longer is given up. */
const dearFitMsMax = 2_000;
/** Series that are learned from at a time: some two seconds. */
const lessonsMax = 200;

const clock = new SystemClock();
const learner = new Learner(shippedWeights(), new SystemRandom());
const { weights } = workerData as AnalystStart;
// It was learned or taken before: what cannot be read has been reported then.
if (weights !== null) learner.teach(weights);
const desk = new AnalystDesk({
  full: [...ownModels, learner.model],
  light: lightModels,
  dear: openForeignModels({ fitMsMax: dearFitMsMax }).models,
  allowance: new Allowance(dearShare, dearSavedMsMax, () => clock.monotonicMs()),
  bounds: deskBoundsDefault,
});

function answer(request: AnalystRequest): AnalystAnswer {
  const { id } = request;
  switch (request.kind) {
    case 'forecast':
      return { kind: 'forecast', id, answers: desk.forecast(request.asks, request.horizon, request.levels) };
    case 'learn':
      return { kind: 'learn', id, learning: learner.learn(desk.lessons(lessonsMax)) };
    case 'teach':
      return { kind: 'teach', id, teaching: learner.teach(request.weights) };
    default:
      return assertNever(request);
  }
}

parentPort?.on('message', (request: AnalystRequest) => parentPort?.postMessage(answer(request)));
