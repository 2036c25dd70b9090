import type { Gate } from '../../../src/methods/runtime/gate.ts';
import { $, Cursor } from './parts.ts';

/** A fault of the compiler, planted on purpose. */
export type Fault =
  /** Generated code that is wrong. Every line stays where it is. */
  | { readonly kind: 'code'; readonly name: string; readonly change: (code: string) => string }
  /** A step that generated code takes, gone wrong. */
  | { readonly kind: 'step'; readonly name: string; readonly plant: () => () => void };

const code = (name: string, pattern: RegExp, replacement: string): Fault => ({
  kind: 'code',
  name,
  change: (text) => text.replace(pattern, replacement),
});

/** Replaces a method of an object that all generated code goes through. */
function step<O extends object, K extends keyof O & string>(
  name: string,
  owner: O,
  key: K,
  replace: (original: O[K]) => O[K],
): Fault {
  return {
    kind: 'step',
    name,
    plant: () => {
      const before = Object.getOwnPropertyDescriptor(owner, key);
      const original = owner[key];
      Object.defineProperty(owner, key, { value: replace(original), configurable: true, writable: true });
      return () => {
        if (before === undefined) Reflect.deleteProperty(owner, key);
        else Object.defineProperty(owner, key, before);
      };
    },
  };
}

type Save = Gate['save'];
type Walk = (typeof Cursor)['prototype'];
const saving =
  (vars: (vars: readonly unknown[], pc: number) => readonly unknown[]) =>
  (original: Save): Save =>
    function (this: Gate, method, pc, saved, task, made) {
      return original.call(this, method, pc, vars(saved, pc), task, made);
    };

const boxCopy =
  '.map((it) => it !== null && typeof it === "object" && Object.keys(it).join() === "v" ? { v: it.v } : it)';

/** Each is what a compiler of this kind gets wrong when nobody looks. */
export const faults: readonly Fault[] = [
  // What is saved and restored.
  step(
    'a variable is not saved',
    $,
    'save',
    saving((vars, pc) => vars.with(pc % vars.length || 0, undefined)),
  ),
  step(
    "two variables are saved in each other's place",
    $,
    'save',
    saving(([a, b, ...rest]) => [b, a, ...rest]),
  ),
  code('an awaiting frame lacks its last variable', /(\.wait\([^\n]*), [\w$]+\]/g, '$1, void 0]'),
  code('an operand that waits is not restored', /^\$\d+ = \$f\d*\.vars\[\d+\];$/gm, ''),
  code("two variables are restored from each other's place", /\.vars\[([01])\];/g, '.vars[1 - $1];'),
  // Where it goes on.
  code('it goes on one site too early', /^(\$pc\d*) = ([2-9]);$/gm, '$1 = $2 - 1;'),
  code(
    'an operand is evaluated again',
    /^if \(\$q\d* === 0\) \{\n(\$\d+ = [^\n]+\n\}\n)/gm,
    'if (true) {\n$1',
  ),
  code('an operand is read after the wait', /^\(([\w.$]+) = \$\d+ ([-+*^|&]) /gm, '($1 = $1 $2 '),
  // What a call brings back.
  step(
    'a call brings back nothing',
    $,
    'take',
    (original) =>
      function (this: Gate) {
        original.call(this);
      } as Gate['take'],
  ),
  step(
    'an error comes back as a value',
    $,
    'take',
    (original) =>
      function (this: Gate) {
        try {
          return original.call(this);
        } catch (error) {
          return error;
        }
      },
  ),
  // Exceptions and their ends.
  code('a catch of the program takes the capture', /^if \(\$e\d* === \$\d*\.capture\) throw \$e\d*;$/gm, ''),
  code('a finally forgets the error that waits', /^if \(\$\d+ === 1\) \{\nthrow \$\d+;\n\}$/gm, '\n\n'),
  code('a finally forgets the jump that waits', /^if \(\$\d+ === 2\) \{\n[^\n]+\n\}$/gm, '\n\n'),
  // Closures.
  code('a box that functions share is copied', /(return \$\d*\.p\([^\n]+\])\)/g, `$1${boxCopy})`),
  code('a turn of a loop uses the box of the one before', /^([\w$]+) = \{ v: \1\.v \};$/gm, ''),
  code('captured values change places', /(return \$\d*\.p\([\w$]+, \[)([\w$]+), ([\w$]+)/g, '$1$3, $2'),
  // Walks.
  step(
    'a walk begins one further on after a move',
    Cursor.prototype,
    'capture',
    (original) =>
      function (this: Walk) {
        const state = original.call(this);
        return { ...state, position: state.position + 1 };
      },
  ),
  step(
    'for…in loses its last key',
    $,
    'keysIn',
    (original) =>
      function (this: Gate, value, isTrapped) {
        return original.call(this, value, isTrapped).slice(0, -1);
      },
  ),
  // Tasks.
  code('a task that fails ends as if it had not', /\$\.fail\(/g, '$.done('),
  code(
    'an await does not wait for what it was given',
    /(\.wait\([^\n]*?, \d+, )[^\n]+?(, \[[^\n]*\]\);)$/gm,
    '$1null$2',
  ),
];

/** Plants a fault that is a step. @returns what takes it away again */
export function plant(name: string | null): () => void {
  const fault = faults.find((known) => known.name === name);
  return fault?.kind === 'step' ? fault.plant() : () => undefined;
}

/**
 * Code with a fault in it is not as it was compiled: the runtime would notice, and let nothing move. Nor is it worth the time
 * to look at code that nobody else has touched.
 */
export function trustModules(number: number): void {
  for (const [url, module] of $.modules) {
    if (url.startsWith(`file:///generated/${number}/`))
      Object.defineProperty(module, 'shifted', { value: null });
  }
}
