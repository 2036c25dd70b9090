import { pathToFileURL } from 'node:url';
import { epoch, executionId, generation, incarnationId, methodId, packageHash } from '../../src/core/ids.ts';
import { SystemDigest } from '../../src/digest.ts';
import { createRuntime, decodeResult, encodeArgs } from '../../src/methods/runtime/index.ts';
import type { InstalledProgram } from '../methods/movable-lane.ts';
import type { Seen } from './stack.ts';

/** Milliseconds, of each preemption. */
export interface Parts {
  /** From the tick that gives way until the runtime has the activations as data: stack walk, unwinding, saving. */
  readonly captures: readonly number[];
  /** From the next step until the innermost activation goes on. */
  readonly resumes: readonly number[];
  /** Until the outermost has its result, through the activations in between. */
  readonly returns: readonly number[];
}

const preemptEachMs = 2;

/** The program has no effects, timers or messages. */
const quietPorts = {
  mayAct: () => true,
  after: () => () => undefined,
  wake: () => undefined,
  chance: () => 0,
};

/** Preempts a method in this thread, without a lane around it, and looks at the clock in between. */
export async function measureParts(program: InstalledProgram, rounds: number, depth: number): Promise<Parts> {
  await import(pathToFileURL(`${program.folder}/stack.ts.mjs`).href);
  let lastMs = performance.now();
  let asked = 0;
  const captures: number[] = [];
  let result: readonly Seen[] | null = null;
  const runtime = createRuntime({
    incarnation: incarnationId('bench.1'),
    digest: new SystemDigest(),
    buffer: Buffer,
    monotonicMs: () => {
      const nowMs = performance.now();
      // The first look at the clock after a tick that gave way is the end of its slice.
      if (asked > 0) captures.push(nowMs - asked);
      asked = 0;
      return nowMs;
    },
    attention: () => {
      const nowMs = performance.now();
      const gives = nowMs - lastMs > preemptEachMs;
      if (gives) asked = nowMs;
      return gives;
    },
    ...quietPorts,
    emit: (event) => {
      if (event.kind === 'settled') result = decodeResult(event.settlement.value) as readonly Seen[];
    },
  });
  const hash = packageHash(program.package);
  runtime.install(hash, pathToFileURL(`${program.folder}/`).href);
  const tenure = { execution: executionId('x-1'), epoch: epoch(1), generation: generation(1) };
  runtime.start(
    tenure,
    { package: hash, method: methodId('stack.ts#main') },
    encodeArgs([rounds, depth, preemptEachMs - 0.2]),
  );
  runtime.run(tenure);
  const steps: number[] = [];
  for (let seen = taken(); seen === null; seen = taken()) {
    lastMs = performance.now();
    steps.push(lastMs);
    runtime.step();
  }
  const all = (taken() ?? []).flatMap((seen) => {
    // Something else may have taken the thread away from it.
    const step = steps.find((atMs) => atMs > seen.beforeMs && atMs < seen.afterMs);
    return step === undefined ? [] : [{ ...seen, step }];
  });
  return {
    captures,
    resumes: all.map(({ afterMs, step }) => afterMs - step),
    returns: all.map(({ afterMs, returnedMs }) => returnedMs - afterMs),
  };

  function taken(): readonly Seen[] | null {
    return result;
  }
}
