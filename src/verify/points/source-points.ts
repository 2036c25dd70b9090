import { parseSync } from 'oxc-parser';
import { TextInsertions } from './text-insertions.ts';

/** A safe point, as the source defines it. */
export interface SourcePoint {
  /** Where a function begins, a loop goes round, a call of a compiled function has come back; `await`, `yield`. */
  readonly kind: 'entry' | 'round' | 'return' | 'await' | 'yield';
  /** As its author sees it: relative to the working folder. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** For a call: by which properties its function is reached from what the counter is given; null where that is not asked. */
  readonly callee: readonly string[] | null;
}

export interface PointOptions {
  readonly file: string;
  readonly format: 'module' | 'commonjs' | 'script';
  /** Whether all of it is compiled, marked or not. */
  readonly isWhole: boolean;
  /** What the program's other scripts declare: they share their names with this one. */
  readonly elsewhere?: ReadonlySet<string>;
}

/** Under this name a counted program finds its counter. */
export const counterName = '$godwitPoints';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

/**
 * Lets a source count the safe points that it passes, without the compiler: each `await` and `yield`, each loop's back-edge,
 * the entry of each compiled function, and the return to one. Values of fields are left out: they belong to no function that
 * the source shows.
 *
 * @param points gets the points that were found; their numbers in the text are their places here
 * @returns the text, every line where it was
 */
export function countPoints(text: string, options: PointOptions, points: SourcePoint[]): string {
  const program = parsed(text, options);
  const counter = new PointCounter(text, options, namesIn(program, options.format), points);
  counter.program(program);
  return counter.text;
}

/** The names that a script declares, or makes by an assignment to them. */
export function namesOfScript(text: string, file: string): ReadonlySet<string> {
  return namesIn(parsed(text, { file, format: 'script' }), 'script').declared;
}

function parsed(text: string, { file, format }: Pick<PointOptions, 'file' | 'format'>): Node {
  const lang = /\.[cm]?ts$/.test(file) ? 'ts' : 'js';
  return parseSync(file, text, { sourceType: format, lang }).program as unknown as Node;
}

/** Names that are declared anywhere in a file, and what other packages' imports are called. */
interface Names {
  readonly declared: ReadonlySet<string>;
  readonly foreign: ReadonlySet<string>;
}

function namesIn(program: Node, format: PointOptions['format']): Names {
  const declared = new Set<string>();
  const foreign = new Set<string>();
  const note = (pattern: Node | null): void => {
    if (pattern?.type === 'Identifier') declared.add(String(pattern['name']));
    else if (pattern !== null) for (const below of childrenOf(pattern)) note(below);
  };
  const visit = (node: Node): void => {
    note(nodeOf(node, 'id') ?? nodeOf(node, 'local'));
    for (const parameter of [...listOf(node, 'params'), nodeOf(node, 'param')]) note(parameter);
    const target = node.type === 'AssignmentExpression' ? nodeOf(node, 'left') : null;
    if (format === 'script' && target?.type === 'Identifier') note(target);
    const source = node.type === 'ImportDeclaration' ? nodeOf(node, 'source') : null;
    if (source !== null && !/^\.{0,2}\//.test(String(source['value']))) {
      for (const specifier of listOf(node, 'specifiers')) {
        const local = nodeOf(specifier, 'local');
        if (local !== null) foreign.add(String(local['name']));
      }
    }
    for (const below of childrenOf(node)) visit(below);
  };
  visit(program);
  return { declared, foreign };
}

class PointCounter {
  readonly #options: PointOptions;
  readonly #points: SourcePoint[];
  readonly #edits: TextInsertions;
  /** Offsets at which lines begin. */
  readonly #lines: readonly number[];
  readonly #names: Names;
  #isCompiled: boolean;

  constructor(source: string, options: PointOptions, names: Names, points: SourcePoint[]) {
    this.#options = options;
    this.#names = names;
    this.#points = points;
    this.#edits = new TextInsertions(source);
    this.#lines = [
      0,
      ...[...source.matchAll(/\r\n|[\n\r\u2028\u2029]/g)].map(({ index, 0: end }) => index + end.length),
    ];
    this.#isCompiled = options.isWhole;
  }

  get text(): string {
    return this.#edits.text;
  }

  program(program: Node): void {
    if (this.#options.isWhole) return this.#visitAll(program);
    const isMarked = hasDirective(program);
    for (const statement of listOf(program, 'body')) {
      const declaration = nodeOf(statement, 'declaration') ?? statement;
      for (const top of topLevelValues(declaration)) {
        const body = nodeOf(top, 'body');
        this.#isCompiled = isMarked || (isFunction(top) && body !== null && hasDirective(body));
        if (this.#isCompiled) this.#visit(top);
      }
    }
  }

  #visitAll(node: Node): void {
    for (const below of childrenOf(node)) this.#visit(below);
  }

  #visit(node: Node): void {
    if (isSkipped(node)) return;
    if (isFunction(node)) return this.#function(node);
    if (node.type === 'PropertyDefinition' || node.type === 'AccessorProperty') return this.#field(node);
    if (this.#isCompiled) this.#point(node);
    // Within a chain a call that is not made ends all of it: only the whole could be told of.
    if (node.type === 'ChainExpression') return this.#link(nodeOf(node, 'expression') as Node);
    if (isEffect(node)) {
      const given = listOf(node, 'arguments').filter((argument) => !isFunction(unwrapped(argument)));
      for (const argument of given) this.#visit(argument);
      return;
    }
    this.#visitAll(node);
  }

  #point(node: Node): void {
    switch (node.type) {
      case 'AwaitExpression':
        return this.#passing(node, 'await');
      case 'YieldExpression':
        if (node['delegate'] !== true) this.#passing(node, 'yield');
        return;
      case 'ForStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        return this.#loop(node);
      case 'CallExpression':
      case 'NewExpression':
      case 'TaggedTemplateExpression':
        return this.#call(node);
      default:
    }
  }

  #add(kind: SourcePoint['kind'], node: Node, callee: readonly string[] | null = null): number {
    const at = node.start;
    let [low, high] = [0, this.#lines.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle] ?? 0) <= at) low = middle;
      else high = middle;
    }
    return this.#points.push({ kind, file: this.#options.file, line: low + 1, callee }) - 1;
  }

  #function(node: Node): void {
    const body = nodeOf(node, 'body');
    if (body === null) return;
    if (this.#isCompiled) {
      const passed = `${counterName}.entered(${this.#add('entry', node)})`;
      if (body.type === 'BlockStatement' || body.type === 'FunctionBody') this.#begin(body, `${passed};`);
      else this.#edits.around(body, `(${passed}, `, ')');
    }
    this.#visitAll(node);
  }

  /** Puts a statement at the start of a block, behind its directives. */
  #begin(block: Node, statement: string): void {
    const directives = listOf(block, 'body').filter((entry) => typeof entry['directive'] === 'string');
    const last = directives.at(-1);
    if (last === undefined) this.#edits.insert(block.start + 1, statement);
    else this.#edits.insert(last.end, `;${statement}`);
  }

  /** Functions in a field's value are compiled; what runs there itself is told of by nothing in the source. */
  #field(node: Node): void {
    const value = nodeOf(node, 'value');
    const key = nodeOf(node, 'key');
    if (key !== null && node['computed'] === true) this.#visit(key);
    if (value !== null) this.#functionsIn(value);
  }

  #functionsIn(node: Node): void {
    if (isFunction(node)) this.#function(node);
    else if (!isSkipped(node)) for (const below of childrenOf(node)) this.#functionsIn(below);
  }

  #passing(node: Node, kind: 'await' | 'yield'): void {
    const argument = nodeOf(node, 'argument');
    const call = `${counterName}.passed(${this.#add(kind, node)}`;
    if (argument === null) this.#edits.insert(node.end, ` ${call})`);
    else this.#edits.around(argument, `${call}, `, ')');
  }

  /** Where a loop goes round; walks of iterators, and loops that have no place for it, tell when they begin a round. */
  #loop(node: Node): void {
    const mark = `${counterName}.went(${this.#add('round', node)})`;
    const body = nodeOf(node, 'body') as Node;
    const test = nodeOf(node, 'test');
    const update = nodeOf(node, 'update');
    if (node.type === 'WhileStatement' && test !== null) {
      this.#edits.replace(node.start, node.start + 'while'.length, 'for');
      this.#edits.around(test, ';', `; ${mark}`);
    } else if (node.type === 'DoWhileStatement' && test !== null) {
      this.#edits.around(test, '(', `) && ${mark}`);
    } else if (update !== null) this.#edits.around(update, `(${mark}, `, ')');
    else if (body.type === 'BlockStatement') this.#edits.insert(body.start + 1, `${mark};`);
    else this.#edits.around(body, `{${mark};`, '}');
  }

  /** Told only where it is plain that the function is the program's own: what is native comes back from no safe point. */
  #call(node: Node): void {
    const callee = unwrapped((nodeOf(node, 'callee') ?? nodeOf(node, 'tag')) as Node);
    if (callee.type === 'Super') return this.#returning(node, null, '');
    const path: string[] = [];
    let root = callee;
    while (root.type === 'MemberExpression' && root['computed'] !== true) {
      const property = nodeOf(root, 'property');
      if (property?.type !== 'Identifier') return;
      path.unshift(String(property['name']));
      root = unwrapped(nodeOf(root, 'object') as Node);
    }
    if (root.type === 'ThisExpression') return this.#returning(node, path, 'this');
    if (root.type !== 'Identifier') return;
    const name = String(root['name']);
    // A function that is found by the name of a property of the global object is called in one piece, whoever wrote it.
    const { declared, foreign } = this.#names;
    const isOwn = declared.has(name) || this.#options.elsewhere?.has(name) === true;
    if (!isOwn || foreign.has(name)) return;
    this.#returning(node, path, name);
  }

  #returning(node: Node, callee: readonly string[] | null, root: string): void {
    const point = this.#add('return', node, callee);
    const given = callee === null ? '' : `, ${root}`;
    this.#edits.around(node, `${counterName}.returned(${point}, (${counterName}.calls(), `, `)${given})`);
  }

  #link(node: Node): void {
    const inner = nodeOf(node, 'callee') ?? nodeOf(node, 'object');
    for (const below of childrenOf(node)) {
      if (below === inner) this.#link(below);
      else this.#visit(below);
    }
  }
}

function nodeOf(node: Node, property: string): Node | null {
  const value = node[property];
  return isNode(value) ? value : null;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function listOf(node: Node, property: string): readonly Node[] {
  const value = node[property];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function childrenOf(node: Node): readonly Node[] {
  const found: Node[] = [];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) found.push(...value.filter(isNode));
    else if (isNode(value)) found.push(value);
  }
  return found;
}

function isFunction({ type }: Node): boolean {
  return ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(type);
}

const wrappers = [
  'ParenthesizedExpression',
  'TSAsExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
  'TSTypeAssertion',
];

/** What exists for the type checker only, and what TypeScript translates. */
function isSkipped(node: Node): boolean {
  if (wrappers.includes(node.type)) return false;
  return node.type.startsWith('TS') || node.type === 'Decorator' || node['declare'] === true;
}

function unwrapped(node: Node): Node {
  let inner = node;
  while (wrappers.includes(inner.type)) inner = nodeOf(inner, 'expression') as Node;
  return inner;
}

function hasDirective(block: Node): boolean {
  return listOf(block, 'body').some((statement) => statement['directive'] === 'use movable');
}

/** The functions and classes that a declaration at the top level gives names. */
function topLevelValues(declaration: Node): readonly Node[] {
  if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration')
    return [declaration];
  if (declaration.type !== 'VariableDeclaration' || declaration['kind'] !== 'const') return [];
  return listOf(declaration, 'declarations').flatMap((declarator) => {
    const init = nodeOf(declarator, 'init');
    if (init === null) return [];
    const value = unwrapped(init);
    return isFunction(value) || value.type === 'ClassExpression' ? [value] : [];
  });
}

/** Functions that are passed to `effect` run at home, natively. */
function isEffect(node: Node): boolean {
  const callee = node.type === 'CallExpression' ? nodeOf(node, 'callee') : null;
  return callee?.type === 'Identifier' && callee['name'] === 'effect';
}
