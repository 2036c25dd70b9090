import type { Scopes } from './bindings.ts';
import type { SourceText } from './source-text.ts';
import { nextToken, wordEnd } from './tokens.ts';
import {
  child,
  children,
  flag,
  isNode,
  isTranslated,
  isTypeOnly,
  type Node,
  nodes,
  optional,
  text,
} from './syntax.ts';

/** Syntax that stands for something that JavaScript does not have. */
export interface Inerasable {
  readonly node: Node;
  readonly what: string;
  readonly instead: string;
}

const modifiers = /\b(?:public|private|protected|readonly|override|abstract|declare)\b/g;

/**
 * Blanks out everything that exists for the type checker only. Whoever wants more than types handled (enums, namespaces,
 * names that are imported for types only) parses by `parsePlain`, which uses this.
 *
 * @returns what cannot be erased
 */
export function eraseTypes(program: Node, source: SourceText): readonly Inerasable[] {
  const eraser = new Eraser(source, false);
  eraser.visit(program);
  return eraser.inerasable;
}

export interface Erasure {
  readonly inerasable: readonly Inerasable[];
  /** Whether more than types is to change, so that the text must be parsed anew. */
  readonly changes: boolean;
}

/** Like `eraseTypes`, around what translation.ts translates in the same text; and types' own imports go too. */
export function eraseAround(program: Node, source: SourceText, scopes: Scopes): Erasure {
  const eraser = new Eraser(source, true);
  eraser.visit(program);
  eraser.elide(program, scopes);
  return { inerasable: eraser.inerasable, changes: eraser.changes };
}

class Eraser {
  readonly inerasable: Inerasable[] = [];
  changes = false;
  readonly #source: SourceText;
  /** Ends of statements without a semicolon: what follows must not grow together with them once a type is gone. */
  readonly #openEnds = new Set<number>();
  /** Declarations in heads of loops, which no semicolon of their own ends. */
  readonly #heads = new Set<Node>();
  /** Names that types mention, or that only types have. */
  readonly #typeNames = new Set<string>();

  /** Types that are gone before the walk comes to them. */
  readonly #blanked = new Set<Node>();
  /** Whether enums and the like have been translated: only the types in them are left to erase. */
  readonly #isTranslating: boolean;

  constructor(source: SourceText, isTranslating: boolean) {
    this.#source = source;
    this.#isTranslating = isTranslating;
  }

  visit(node: Node): void {
    if (this.#wholly(node)) return;
    if (node.type.startsWith('For')) {
      const head = optional(node, 'init') ?? optional(node, 'left');
      if (head !== null) this.#heads.add(head);
    }
    if (isTerminated(node.type)) this.#noteEnd(node);
    this.#own(node);
    for (const property of Object.keys(node)) {
      if (property === 'typeAnnotation' && !('expression' in node)) {
        if (isNode(node[property])) this.#noteNames(node[property]);
        continue;
      }
      const value = node[property];
      if (Array.isArray(value)) {
        for (const entry of value) if (isNode(entry)) this.visit(entry);
      } else if (isNode(value)) {
        this.visit(value);
      }
    }
  }

  /** Takes out imported and exported names that stand for types only, as the TypeScript compiler does. */
  elide(program: Node, scopes: Scopes): void {
    for (const statement of nodes(program, 'body')) {
      if (isTypeOnly(statement)) continue;
      if (statement.type === 'ImportDeclaration') this.#elideImport(statement, scopes);
      if (statement.type === 'ExportNamedDeclaration' && optional(statement, 'source') === null) {
        for (const specifier of nodes(statement, 'specifiers')) {
          const local = child(specifier, 'local');
          if (!scopes.globals.has(local) || !this.#typeNames.has(text(local, 'name'))) continue;
          markType(specifier, 'exportKind');
          this.#specifier(specifier);
        }
      }
      if (statement.type === 'ExportDefaultDeclaration') {
        const value = child(statement, 'declaration');
        const isType = scopes.globals.has(value) && this.#typeNames.has(text(value, 'name'));
        if (!isType) continue;
        this.changes = true;
        this.#source.blank(statement.start, statement.end, ';');
      }
    }
  }

  #elideImport(statement: Node, scopes: Scopes): void {
    const specifiers = nodes(statement, 'specifiers');
    const isUsed = (specifier: Node): boolean => {
      const binding = scopes.byNode.get(child(specifier, 'local'));
      if (binding === undefined || specifier['importKind'] === 'type') return false;
      return binding.references.length > 0 || !this.#typeNames.has(binding.name);
    };
    const idle = specifiers.filter((specifier) => !isUsed(specifier));
    if (idle.length === 0) return;
    if (idle.length === specifiers.length) {
      markType(statement, 'importKind');
      return this.#source.blank(statement.start, statement.end, ';');
    }
    const [first] = specifiers as [Node];
    for (const specifier of idle) {
      if (specifier['importKind'] === 'type') continue;
      markType(specifier, 'importKind');
      if (specifier.type === 'ImportSpecifier') this.#specifier(specifier);
      else if (specifier === first) {
        // `import T, { a }`, `import T, * as a`: the comma goes with it.
        this.#source.blank(first.start, nextToken(this.#source.source, first.end) + 1);
      } else {
        this.#source.blank(first.end, specifier.end);
      }
    }
  }

  /** Handles nodes of which nothing, or nothing understood, remains. */
  #wholly(node: Node): boolean {
    if (isTranslated(node)) return this.#translated(node);
    if (node.type === 'Decorator')
      return this.#refuse(node, 'a decorator', 'a plain call after the declaration');
    if (node.type.startsWith('JSX'))
      return this.#refuse(node, 'JSX', 'calls of the function that makes elements');
    const declaration = node.type.startsWith('Export') ? optional(node, 'declaration') : null;
    const isMember =
      node.type.startsWith('TSAbstract') ||
      (node.type === 'MethodDefinition' && child(node, 'value').type === 'TSEmptyBodyFunctionExpression') ||
      (node.type === 'PropertyDefinition' && flag(node, 'declare'));
    const isDeclared = declaration !== null && isTypeOnly(declaration) && !isTranslated(declaration);
    if (!isMember && !isDeclared && !isTypeOnly(node)) return false;
    this.#noteNames(node);
    if (this.#blanked.has(node)) return true;
    if (isMember || isDeclared || !typeParts.test(node.type)) this.#source.blank(node.start, node.end, ';');
    else this.#blank(node.start, node.end);
    return true;
  }

  #translated(node: Node): boolean {
    if (!this.#isTranslating) return this.#refuse(node, ...refusalOf(node));
    this.changes = true;
    switch (node.type) {
      case 'TSEnumDeclaration':
        for (const member of nodes(child(node, 'body'), 'members')) {
          const init = optional(member, 'initializer');
          if (init !== null) this.visit(init);
        }
        return true;
      case 'TSModuleDeclaration':
        for (const statement of nodes(child(node, 'body'), 'body')) this.visit(statement);
        return true;
      case 'TSParameterProperty':
        this.#words(node.start, child(node, 'parameter').start, false);
        this.visit(child(node, 'parameter'));
        return true;
      case 'TSExportAssignment':
        this.visit(child(node, 'expression'));
        return true;
      case 'AccessorProperty':
        return false;
      default:
        return true;
    }
  }

  #refuse(node: Node, what: string, instead: string): boolean {
    this.inerasable.push({ node, what, instead });
    return true;
  }

  #noteEnd(node: Node): void {
    if (this.#source.source[node.end - 1] !== ';' && !this.#heads.has(node)) this.#openEnds.add(node.end);
  }

  #noteNames(node: Node): void {
    if (node.type === 'Identifier') this.#typeNames.add(text(node, 'name'));
    for (const property of Object.keys(node)) {
      const value = node[property];
      if (Array.isArray(value)) {
        for (const entry of value) if (isNode(entry)) this.#noteNames(entry);
      } else if (isNode(value)) {
        this.#noteNames(value);
      }
    }
  }

  #own(node: Node): void {
    switch (node.type) {
      case 'Identifier': {
        const nameEnd = wordEnd(this.#source.source, node.start);
        if (nameEnd < node.end) this.#blank(nameEnd, node.end);
        return;
      }
      case 'ArrayPattern':
      case 'ObjectPattern':
      case 'RestElement':
        return this.#pattern(node);
      case 'VariableDeclarator':
        if (flag(node, 'definite')) {
          const at = nextToken(this.#source.source, wordEnd(this.#source.source, child(node, 'id').start));
          if (this.#source.source[at] === '!') this.#blank(at, at + 1);
        }
        return;
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
        return this.#blank(child(node, 'expression').end, node.end);
      case 'TSTypeAssertion':
        return this.#assertion(node);
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
        for (const specifier of nodes(node, 'specifiers')) {
          const kind = specifier['importKind'] ?? specifier['exportKind'];
          if (kind === 'type') this.#specifier(specifier);
        }
        return;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        return this.#thisParameter(node);
      case 'ArrowFunctionExpression':
        return this.#arrow(node);
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.#class(node);
      case 'PropertyDefinition':
      case 'MethodDefinition':
      case 'AccessorProperty':
        return this.#member(node);
      default:
    }
  }

  #pattern(node: Node): void {
    const annotation = optional(node, 'typeAnnotation');
    if (annotation === null && !flag(node, 'optional')) return;
    const end = annotation?.start ?? node.end;
    const mark = flag(node, 'optional') ? this.#source.source.lastIndexOf('?', end) : end;
    this.#blank(mark, node.end);
  }

  #assertion(node: Node): void {
    const { start } = child(node, 'expression');
    if (!this.#hasLineEnd(node.start, start)) return this.#blank(node.start, start);
    // After `return` a line end alone would end the statement.
    if (!this.#isTranslating) {
      this.#refuse(node, 'a type assertion over several lines', "'as' after the expression");
      return;
    }
    this.changes = true;
    this.#source.blank(node.start, start, '(');
    this.#source.edit(node.end, node.end, ')');
  }

  #specifier(specifier: Node): void {
    const after = nextToken(this.#source.source, specifier.end);
    this.#source.blank(specifier.start, this.#source.source[after] === ',' ? after + 1 : specifier.end);
  }

  #thisParameter(node: Node): void {
    const first = children(node, 'params')[0];
    if (first?.type !== 'Identifier' || text(first, 'name') !== 'this') return;
    const after = nextToken(this.#source.source, first.end);
    this.#source.blank(first.start, this.#source.source[after] === ',' ? after + 1 : first.end);
  }

  /** No line may end before an arrow's `=>`, nor between `async` or `return` and its parameters. */
  #arrow(node: Node): void {
    const { source } = this.#source;
    const typeParameters = optional(node, 'typeParameters');
    if (typeParameters !== null) {
      const open = nextToken(source, typeParameters.end);
      if (this.#hasLineEnd(typeParameters.start, open))
        this.#source.blank(typeParameters.start, open + 1, '(');
    }
    const returnType = optional(node, 'returnType');
    if (returnType === null) return;
    let close = nodes(node, 'params').at(-1)?.end ?? -1;
    if (close === -1) {
      const from = typeParameters?.end ?? (flag(node, 'async') ? node.start + 'async'.length : node.start);
      close = nextToken(source, from) + 1;
    }
    close = nextToken(source, close);
    if (source[close] === ',') close = nextToken(source, close + 1);
    if (!this.#hasLineEnd(close, returnType.end)) return;
    this.#blanked.add(returnType);
    this.#source.blank(close, close + 1);
    this.#source.blank(returnType.start, returnType.end - 1);
    this.#source.blank(returnType.end - 1, returnType.end, ')');
  }

  #class(node: Node): void {
    const { source } = this.#source;
    if (flag(node, 'abstract')) this.#words(node.start, node.start + 'abstract'.length, false);
    const interfaces = children(node, 'implements');
    if (interfaces.length === 0) return;
    const keyword = flag(node, 'abstract') ? nextToken(source, node.start + 'abstract'.length) : node.start;
    const from = Math.max(
      keyword + 'class'.length,
      ...['id', 'typeParameters', 'superClass', 'superTypeArguments'].map(
        (part) => optional(node, part)?.end ?? 0,
      ),
    );
    this.#source.blank(nextToken(source, from), child(node, 'body').start);
  }

  #member(node: Node): void {
    const { source } = this.#source;
    const key = child(node, 'key');
    this.#words(node.start, key.start, true);
    const after = flag(node, 'computed') ? nextToken(source, key.end) + 1 : key.end;
    const annotation = optional(node, 'typeAnnotation');
    if (annotation !== null) return this.#blank(after, annotation.end);
    if (!flag(node, 'optional') && !flag(node, 'definite')) return;
    const mark = nextToken(source, after);
    this.#blank(mark, mark + 1);
  }

  /** @param isMember whether a field without a semicolon may stand before: `x = 1`, then `public [key]` */
  #words(start: number, end: number, isMember: boolean): void {
    for (const word of this.#source.source.slice(start, end).matchAll(modifiers)) {
      const at = start + word.index;
      this.#source.blank(at, at + word[0].length, isMember && word.index === 0 ? ';' : '');
    }
  }

  #hasLineEnd(start: number, end: number): boolean {
    return /[\n\r\u2028\u2029]/.test(this.#source.source.slice(start, end));
  }

  #blank(start: number, end: number): void {
    if (end <= start) return;
    this.#source.blank(start, end, this.#openEnds.has(end) ? ';' : '');
  }
}

const terminated = new Map<string, boolean>();

/** Whether nodes of a type end with a semicolon, where there is one. */
function isTerminated(type: string): boolean {
  let is = terminated.get(type);
  if (is === undefined) {
    is = /Statement$|^VariableDeclaration$|^PropertyDefinition$|^Export/.test(type);
    terminated.set(type, is);
  }
  return is;
}

/** What turned out to stand for types only says so from now on, to whoever reads the program. */
function markType(node: Node, kind: 'importKind' | 'exportKind'): void {
  (node as { [kind: string]: unknown })[kind] = 'type';
}

/** Types that stand inside other syntax, rather than as statements. */
const typeParts =
  /^TS(TypeAnnotation|TypeParameter|TypeParameterDeclaration|TypeParameterInstantiation|.*Keyword|.*Type|TypeReference|ClassImplements|InterfaceHeritage)$/;

function refusalOf(node: Node): [what: string, instead: string] {
  const id = optional(node, 'id');
  const name = id?.type === 'Identifier' ? ` '${text(id, 'name')}'` : '';
  switch (node.type) {
    case 'TSEnumDeclaration':
      return [`enum${name}`, 'an object with Object.freeze, and a union type of its values'];
    case 'TSModuleDeclaration':
      return ['a namespace', 'a module of its own'];
    case 'TSParameterProperty':
      return ['a parameter property', 'a field, assigned in the constructor'];
    case 'AccessorProperty':
      return ["an 'accessor' field", 'a getter and a setter'];
    default:
      return ['import = or export =', 'import and export as ECMAScript modules have them'];
  }
}
