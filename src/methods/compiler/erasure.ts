import type { SourceText } from './source-text.ts';
import { child, children, flag, isNode, isTypeOnly, type Node, optional, text } from './syntax.ts';

/** TypeScript that is more than types: it would have to be translated, not erased. */
export interface Inerasable {
  readonly node: Node;
  readonly what: string;
  readonly instead: string;
}

const modifiers = /\b(?:public|private|protected|readonly|override|abstract|declare)\b/g;

/** Blanks out everything that exists for the type checker only. @returns what cannot be erased */
export function eraseTypes(program: Node, source: SourceText): readonly Inerasable[] {
  const eraser = new Eraser(source);
  eraser.visit(program);
  return eraser.inerasable;
}

class Eraser {
  readonly inerasable: Inerasable[] = [];
  readonly #source: SourceText;
  /** Ends of statements without a semicolon: what follows must not grow together with them once a type is gone. */
  readonly #openEnds = new Set<number>();

  constructor(source: SourceText) {
    this.#source = source;
  }

  visit(node: Node): void {
    if (this.#wholly(node)) return;
    if (/Statement$|^VariableDeclaration$|^PropertyDefinition$|^Export/.test(node.type)) {
      if (this.#source.source[node.end - 1] !== ';') this.#openEnds.add(node.end);
    }
    this.#own(node);
    for (const property of Object.keys(node)) {
      if (property === 'typeAnnotation' && !('expression' in node)) continue;
      const value = node[property];
      if (Array.isArray(value)) {
        for (const entry of value) if (isNode(entry)) this.visit(entry);
      } else if (isNode(value)) {
        this.visit(value);
      }
    }
  }

  /** Handles nodes of which nothing, or nothing understood, remains. */
  #wholly(node: Node): boolean {
    if (node.type === 'TSEnumDeclaration' && !flag(node, 'declare')) {
      return this.#refuse(
        node,
        `enum '${nameOf(node)}'`,
        'an object with Object.freeze, and a union type of its values',
      );
    }
    if (node.type === 'TSModuleDeclaration' && !flag(node, 'declare')) {
      return this.#refuse(node, 'a namespace', 'a module of its own');
    }
    if (node.type === 'TSImportEqualsDeclaration' || node.type === 'TSExportAssignment') {
      return this.#refuse(node, 'import = or export =', 'import and export as ECMAScript modules have them');
    }
    if (node.type === 'TSParameterProperty') {
      return this.#refuse(node, 'a parameter property', 'a field, assigned in the constructor');
    }
    if (node.type === 'Decorator')
      return this.#refuse(node, 'a decorator', 'a plain call after the declaration');
    const declaration = node.type === 'ExportNamedDeclaration' ? optional(node, 'declaration') : null;
    const abstractMember =
      node.type === 'TSAbstractMethodDefinition' || node.type === 'TSAbstractPropertyDefinition';
    const overload =
      (node.type === 'MethodDefinition' && child(node, 'value').type === 'TSEmptyBodyFunctionExpression') ||
      (node.type === 'PropertyDefinition' && flag(node, 'declare'));
    const declared =
      declaration !== null && isTypeOnly(declaration) && !inerasableTypes.has(declaration.type);
    const declaresOnly = isTypeOnly(node) && !(node.type === 'TSModuleDeclaration' && !flag(node, 'declare'));
    if (declared || abstractMember || overload || (declaresOnly && !typeParts.test(node.type))) {
      this.#source.blank(node.start, node.end, ';');
      return true;
    }
    if (declaresOnly) {
      this.#blank(node.start, node.end);
      return true;
    }
    return false;
  }

  #refuse(node: Node, what: string, instead: string): boolean {
    this.inerasable.push({ node, what, instead });
    return true;
  }

  #own(node: Node): void {
    switch (node.type) {
      case 'Identifier': {
        const nameEnd = node.start + text(node, 'name').length;
        if (nameEnd < node.end) this.#blank(nameEnd, node.end);
        return;
      }
      case 'ArrayPattern':
      case 'ObjectPattern':
      case 'RestElement': {
        const annotation = optional(node, 'typeAnnotation');
        if (annotation !== null) this.#blank(annotation.start, node.end);
        return;
      }
      case 'VariableDeclarator':
        if (flag(node, 'definite')) {
          const id = child(node, 'id');
          const at = this.#source.source.indexOf('!', id.start);
          if (at !== -1 && at < node.end && at < id.start + text(id, 'name').length + 8)
            this.#blank(at, at + 1);
        }
        return;
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
        return this.#blank(child(node, 'expression').end, node.end);
      case 'TSTypeAssertion':
        return this.#blank(node.start, child(node, 'expression').start);
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
        return this.#specifiers(node);
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return this.#thisParameter(node);
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

  #specifiers(node: Node): void {
    for (const specifier of children(node, 'specifiers')) {
      if (specifier === null) continue;
      if (specifier['importKind'] !== 'type' && specifier['exportKind'] !== 'type') continue;
      let end = specifier.end;
      while (/\s/.test(this.#source.source[end] ?? '')) end += 1;
      this.#source.blank(specifier.start, this.#source.source[end] === ',' ? end + 1 : specifier.end);
    }
  }

  #thisParameter(node: Node): void {
    const first = children(node, 'params')[0];
    if (first?.type !== 'Identifier' || text(first, 'name') !== 'this') return;
    const second = children(node, 'params')[1];
    this.#source.blank(first.start, second?.start ?? first.end);
  }

  #class(node: Node): void {
    const body = child(node, 'body');
    if (flag(node, 'abstract')) this.#words(node.start, node.start + 'abstract'.length);
    const interfaces = children(node, 'implements');
    if (interfaces.length > 0) {
      const from =
        optional(node, 'superTypeArguments')?.end ?? optional(node, 'superClass')?.end ?? node.start;
      const at = this.#source.source.indexOf('implements', from);
      this.#blank(at, body.start);
    }
  }

  #member(node: Node): void {
    const key = child(node, 'key');
    this.#words(node.start, key.start);
    const after = flag(node, 'computed') ? this.#source.source.indexOf(']', key.end) + 1 : key.end;
    const annotation = optional(node, 'typeAnnotation');
    if (annotation !== null) this.#blank(after, annotation.end);
    else if (flag(node, 'optional') || flag(node, 'definite')) this.#blank(after, after + 1);
  }

  #words(start: number, end: number): void {
    for (const word of this.#source.source.slice(start, end).matchAll(modifiers)) {
      this.#source.blank(start + word.index, start + word.index + word[0].length);
    }
  }

  #blank(start: number, end: number): void {
    if (end <= start) return;
    this.#source.blank(start, end, this.#openEnds.has(end) ? ';' : '');
  }
}

const inerasableTypes = new Set(['TSEnumDeclaration', 'TSModuleDeclaration', 'TSImportEqualsDeclaration']);

/** Types that stand inside other syntax, rather than as statements. */
const typeParts =
  /^TS(TypeAnnotation|TypeParameter|TypeParameterDeclaration|TypeParameterInstantiation|.*Keyword|.*Type|TypeReference|ClassImplements|InterfaceHeritage)$/;

function nameOf(node: Node): string {
  const id = optional(node, 'id');
  return id === null ? '' : text(id, 'name');
}
