import * as fc from 'fast-check';
import { classDeclaration, classStatements } from './classes.ts';
import { type Callee, type ClassName, Draft, type FunctionKind, type Grammar, Place } from './draft.ts';
import { number } from './expressions.ts';
import type { Feature } from './features.ts';
import { action, body, closureStatements } from './functions.ts';
import { generatorStatements } from './generators.ts';
import { heapStatements } from './heaps.ts';
import { implicitStatements } from './implicit.ts';
import { jumpStatements, noteText } from './jumps.ts';
import { loopStatements } from './loops.ts';
import { code, lines, type Piece, simplified, statement, textOf } from './pieces.ts';
import { plainStatements } from './statements.ts';
import { taskStatements } from './tasks.ts';

/** A whole module with an exported `main`, as the tree that it was written from. */
export interface Program {
  readonly piece: Piece;
  readonly uses: ReadonlyMap<Feature, number>;
  readonly functions: number;
}

/** How a program ends: with a text that describes what it has made, or with all of it. */
export type Ending = 'described' | 'returned';

/** The module that programs of the first kind import `describe` from. */
export const observer = 'observer';

const ends = { described: 'describe({ ends, c })', returned: '({ ends, c })' };
const endMark = 'RESULT';

/** The text of the module, with the directive. */
export function moduleText(program: Program, ending: Ending): string {
  const head = ending === 'described' ? `import { describe } from '${observer}';\n` : '';
  const text = textOf(program.piece).replaceAll(/\n{2,}/g, '\n');
  return `"use movable";\n${head}${text.replace(endMark, ends[ending])}\n`;
}

/** All types that programs are written with. */
const types =
  /: (?:any|number|unknown|Promise<(?:any|unknown)>)(?:\[\])?(?!\w)| as any(?!\w)|<any(?:, any)?>/g;

/** The module as plain JavaScript, and without the directive: what it does as it is written. */
export function nativeText(module: string): string {
  return module.replace(/(['"])use movable\1;/, '').replace(types, '');
}

/** How deep blocks are nested, and how many statements a program has. */
const depthMax = 5;
const roomMax = 9;

function block(d: Draft, p: Place, most: number): Piece {
  const inside = p.inner();
  const items: Piece[] = [];
  const count = p.state.depth >= depthMax ? 1 : d.between(1, most);
  for (let written = 0; written < count; written += 1) {
    d.room -= 1;
    items.push(oneStatement(d, inside));
  }
  return lines(items);
}

function oneStatement(d: Draft, p: Place): Piece {
  const isTight = d.room <= 0 || p.state.depth >= depthMax;
  const plain = plainStatements(d, p);
  // Where room has run out nothing opens a block of its own any more.
  if (isTight) return d.choose(plain.slice(0, 4));
  const rich = [
    ...plain,
    ...loopStatements(d, p),
    ...jumpStatements(d, p),
    ...closureStatements(d, p),
    ...taskStatements(d, p),
    ...generatorStatements(d, p),
    ...classStatements(d, p),
    ...heapStatements(d, p),
    ...implicitStatements(d, p),
  ];
  return d.choose(rich);
}

const grammar: Grammar = { number, block, action };

function calleeText(d: Draft, { name, kind }: Callee): Piece {
  const place = Place.body(kind, { hasArguments: true });
  place.declare('a', 'number');
  let parameters: Piece = 'c: any, a: any';
  if (d.once(4, 'defaults')) {
    const early = Place.body('plain', { hasArguments: true, isQuiet: true });
    early.declare('a', 'number');
    parameters = code`c: any, a: any, b: any = c.left-- <= 0 ? 0 : ${d.number(early)}`;
    place.declare('b', 'number');
  }
  const heads = {
    plain: 'function ',
    async: 'async function ',
    generator: 'function* ',
    asyncGenerator: 'async function* ',
  };
  if (kind === 'async') d.note('async');
  if (kind === 'generator') d.note('generators');
  if (kind === 'asyncGenerator') d.note('asyncGenerators');
  return code`${heads[kind]}${name}(${parameters}): any ${body(d, place, 4)}`;
}

function plan(d: Draft): void {
  const kinds: FunctionKind[] = ['plain', 'plain'];
  if (d.has('async')) kinds.push('async', 'async', 'async');
  if (d.has('generators')) kinds.push('generator');
  if (d.has('asyncGenerators')) kinds.push('asyncGenerator');
  const count = d.between(2, 4);
  // What is planned is what all bodies may call: the first function is a plain one, so that there is always something.
  for (let index = 0; index < count; index += 1) {
    d.callees.push({ name: `f${index}`, kind: index === 0 ? 'plain' : d.pick(kinds) });
  }
}

function planClasses(d: Draft): readonly ClassName[] {
  if (!d.has('classes')) return [];
  const planned: ClassName[] = [];
  for (let index = d.between(1, 2); index > 0; index -= 1) {
    const parents = [
      null,
      ...(d.has('inheritance') ? planned.flatMap(({ name }) => [name, name, name, name]) : []),
      ...(d.has('builtinParents') ? ['Error', 'Map', 'Array', 'Set'] : []),
    ];
    planned.push({
      name: `K${planned.length}`,
      hasLater: d.has('async') && d.below(2) === 0,
      hasStatic: d.once(2, 'statics'),
      ancestor: d.below(3) === 0 ? null : d.pick(parents),
    });
  }
  return planned;
}

function mainText(d: Draft, isAsync: boolean): Piece {
  const turns = Math.max(d.between(4, 6), Math.ceil(14 / d.callees.length));
  const calls = d.callees.map(({ name, kind }): Piece => {
    if (kind === 'plain') return statement(code`ends.push(${name}(c, turn));`);
    if (kind === 'async') return statement(code`ends.push(await ${name}(c, turn));`);
    if (kind === 'generator') return statement(code`ends.push(...${name}(c, turn));`);
    return statement(
      code`for await (const e of ${name}(c, turn)) {\nif (c.left-- <= 0) break;\nends.push(e);\n}`,
    );
  });
  d.use('note', noteText);
  const tried = calls.map((call) =>
    statement(code`try {\n${call}\n} catch (e: any) {\nends.push(note(e));\n}`, 0),
  );
  const last = isAsync
    ? statement(
        code`for (const end of await Promise.allSettled(c.held)) ends.push((end as any).value ?? note((end as any).reason));\nc.held.length = 0;`,
      )
    : '';
  return code`export ${isAsync ? 'async ' : ''}function main(): ${isAsync ? 'Promise<unknown>' : 'unknown'} {
const c: any = { left: 0, log: [], held: [], kept: [] };
const ends: any[] = [];
for (let turn = 0; turn < ${turns}; turn++) {
c.left = ${d.between(8, 18)};
${lines(tried)}
}
${last}
return ${endMark};
}`;
}

/** Each program has its own few features: they meet more often than they would if all programs had all of them. */
function fewOf(random: fc.Random, features: ReadonlySet<Feature>): ReadonlySet<Feature> {
  const few = new Set<Feature>();
  for (const feature of features) {
    const inTen = common.has(feature) ? 8 : 4;
    if (random.nextInt(0, 9) < inTen) few.add(feature);
  }
  if (!few.has('async') && features.has('async') && onlyInTasks.some((feature) => few.has(feature)))
    few.add('async');
  return few;
}

const onlyInTasks: readonly Feature[] = [
  'combinators',
  'promiseMethods',
  'promiseConstructor',
  'microtasks',
  'timers',
  'asyncGenerators',
  'forAwait',
];

const common: ReadonlySet<Feature> = new Set([
  'loops',
  'exceptions',
  'async',
  'pending',
  'closures',
  'generators',
]);

function write(random: fc.Random, features: ReadonlySet<Feature>): Program {
  const d = new Draft(random, fewOf(random, features), roomMax, grammar);
  plan(d);
  const planned = planClasses(d);
  const classes = planned.map((named) => {
    const text = classDeclaration(d, named);
    d.classes.push(named);
    return text;
  });
  const bodies = d.callees.map((callee) => {
    // Every body is given a fair share of the room.
    d.room = Math.max(d.room, 2);
    return calleeText(d, callee);
  });
  const isAsync = d.has('async');
  const main = mainText(d, isAsync);
  const stock = [...d.common.values()];
  const piece = code`${lines(classes)}\n${lines(stock)}\n${lines(bodies)}\n${main}`;
  return { piece, uses: d.uses, functions: d.functions + stock.length + 1 };
}

class Programs extends fc.Arbitrary<Program> {
  readonly #features: ReadonlySet<Feature>;

  constructor(features: ReadonlySet<Feature>) {
    super();
    this.#features = features;
  }

  override generate(random: fc.Random): fc.Value<Program> {
    return new fc.Value(write(random, this.#features), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Program {
    return typeof value === 'object' && value !== null && 'piece' in value;
  }

  override shrink(program: Program): fc.Stream<fc.Value<Program>> {
    return fc.stream(shorter(program));
  }
}

function* shorter(program: Program): Generator<fc.Value<Program>, void, undefined> {
  for (const piece of simplified(program.piece)) yield new fc.Value({ ...program, piece }, undefined);
}

/** Whole modules that always end, do the same each time, and use the features given. */
export function programs(features: ReadonlySet<Feature>): fc.Arbitrary<Program> {
  return new Programs(features);
}

/** The program of a number: the same one each time. */
export function programOf(arbitrary: fc.Arbitrary<Program>, number: number): Program {
  const [program] = fc.sample(arbitrary, { seed: number, numRuns: 1 });
  return program as Program;
}
