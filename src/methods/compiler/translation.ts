import { ClassTranslation } from './class-translation.ts';
import { declaredNames, segments } from './declarations.ts';
import { type EnumValue, EnumValues } from './enum-values.ts';
import type { Inerasable } from './erasure.ts';
import type { Binding, Scopes } from './scopes.ts';
import type { SourceText } from './source-text.ts';
import { nextToken, wordEnd } from './tokens.ts';
import {
  child,
  flag,
  isTranslated,
  type Node,
  nodes,
  optional,
  patternNames,
  runtimeChildren,
  text,
} from './syntax.ts';

export type Format = 'module' | 'script' | 'commonjs';

/** The namespace around a statement, under the name that its function gives it. */
interface Container {
  readonly name: string;
}

/**
 * Writes enums, namespaces, `import =`, parameter properties and `accessor` fields as JavaScript, in place: line ends
 * stay. What runs is what the TypeScript compiler's own output (for ES2022) would do, with the same objects in the end.
 * The text must be parsed anew.
 *
 * @returns what cannot be translated
 */
export function translate(
  program: Node,
  source: SourceText,
  scopes: Scopes,
  format: Format,
): readonly Inerasable[] {
  const translator = new Translator(program, source, scopes, format);
  translator.program();
  return translator.refused;
}

class Translator {
  readonly refused: Inerasable[] = [];
  readonly #program: Node;
  readonly #source: SourceText;
  readonly #scopes: Scopes;
  readonly #format: Format;
  readonly #classes: ClassTranslation;
  readonly #values: EnumValues;
  /** What an enum's or namespace's function calls it, per declaration; for `A.B` the names from the left. */
  readonly #inner = new Map<Node, readonly string[]>();
  readonly #taken = new Set<string>();

  constructor(program: Node, source: SourceText, scopes: Scopes, format: Format) {
    this.#program = program;
    this.#source = source;
    this.#scopes = scopes;
    this.#format = format;
    this.#classes = new ClassTranslation(source, this.refused);
    this.#values = new EnumValues(scopes);
  }

  program(): void {
    this.#nameSpaces();
    this.#references();
    this.#list(nodes(this.#program, 'body'), null);
  }

  /** A function's name for its namespace must not be one that its body declares. */
  #nameSpaces(): void {
    const seen: Node[] = [];
    const find = (node: Node): void => {
      if (node.type === 'TSEnumDeclaration' || node.type === 'TSModuleDeclaration') {
        if (!isTranslated(node)) return;
        seen.push(node);
        const body = child(node, 'body');
        nodes(body, 'body').forEach(find);
        return;
      }
      const declaration = node.type === 'ExportNamedDeclaration' ? optional(node, 'declaration') : null;
      if (declaration !== null) find(declaration);
      else runtimeAndTranslated(node).forEach(find);
    };
    find(this.#program);
    const byName = new Map<string, Binding[]>();
    for (const binding of this.#scopes.bindings) {
      const known = byName.get(binding.name);
      if (known === undefined) byName.set(binding.name, [binding]);
      else known.push(binding);
    }
    for (const node of seen) {
      const body = child(node, 'body');
      const names = segments(child(node, 'id')).map((id) => text(id, 'name'));
      this.#inner.set(
        node,
        names.map((name, index) => {
          const isTaken =
            names.indexOf(name) !== index ||
            (byName.get(name) ?? []).some(
              ({ declaration, source }) => isWithin(declaration, body) && source.type !== 'TSEnumMember',
            );
          return isTaken ? this.#fresh(name) : name;
        }),
      );
    }
  }

  #fresh(base: string): string {
    let count = 1;
    while (this.#scopes.names.has(`${base}_${count}`) || this.#taken.has(`${base}_${count}`)) count += 1;
    this.#taken.add(`${base}_${count}`);
    return `${base}_${count}`;
  }

  /** What a namespace or enum exports is a property of its object, wherever it is used. */
  #references(): void {
    for (const binding of this.#scopes.bindings) {
      const holder = this.#holderOf(binding);
      if (holder === undefined) continue;
      const isProperty = binding.source.type === 'TSEnumMember' || this.#isVariable(binding);
      for (const { node, role, shorthand } of binding.references) {
        if (role === 'declares' && this.#isBare(binding, node)) continue;
        if (!isProperty && isWithin(node, binding.scope)) continue;
        const spelt = `${this.#nameAt(holder, node)}.${binding.name}`;
        const end = wordEnd(this.#source.source, node.start);
        this.#source.edit(node.start, end, shorthand ? `${binding.name}: ${spelt}` : spelt);
      }
    }
  }

  /** The enum or namespace that has the binding as a property. */
  #holderOf(binding: Binding): Binding | undefined {
    const { source, owner } = binding;
    if (source.type === 'TSEnumMember') return this.#bindingOf(binding.scope);
    if (source.type === 'TSModuleDeclaration') {
      const names = segments(child(source, 'id'));
      const index = names.indexOf(binding.declaration);
      if (index > 0) return this.#scopes.byNode.get(names[index - 1] as Node);
    }
    if (owner?.type !== 'TSModuleDeclaration' || !isExportedFrom(owner, binding)) return undefined;
    return this.#bindingOf(owner);
  }

  #isVariable(binding: Binding): boolean {
    return binding.source.type === 'VariableDeclarator' || binding.kind === 'import';
  }

  /** `export let x;` gives the property no value. */
  #isBare(binding: Binding, node: Node): boolean {
    return binding.source.type === 'VariableDeclarator' && optional(binding.source, 'init') === null
      ? isWithin(node, binding.source)
      : false;
  }

  /** The name, at a place, of the object of a namespace or enum that may have several declarations. */
  #nameAt(space: Binding, place: Node): string {
    let name = space.name;
    for (const [candidate, inner] of this.#inner) {
      if (!isWithin(place, candidate)) continue;
      segments(child(candidate, 'id')).forEach((segment, index) => {
        if (this.#scopes.byNode.get(segment) === space) name = inner[index] ?? name;
      });
    }
    return name;
  }

  #bindingOf(declaration: Node): Binding | undefined {
    return this.#scopes.byNode.get(segments(child(declaration, 'id')).at(-1) as Node);
  }

  /** Statements of one program, block or namespace. */
  #list(statements: readonly Node[], container: Container | null): void {
    const declared = new Set<string>();
    for (const statement of statements) {
      const declaration = optional(statement, 'declaration') ?? statement;
      if (declaration.type === 'FunctionDeclaration')
        declaredNames(declaration).forEach((n) => declared.add(n));
    }
    for (const statement of statements) this.#statement(statement, container, declared);
  }

  #statement(statement: Node, container: Container | null, declared: Set<string>): void {
    const isExport = statement.type === 'ExportNamedDeclaration';
    const declaration = isExport ? (optional(statement, 'declaration') ?? statement) : statement;
    const exporter = isExport ? container : null;
    switch (declaration.type) {
      case 'TSEnumDeclaration':
      case 'TSModuleDeclaration':
        if (isTranslated(declaration)) this.#space(statement, declaration, container, declared);
        return;
      case 'TSImportEqualsDeclaration':
        return this.#importEquals(statement, declaration, container);
      case 'TSExportAssignment':
        return this.#exportAssignment(declaration);
      default:
    }
    if (exporter !== null && declaration !== statement && !flag(declaration, 'declare')) {
      if (declaration.type === 'VariableDeclaration') this.#exportedVariables(statement, declaration);
      else if (/^(Function|Class)Declaration$/.test(declaration.type)) {
        this.#source.blank(statement.start, statement.start + 'export'.length);
        const name = declaredNames(declaration)[0] ?? '';
        this.#source.edit(statement.end, statement.end, ` ${exporter.name}.${name} = ${name};`);
      }
    }
    if (declaration.type === 'ClassDeclaration') declaredNames(declaration).forEach((n) => declared.add(n));
    this.#inside(declaration);
  }

  #inside(node: Node): void {
    this.#classes.translate(node);
    if (node.type === 'BlockStatement' || node.type === 'StaticBlock')
      return this.#list(nodes(node, 'body'), null);
    if (node.type === 'SwitchCase') {
      const test = optional(node, 'test');
      if (test !== null) this.#inside(test);
      return this.#list(nodes(node, 'consequent'), null);
    }
    for (const below of runtimeAndTranslated(node)) this.#inside(below);
  }

  #exportedVariables(statement: Node, declaration: Node): void {
    const declarators = nodes(declaration, 'declarations');
    this.#source.blank(statement.start, declarators[0]?.start ?? declaration.end, ';');
    for (const declarator of declarators) {
      const pattern = child(declarator, 'id');
      if (optional(declarator, 'init') === null) {
        this.#source.edit(pattern.start, wordEnd(this.#source.source, pattern.start), 'void 0');
      } else if (pattern.type === 'ObjectPattern') {
        this.#source.edit(declarator.start, declarator.start, '(');
        this.#source.edit(declarator.end, declarator.end, ')');
      }
    }
  }

  /** An enum or namespace: a function that fills its object. */
  #space(statement: Node, node: Node, container: Container | null, declared: Set<string>): void {
    const isExport = statement !== node;
    const isEnum = node.type === 'TSEnumDeclaration';
    const names = segments(child(node, 'id')).map((id) => text(id, 'name'));
    const inner = this.#inner.get(node) ?? names;
    const isTop = container === null && nodes(this.#program, 'body').includes(statement);
    let head = '';
    let tail = '';
    names.forEach((name, index) => {
      const isFirst = index > 0 || !declared.has(name);
      const object = index > 0 ? inner[index - 1] : isExport ? container?.name : undefined;
      const holder = object === undefined ? '' : `${object}.${name}`;
      const start = isTop && index === 0 ? (isExport ? 'export var' : 'var') : 'let';
      head += isFirst ? `${start} ${name}; (function (${inner[index]}) {` : `;(function (${inner[index]}) {`;
      const given = holder === '' ? `${name} || (${name} = {})` : `${name} = ${holder} || (${holder} = {})`;
      tail = `})(${given});${tail}`;
    });
    const isAlone = isEnum && !isTop && !isExport && this.#isOnly(node) && !declared.has(names[0] ?? '');
    if (isAlone) {
      // Nobody can see the difference, but closures can hold a constant without a box.
      head = `const ${names[0]} = (function (${inner[0]}) {`;
      tail = ` return ${inner[0]}; })({});`;
    }
    declared.add(names[0] ?? '');
    const body = child(node, 'body');
    this.#replace(statement.start, body.start + 1, head);
    if (isEnum) this.#members(node, inner[0] ?? '');
    else this.#list(nodes(body, 'body'), { name: inner.at(-1) ?? '' });
    this.#source.edit(body.end - 1, body.end, tail);
  }

  #isOnly(node: Node): boolean {
    const binding = this.#bindingOf(node);
    return ![...this.#inner.keys()].some((other) => other !== node && this.#bindingOf(other) === binding);
  }

  #members(node: Node, object: string): void {
    const { source } = this.#source;
    let last: EnumValue = { kind: 'number', value: -1 };
    let lastKey = '';
    for (const member of nodes(child(node, 'body'), 'members')) {
      const name = memberText(child(member, 'id'));
      const key = JSON.stringify(name);
      const init = optional(member, 'initializer');
      if (init !== null) {
        last = this.#values.valueOf(init);
        const isText = last.kind === 'string' || last.kind === 'text';
        this.#replace(
          member.start,
          init.start,
          isText ? `${object}[${key}] = ` : `${object}[${object}[${key}] = `,
        );
        this.#source.edit(init.end, init.end, isText ? ';' : `] = ${key};`);
        this.#inside(init);
      } else {
        last = last.kind === 'number' ? { kind: 'number', value: last.value + 1 } : last;
        const value = last.kind === 'number' ? String(last.value) : `${object}[${lastKey}] + 1`;
        this.#replace(member.start, member.end, `${object}[${object}[${key}] = ${value}] = ${key};`);
      }
      this.#values.note(this.#bindingOf(node), name, last);
      lastKey = key;
      const comma = nextToken(source, member.end);
      if (source[comma] === ',') this.#source.blank(comma, comma + 1);
    }
  }

  #importEquals(statement: Node, node: Node, container: Container | null): void {
    if (node['importKind'] === 'type') return;
    const id = child(node, 'id');
    const reference = child(node, 'moduleReference');
    const binding = this.#scopes.byNode.get(id);
    const isExport = statement !== node;
    if (!isExport && (binding === undefined || binding.references.length === 0)) {
      return this.#source.blank(statement.start, statement.end, ';');
    }
    const isRequired = reference.type === 'TSExternalModuleReference';
    if (isRequired && (this.#format !== 'commonjs' || isExport)) {
      const instead = `import ${text(id, 'name')} from ${this.#slice(child(reference, 'expression'))}`;
      this.refused.push({ node: statement, what: "'import =' of a module", instead });
      return;
    }
    const name = text(id, 'name');
    const declares = isExport && container !== null ? `;${container.name}.${name} = ` : `const ${name} = `;
    const prefix = isExport && container === null ? 'export ' : '';
    this.#replace(statement.start, reference.start, `${prefix}${declares}`);
    if (this.#source.source[statement.end - 1] !== ';') this.#source.edit(statement.end, statement.end, ';');
  }

  #exportAssignment(node: Node): void {
    if (this.#format !== 'commonjs') {
      this.refused.push({ node, what: "'export ='", instead: 'export default' });
      return;
    }
    this.#replace(node.start, child(node, 'expression').start, ';module.exports = ');
    this.#inside(child(node, 'expression'));
  }

  #slice(node: Node): string {
    return this.#source.source.slice(node.start, node.end);
  }

  /** Puts text in the place of other text, whose line ends stay behind it. */
  #replace(start: number, end: number, by: string): void {
    const lines = this.#source.source.slice(start, end).replace(/[^\n]/g, '');
    this.#source.edit(start, end, `${by}${lines}`);
  }
}

function isWithin(node: Node, outer: Node): boolean {
  return outer.start <= node.start && node.end <= outer.end;
}

function isExportedFrom(space: Node, binding: Binding): boolean {
  return nodes(child(space, 'body'), 'body').some((statement) => {
    if (statement.type !== 'ExportNamedDeclaration' || !isWithin(binding.declaration, statement))
      return false;
    const declaration = optional(statement, 'declaration');
    if (declaration === null) return false;
    const own = optional(declaration, 'id');
    if (own !== null) return segments(own)[0] === binding.declaration;
    return nodes(declaration, 'declarations').some((entry) =>
      patternNames(child(entry, 'id')).includes(binding.declaration),
    );
  });
}

function runtimeAndTranslated(node: Node): readonly Node[] {
  const found = [...runtimeChildren(node)];
  for (const property of ['body', 'consequent', 'params', 'declaration']) {
    const value = node[property];
    for (const entry of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (
        entry !== null &&
        typeof entry === 'object' &&
        isTranslated(entry as Node) &&
        !found.includes(entry as Node)
      )
        found.push(entry as Node);
    }
  }
  return found;
}

function memberText(id: Node): string {
  if (id.type === 'Identifier') return text(id, 'name');
  if (id.type === 'Literal') return String(id['value']);
  const quasi = nodes(id, 'quasis')[0];
  return quasi === undefined ? '' : (quasi['value'] as { readonly cooked: string }).cooked;
}
