import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';

/** One exported function of a program: `args` is all that it is called with. */
export interface Scene {
  readonly program: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

const scenesOf: Readonly<Record<string, readonly string[]>> = {
  'compound-assignment': ['asWritten', 'keysAndReceivers', 'patterns', 'pendingOperands'],
  'finally-completion': ['cancelled', 'overridden', 'jumps', 'synchronous'],
  'closures-per-iteration': ['everyClause', 'sharedPairs', 'kindsOfBindings', 'deadZones', 'halfWay'],
  'mutated-walks': ['mapWalk', 'nestedWalks', 'heldIterators', 'listWalks', 'forInWalk', 'ownIterators'],
  'implicit-calls': ['accessors', 'conversions', 'traps', 'callbacks', 'constructors'],
  'deep-recursion': ['recursion', 'tasks'],
  'promise-combinators': ['shared', 'corners', 'chains', 'deferred', 'timers'],
  'async-generators': ['queued', 'walks', 'delegated', 'members'],
  classes: ['privates', 'boundAndNamed', 'builtins'],
  'run-time-classes': ['madeAtRunTime'],
  'home-objects': ['homeObjects'],
  'promise-subclasses': ['subclass'],
};

const argsOf: Readonly<Record<string, readonly unknown[]>> = { recursion: [40], tasks: [20] };

export const programs: readonly string[] = Object.keys(scenesOf);

export const scenes: readonly Scene[] = programs.flatMap((program) =>
  (scenesOf[program] ?? []).map((name) => ({ program, name, args: argsOf[name] ?? [] })),
);

/** The source of a program. */
export function sourceOf(program: string): string {
  return readFileSync(new URL(`programs/${program}.ts`, import.meta.url), 'utf8');
}

/** What a scene came to, as a text that tells apart what differs: -0, holes, classes, what is the same object. */
export function textOf(value: unknown): string {
  const options = { depth: null, maxArrayLength: null, maxStringLength: null, compact: 1, breakLength: 110 };
  return `${inspect(value, options)}\n`;
}

/** Where the result of a scene is recorded, as plain Node.js gave it. */
export function recordOf({ program, name }: Scene): string {
  return `recorded/${program}/${name}.txt`;
}
