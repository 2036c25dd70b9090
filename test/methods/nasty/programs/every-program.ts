'use movable';

import { main as asyncGenerators } from './async-generators.ts';
import { main as classes } from './classes.ts';
import { main as closures } from './closures-per-iteration.ts';
import { asWritten, keysAndReceivers, pendingOperands } from './compound-assignment.ts';
import { recursion, tasks } from './deep-recursion.ts';
import { main as finallyCompletion } from './finally-completion.ts';
import { accessors, callbacks, constructors, conversions } from './implicit-calls.ts';
import { main as mutatedWalks } from './mutated-walks.ts';
import { main as promiseCombinators } from './promise-combinators.ts';
import { main as runTimeClasses } from './run-time-classes.ts';

/** The programs side by side in one execution, less deep than by themselves. */
export async function main(): Promise<unknown> {
  const together = [
    finallyCompletion(),
    closures(),
    promiseCombinators(),
    asyncGenerators(),
    classes(),
    runTimeClasses(),
    asWritten(),
    keysAndReceivers(),
    pendingOperands(),
  ];
  const calls = [await accessors(), await conversions(), await callbacks(), await constructors()];
  const deep = [recursion(300), await tasks(300)];
  return [await mutatedWalks(), calls, deep, await Promise.all(together)];
}
