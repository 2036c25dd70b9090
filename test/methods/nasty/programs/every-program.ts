'use movable';

import { main as asyncGenerators } from './async-generators.ts';
import { main as classes } from './classes.ts';
import { main as closures } from './closures-per-iteration.ts';
import { main as compoundAssignment } from './compound-assignment.ts';
import { recursion, tasks } from './deep-recursion.ts';
import { main as finallyCompletion } from './finally-completion.ts';
import { main as implicitCalls } from './implicit-calls.ts';
import { main as mutatedWalks } from './mutated-walks.ts';
import { main as promiseCombinators } from './promise-combinators.ts';
import { main as runTimeClasses } from './run-time-classes.ts';

/** All programs side by side in one execution, less deep than by themselves. */
export async function main(): Promise<unknown> {
  const together = [
    finallyCompletion(),
    closures(),
    promiseCombinators(),
    asyncGenerators(),
    classes(),
    runTimeClasses(),
  ];
  const first = [await compoundAssignment(), await mutatedWalks(), await implicitCalls()];
  const deep = [recursion(300), await tasks(300)];
  return [first, deep, await Promise.all(together)];
}
