import { isMainThread } from 'node:worker_threads';

// Loaded into a host: its own thread stands still for 200 ms of every second, while its lanes run.
const stallMs = 200;
const everyMs = 1_000;

if (isMainThread) {
  const word = new Int32Array(new SharedArrayBuffer(4));
  setInterval(() => Atomics.wait(word, 0, 0, stallMs), everyMs).unref();
}
