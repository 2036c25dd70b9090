import type { Digest } from '../../core/ports.ts';
import { mayBeMovable } from '../../loader/directive.ts';
import { type CompiledMethod, compileModule } from '../../methods/compiler/index.ts';
import { methodsOfBundle } from '../../methods/packages/index.ts';
import { ImportedNames } from './imported-names.ts';
import {
  childOf,
  childrenOf,
  isFunction,
  isNode,
  nameOf,
  SourceTree,
  type SyntaxNode,
  visit,
} from './source-tree.ts';
import { guessFromType, guessFromValue } from './value-guess.ts';

/** Something that a movable file is told before it runs. */
export interface CheckFinding {
  /**
   * `refused`: it cannot be compiled. `pins`: executions cannot leave while they stand there. `mayPin`: they cannot, if
   * the variable holds what its text suggests.
   */
  readonly kind: 'refused' | 'pins' | 'mayPin';
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly what: string;
  readonly instead: string;
  /** The method's id; empty for what is refused. */
  readonly method: string;
  /** The variable's name; empty where it is not about a variable. */
  readonly variable: string;
  /** Of the safe points that it is about. */
  readonly at: readonly number[];
}

export interface CheckedFile {
  readonly file: string;
  /** Ids of its methods; none where it is not movable, or refused. */
  readonly methods: readonly string[];
  readonly findings: readonly CheckFinding[];
}

/** Looks at one file, and runs nothing. */
export function checkFile(file: string, source: string, digest: Digest): CheckedFile {
  const bundled = methodsOfBundle(source);
  if (bundled !== null) return { file, methods: bundled.methods.map(({ id }) => id), findings: [] };
  if (!mayBeMovable(source)) return { file, methods: [], findings: [] };
  const outcome = compileModule(source, {
    path: file,
    digest,
    runtimeSpecifier: 'godwit/runtime',
    rewriteSpecifier: (specifier) => specifier,
  });
  if (outcome.kind === 'refused') {
    const findings = outcome.refusals.map(({ line, column, what, instead }): CheckFinding => ({
      kind: 'refused',
      line,
      column,
      what: `${what} cannot be compiled`,
      instead,
      method: '',
      variable: '',
      at: [],
    }));
    return { file, methods: [], findings };
  }
  const tree = new SourceTree(file, source);
  const names = new ImportedNames(tree.program);
  const findings = outcome.methods.flatMap((method) => {
    const node = functionOf(tree, method);
    return node === null
      ? []
      : [...heldFindings(tree, names, method, node), ...waitFindings(tree, names, method, node)];
  });
  return {
    file,
    methods: outcome.methods.map(({ id }) => id),
    findings: findings.toSorted((a, b) => a.line - b.line || a.column - b.column),
  };
}

/** The function that a method was made of: it begins on the method's line, and declares what the method holds. */
function functionOf(tree: SourceTree, { line, name }: CompiledMethod): SyntaxNode | null {
  const found: SyntaxNode[] = [];
  visit(tree.program, (node) => {
    if (isFunction(node) && tree.placeOf(node.start).line === line) found.push(node);
    return true;
  });
  const last = name.slice(name.lastIndexOf('.') + 1);
  return found.find((node) => nameOf(childOf(node, 'id')) === last) ?? found[0] ?? null;
}

/** Variables that are needed after a safe point, and hold what a snapshot cannot. */
function heldFindings(
  tree: SourceTree,
  names: ImportedNames,
  method: CompiledMethod,
  node: SyntaxNode,
): readonly CheckFinding[] {
  const declared = declarationsOf(node);
  return method.held.flatMap(({ name, lines }) => {
    for (const { id, type, init } of declared.get(name) ?? []) {
      const guess = guessFromType(type, names) ?? guessFromValue(init, names);
      if (guess === null) continue;
      return [
        {
          kind: guess.isSure ? 'pins' : 'mayPin',
          ...tree.placeOf(id.start),
          what: `'${name}' (${guess.type}) is needed after ${linesText(lines)}, and cannot be moved`,
          instead: guess.instead,
          method: method.id,
          variable: name,
          at: lines,
        } satisfies CheckFinding,
      ];
    }
    return [];
  });
}

interface Declaration {
  readonly id: SyntaxNode;
  readonly type: SyntaxNode | null;
  readonly init: SyntaxNode | null;
}

/** The variables of a function itself, by name. */
function declarationsOf(node: SyntaxNode): ReadonlyMap<string, readonly Declaration[]> {
  const found = new Map<string, Declaration[]>();
  const declare = (id: SyntaxNode | null, init: SyntaxNode | null): void => {
    if (id?.type !== 'Identifier') return;
    const name = nameOf(id);
    const type = childOf(id, 'typeAnnotation');
    found.set(name, [...(found.get(name) ?? []), { id, type, init }]);
  };
  for (const parameter of childrenOf(node, 'params')) {
    if (parameter.type === 'AssignmentPattern')
      declare(childOf(parameter, 'left'), childOf(parameter, 'right'));
    else declare(parameter, null);
  }
  visitOwn(node, (inner) => {
    if (inner.type === 'VariableDeclarator') declare(childOf(inner, 'id'), childOf(inner, 'init'));
    if (inner.type === 'AssignmentExpression') declare(childOf(inner, 'left'), childOf(inner, 'right'));
  });
  return found;
}

/** Awaits of what only this host knows: the promise of a package, of Node.js or of the browser. */
function waitFindings(
  tree: SourceTree,
  names: ImportedNames,
  method: CompiledMethod,
  node: SyntaxNode,
): readonly CheckFinding[] {
  const findings: CheckFinding[] = [];
  const declared = declarationsOf(node);
  visitOwn(node, (inner) => {
    if (inner.type !== 'AwaitExpression') return;
    const call = childOf(inner, 'argument');
    const name = call?.type === 'CallExpression' ? nameOf(childOf(call, 'callee')) : '';
    if (name === '' || name === method.name) return;
    if (!isForeign(name, names, declared)) return;
    const place = tree.placeOf(inner.start);
    findings.push({
      kind: 'pins',
      ...place,
      what: `the promise of ${name} is not this execution's own: it stays here until that is settled`,
      instead: `await effect('${name}', {}, () => ${name}(…))`,
      method: method.id,
      variable: '',
      at: [place.line],
    });
  });
  return findings;
}

/** Whether a function gives promises of its own making: one of a package, of the surroundings, or of what they gave. */
function isForeign(
  name: string,
  names: ImportedNames,
  declared: ReadonlyMap<string, readonly Declaration[]>,
): boolean {
  const dot = name.indexOf('.');
  const owners = dot === -1 ? [] : (declared.get(name.slice(0, dot)) ?? []);
  const guesses = owners.map(({ type, init }) => guessFromType(type, names) ?? guessFromValue(init, names));
  if (guesses.some((guess) => guess?.isSure)) return true;
  const origin = names.originOf(name);
  if (origin.kind === 'global') return name === 'fetch';
  return origin.kind === 'package' || origin.kind === 'node';
}

/** Visits what belongs to a function, and not to those inside it. */
function visitOwn(node: SyntaxNode, visitor: (node: SyntaxNode) => void): void {
  const body = node['body'];
  if (!isNode(body)) return;
  visit(body, (inner) => {
    if (isFunction(inner)) return false;
    visitor(inner);
    return true;
  });
}

function linesText(lines: readonly number[]): string {
  const shown = lines.slice(0, 3).join(', ');
  return `${lines.length === 1 ? 'line' : 'lines'} ${shown}${lines.length > 3 ? ', …' : ''}`;
}
