import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../core/assert.ts';
import { search } from '../simulator/cluster/search.ts';
import { recordOf } from '../simulator/cluster/sums.ts';
import { scriptedDrivers } from '../testing/simulated-drivers.ts';
import type { FaultRunsStart, SeedChunk } from './fault-runs.ts';

// A thread of `godwit simulate-faults`: runs the seeds that it is told, chunk by chunk, and posts what each came to.
assert(parentPort !== null, 'it runs in a worker thread');
const port = parentPort;
const { stop, stopAtFirst } = workerData as FaultRunsStart;
const isOver = (): boolean => Atomics.load(stop, 0) !== 0;

port.on('message', (seeds: SeedChunk) => {
  search({ drivers: scriptedDrivers, seeds, stopAtFirst, isOver }).then(
    (sums) => port.postMessage(recordOf(sums)),
    (error: unknown) => {
      // Reported by the thread's end, with its stack.
      setImmediate(() => {
        throw error;
      });
    },
  );
});
