import { workerData } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import type { FitAnswer, FitRequest, ForeignModelName, ForeignThreadStart } from './fit-messages.ts';
import type { ThreadReady } from './foreign-thread.ts';

type Fit = (request: FitRequest) => FitAnswer;

/** Each library is loaded with the first series that asks for it. */
const loaders: Readonly<Record<ForeignModelName, () => Promise<Fit>>> = {
  arima: async () => (await import('./arima-library.ts')).fitFixed,
  'auto-arima': async () => (await import('./arima-library.ts')).fitAutomatic,
  'auto-ets': async () => (await import('./augurs-library.ts')).fitEts,
  mstl: async () => (await import('./augurs-library.ts')).fitMstl,
  prophet: async () => (await import('./prophet-library.ts')).fitProphet,
};

// What the libraries print is for their authors.
for (const output of [process.stdout, process.stderr]) output.write = () => true;

const { port, posted } = workerData as ForeignThreadStart;
const count = new Int32Array(posted);

function post(message: FitAnswer | ThreadReady): void {
  port.postMessage(message);
  Atomics.add(count, 0, 1);
  Atomics.notify(count, 0);
}

async function answer(request: FitRequest): Promise<FitAnswer> {
  try {
    const fit = await loaders[request.model]();
    return fit(request);
  } catch (error) {
    return { kind: 'broken', reason: messageOf(error) };
  }
}

port.on('message', (request: FitRequest) => void answer(request).then(post));
post({ kind: 'ready' });
