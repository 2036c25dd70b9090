/** What generated programs are made of. A run can be limited to a set of these. */
export const features = [
  // Plain statements and expressions.
  'loops',
  'labels',
  'switch',
  'exceptions',
  'finally',
  'pending',
  'spread',
  'optionalChaining',
  'templates',
  'destructuring',
  'defaults',
  'rest',
  'arguments',
  'forIn',
  // Functions inside functions.
  'closures',
  'perIteration',
  'storedClosures',
  'hoisting',
  'namedExpressions',
  'lexicalThis',
  'tdz',
  // Tasks.
  'async',
  'combinators',
  'promiseMethods',
  'promiseConstructor',
  'microtasks',
  'timers',
  // Generators.
  'generators',
  'earlyReturn',
  'delegation',
  'asyncGenerators',
  'forAwait',
  // Classes.
  'classes',
  'inheritance',
  'privates',
  'accessors',
  'statics',
  'builtinParents',
  'classExpressions',
  'newTarget',
  // Heaps.
  'collections',
  'typedArrays',
  'cycles',
  'symbols',
  'bigints',
  'attributes',
  'holes',
  'errors',
  'builtins',
  // Code that is called without a call being written.
  'getters',
  'conversions',
  'toJson',
  'proxies',
  'tags',
  'comparators',
  'iterables',
  'callbacks',
  // State of a module: only where the whole file moves.
  'moduleState',
] as const;

export type Feature = (typeof features)[number];

const without = (...names: readonly Feature[]): ReadonlySet<Feature> =>
  new Set(features.filter((feature) => !names.includes(feature)));

/** All of the language, for modules that belong to an execution as a whole. */
export const wholeLanguage: ReadonlySet<Feature> = without();

/** As a file with the directive may use it. */
export const movableLanguage: ReadonlySet<Feature> = without('moduleState');

/** How often each feature occurs in how many programs. */
export class FeatureCounts {
  readonly #uses = new Map<Feature, number>();
  readonly #programs = new Map<Feature, number>();
  programs = 0;
  functions = 0;

  add(program: { readonly uses: ReadonlyMap<Feature, number>; readonly functions: number }): void {
    this.programs += 1;
    this.functions += program.functions;
    for (const [feature, uses] of program.uses) {
      this.#uses.set(feature, this.usesOf(feature) + uses);
      this.#programs.set(feature, (this.#programs.get(feature) ?? 0) + 1);
    }
  }

  usesOf(feature: Feature): number {
    return this.#uses.get(feature) ?? 0;
  }

  toString(): string {
    const each = features.map(
      (feature) => `${feature} ${this.usesOf(feature)} in ${this.#programs.get(feature) ?? 0}`,
    );
    const functionsEach = (this.functions / Math.max(1, this.programs)).toFixed(1);
    return `${this.programs} programs, ${functionsEach} functions each; ${each.join(', ')}`;
  }
}
