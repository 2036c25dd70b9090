import { parentPort, workerData } from 'node:worker_threads';
import type { Driven, Job } from './job.ts';

// The program of the thread that runs a kernel natively: a thread, since a lane is one.

const { native } = workerData as Job;
const { drive } = (await import(native)) as { drive: (n: number, count: number) => Driven | Promise<Driven> };

parentPort?.on('message', ({ n, count }: Job) => {
  void Promise.resolve(drive(n, count)).then((driven) => parentPort?.postMessage(driven));
});
