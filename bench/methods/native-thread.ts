import { parentPort, workerData } from 'node:worker_threads';
import type { Driven, Job } from './job.ts';

// The program of the thread that runs a kernel natively, or as a peer does: a thread, since a lane is one.

const { drive } = (await import(workerData as string)) as {
  drive: (n: number, count: number) => Driven | Promise<Driven>;
};

parentPort?.on('message', ({ n, count }: Job) => {
  void Promise.resolve(drive(n, count)).then((driven) => parentPort?.postMessage(driven));
});
