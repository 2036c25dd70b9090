/*
 * A thread may be ended between any two of its steps when its process exits, and lmdb then leaves a write transaction that it
 * had begun as it is: the process never ends, and with it the lock that all processes write under is held for ever. So a
 * process that exits waits until its thread is outside, where it stays; a thread that waits for the lock itself cannot be
 * waited for, and then the process ends as it would by a crash, whose locks the system hands over.
 */

/** Of two words: whether the thread is inside of what must not be left half-way, and whether the process exits. */
export const exitWordsBytes = 8;
const insideAt = 0;
const leavingAt = 1;
/** A commit that is being flushed takes a few milliseconds, on a busy disk some hundred. */
const outsideMaxMs = 1_000;

let words = new Int32Array(new SharedArrayBuffer(exitWordsBytes));
let depth = 0;

/** The thread's side: from now on this process waits for `uninterrupted` before it exits. */
export function shareWith(process: SharedArrayBuffer): void {
  words = new Int32Array(process);
}

/** Runs `body` to its end, unless the process exits already: then it is never begun, and this never returns. */
export function uninterrupted<T>(body: () => T): T {
  if (depth === 0) enter();
  depth += 1;
  try {
    return body();
  } finally {
    depth -= 1;
    if (depth === 0) leave();
  }
}

function enter(): void {
  Atomics.store(words, insideAt, 1);
  // The process says that it exits before it looks whether this thread is inside, so one of the two sees the other.
  if (Atomics.load(words, leavingAt) === 0) return;
  leave();
  for (;;) Atomics.wait(words, leavingAt, 1);
}

function leave(): void {
  Atomics.store(words, insideAt, 0);
  Atomics.notify(words, insideAt);
}

/** The process's side. @returns what ends the watch, once the thread has ended */
export function watchExit(shared: SharedArrayBuffer): () => void {
  const watched = new Int32Array(shared);
  const onExit = (): void => {
    Atomics.store(watched, leavingAt, 1);
    const outcome = Atomics.wait(watched, insideAt, 1, outsideMaxMs);
    if (outcome === 'timed-out') process.kill(process.pid, 'SIGKILL');
  };
  process.on('exit', onExit);
  return () => void process.off('exit', onExit);
}
