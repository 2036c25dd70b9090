import { hidden, mayImport, portedRooms, pureRooms, roomOf } from './rooms.ts';
import { isNode, type SourceFile, type SyntaxNode, visit } from './source-tree.ts';

/** Something that the house does not allow: `path:line what`. */
export type Violation = string;

const within = (path: string): string => path.replace(/^src\//, '');

/** Imports against the grain, of packages that are hidden, and files without a room. */
export function checkDirections(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap(({ path, imports }) => {
    const from = within(path);
    const room = roomOf(from);
    if (room === null) return [`${path}:1 belongs to no room: see test/house/rooms.ts`];
    return imports.flatMap(({ specifier, file, line }) => {
      const owner = hidden.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
      if (owner !== undefined && !owner.by.test(from)) {
        return [`${path}:${line} imports ${specifier}, which is hidden`];
      }
      if (file === null || mayImport(from, within(file))) return [];
      return [`${path}:${line} imports ${file}: ${room.name} may not`];
    });
  });
}

/** Each ring of imports, named once. Files of one room may know each other's types, which are gone when it runs. */
export function checkCycles(files: readonly SourceFile[]): readonly Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const violations: Violation[] = [];
  const follow = (path: string, above: readonly string[]): void => {
    const at = above.indexOf(path);
    if (at !== -1)
      return void violations.push(
        `${above[above.length - 1]}:1 closes a ring of imports: ${[...above.slice(at), path].join(' -> ')}`,
      );
    if (done.has(path)) return;
    for (const { file, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (file === null || (typeOnly && isSameRoom(file, path))) continue;
      follow(file, [...above, path]);
    }
    done.add(path);
  };
  for (const { path } of files) follow(path, []);
  return violations;
}

/** Two folders of tests are two rooms. */
function isSameRoom(one: string, other: string): boolean {
  if (one.startsWith('src/') && other.startsWith('src/'))
    return roomOf(within(one)) === roomOf(within(other));
  return one.slice(0, one.lastIndexOf('/')) === other.slice(0, other.lastIndexOf('/'));
}

const timers = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'queueMicrotask',
];
const surroundings = ['process', 'performance', 'crypto', 'Atomics', 'fetch', 'console', 'Buffer'];
/** A kernel's work is to find the next turn of the event loop. */
const turnsInKernel = /^src\/(?:actors|simulator)\/kernel\.ts$/;

/** Clocks, chance, timers and Node.js, where they are to come through ports. */
export function checkPurity(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) => {
    const room = roomOf(within(file.path))?.name ?? '';
    if (!portedRooms.has(room) && room !== 'methods/runtime') return [];
    const found: Violation[] = file.imports
      .filter(({ specifier }) => specifier.startsWith('node:'))
      .map(
        ({ specifier, line }) =>
          `${file.path}:${line} imports ${specifier}: ${room} knows nothing of Node.js`,
      );
    // Outside an execution `sleep` waits as any program does; inside one it asks its lane.
    if (room === 'methods/runtime') return found;
    const names = new Set([
      ...(turnsInKernel.test(file.path) ? [] : timers),
      ...(pureRooms.has(room) ? surroundings : []),
    ]);
    const declared = declaredNames(file.program);
    visit(file.program, (node, parent) => {
      const use = isUse(node, parent) ? impureUse(node, parent, names, declared) : null;
      if (use !== null)
        found.push(`${file.path}:${file.lineAt(node.start)} uses ${use}: ${room} gets it as a port`);
    });
    return found;
  });
}

function impureUse(
  node: SyntaxNode,
  parent: SyntaxNode | null,
  names: ReadonlySet<string>,
  declared: ReadonlySet<string>,
): string | null {
  const name = String(node['name']);
  if (declared.has(name)) return null;
  if (names.has(name)) return name;
  if (name === 'performance') return name;
  const property =
    parent?.type === 'MemberExpression' && isNode(parent['property']) ? parent['property']['name'] : null;
  if (name === 'Math' && property === 'random') return 'Math.random';
  if (name !== 'Date') return null;
  if (property === 'now') return 'Date.now';
  const isCall = parent?.type === 'CallExpression' && parent['callee'] === node;
  const isNow = parent?.type === 'NewExpression' && (parent['arguments'] as readonly unknown[]).length === 0;
  return isCall || isNow ? 'the time of day' : null;
}

/** Whether an identifier stands for a value: not for a property, a key or a type. */
function isUse(node: SyntaxNode, parent: SyntaxNode | null): boolean {
  if (node.type !== 'Identifier' || parent === null || /^(?:TS|Import|Export)/.test(parent.type))
    return false;
  if (parent.type === 'MemberExpression') return parent['object'] === node || parent['computed'] === true;
  const isKey =
    ['Property', 'MethodDefinition', 'PropertyDefinition'].includes(parent.type) && parent['key'] === node;
  return !isKey || parent['computed'] === true;
}

/** Names that the file gives to something of its own, wherever. */
function declaredNames(program: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (pattern: unknown): void => {
    if (isNode(pattern))
      visit(pattern, (node) => node.type === 'Identifier' && names.add(String(node['name'])));
  };
  visit(program, (node) => {
    if (node.type === 'VariableDeclarator') add(node['id']);
    if (/^Import\w*Specifier$/.test(node.type)) add(node['local']);
    if (!isFunction(node)) return;
    add(node['id']);
    for (const parameter of node['params'] as readonly unknown[]) add(parameter);
  });
  return names;
}

function isFunction(node: SyntaxNode): boolean {
  return ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type);
}

/** Tests wait for what they need, and never for a while. */
export function checkSleeps(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) => {
    const found = file.imports
      .filter(({ specifier }) => /^(?:node:)?timers(?:\/promises)?$/.test(specifier))
      .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}: tests do not sleep`);
    visit(file.program, (node, parent) => {
      if (!isUse(node, parent)) return;
      const name = String(node['name']);
      const isWait =
        name === 'Atomics' &&
        parent !== null &&
        isNode(parent['property']) &&
        parent['property']['name'] === 'wait';
      if (name === 'setTimeout' || name === 'setInterval' || isWait) {
        found.push(
          `${file.path}:${file.lineAt(node.start)} uses ${isWait ? 'Atomics.wait' : name}: tests do not sleep`,
        );
      }
    });
    return found;
  });
}

export interface Size {
  readonly name: string;
  readonly lines: number;
  readonly limit: number;
}

const fileLinesMax = 400;
const functionLinesMax = 60;

/** Files and functions beyond their limit: `path` and `path#function`. */
export function oversizes(files: readonly SourceFile[]): readonly Size[] {
  return files.flatMap((file) => {
    const sizes: Size[] = [];
    const lines = file.text.split('\n').length - 1;
    if (lines > fileLinesMax) sizes.push({ name: file.path, lines, limit: fileLinesMax });
    if (file.path.startsWith('test/')) return sizes;
    visit(file.program, (node, parent) => {
      if (!isFunction(node)) return;
      const length = file.lineAt(node.end - 1) - file.lineAt(node.start) + 1;
      if (length > functionLinesMax) {
        sizes.push({ name: `${file.path}#${nameOf(node, parent)}`, lines: length, limit: functionLinesMax });
      }
    });
    return sizes;
  });
}

function nameOf(node: SyntaxNode, parent: SyntaxNode | null): string {
  for (const named of [node['id'], parent?.['key'], parent?.['id']]) {
    if (isNode(named) && typeof named['name'] === 'string') return named['name'];
  }
  return 'function';
}

const vagueNames = /^(?:utils?|helpers?|managers?|types|common|misc)$/;

/** File names are nouns that say what is inside, in kebab-case. */
export function checkNames(paths: readonly string[]): readonly Violation[] {
  return paths.flatMap((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/(?:\.(?:test|config|d))?\.[cm]?[jt]s$/, '');
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) return [`${path}:1 is not named in kebab-case`];
    return name.split('-').some((word) => vagueNames.test(word))
      ? [`${path}:1 has a name that says nothing`]
      : [];
  });
}

const unfinished = new RegExp(
  ['TO' + 'DO', 'FIX' + 'ME', 'X'.repeat(3), 'HA' + 'CK'].map((word) => `\\b${word}\\b`).join('|'),
);
const somebodysFolder = /(?:^|[\s'"`(=])\/(?:home|root|work|Users)\/[\w.-]{3,}/;
const ticket = /\b(?:issue|ticket)s? #?\d+\b/i;

/** Texts that speak of what is not there, of somebody's machine, or of plans that readers do not have. */
export function checkWords(path: string, text: string): readonly Violation[] {
  const tests: readonly (readonly [RegExp, string])[] = [
    [unfinished, 'leaves something unfinished'],
    [somebodysFolder, "names a folder of somebody's machine"],
    [ticket, 'speaks of a plan that its readers do not have'],
  ];
  return text.split('\n').flatMap((line, index) =>
    tests.flatMap(([found, what]) => {
      const match = found.exec(line);
      return match === null ? [] : [`${path}:${index + 1} ${what}: ${match[0].trim()}`];
    }),
  );
}
