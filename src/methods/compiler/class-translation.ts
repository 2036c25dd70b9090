import type { Inerasable } from './erasure.ts';
import type { SourceText } from './source-text.ts';
import { nextToken } from './tokens.ts';
import {
  child,
  flag,
  isSuperCall,
  type Node,
  nodes,
  optional,
  patternNames,
  text,
  unwrap,
} from './syntax.ts';

/** Parameter properties and `accessor` fields, as TypeScript writes them for ES2022. */
export class ClassTranslation {
  readonly #source: SourceText;
  readonly #refused: Inerasable[];
  #accessors = 0;

  constructor(source: SourceText, refused: Inerasable[]) {
    this.#source = source;
    this.#refused = refused;
  }

  /** Translates what is a class's own; its members' bodies are left to the caller's walk. */
  translate(node: Node): void {
    if (node.type !== 'ClassDeclaration' && node.type !== 'ClassExpression') return;
    for (const member of nodes(child(node, 'body'), 'body')) {
      if (member.type === 'AccessorProperty') this.#accessor(node, member);
      else if (member.type === 'MethodDefinition' && member['kind'] === 'constructor')
        this.#parameterProperties(node, member);
    }
  }

  #parameterProperties(owner: Node, member: Node): void {
    const method = child(member, 'value');
    const body = optional(method, 'body');
    const names = nodes(method, 'params')
      .filter(({ type }) => type === 'TSParameterProperty')
      .flatMap(patternNames)
      .map((name) => text(name, 'name'));
    if (body === null || names.length === 0) return;
    const fields = child(owner, 'body').start + 1;
    this.#source.edit(fields, fields, names.map((name) => ` ${name};`).join(''));
    const assigned = names.map((name) => ` this.${name} = ${name};`).join('');
    const statements = nodes(body, 'body');
    if (optional(owner, 'superClass') === null) {
      const directive = statements.findLast((statement) => typeof statement['directive'] === 'string');
      const at = directive?.end ?? body.start + 1;
      const isOpen = directive !== undefined && this.#source.source[at - 1] !== ';';
      return this.#source.edit(at, at, `${isOpen ? ';' : ''}${assigned}`);
    }
    const call = statements.find(isSuperStatement);
    if (call === undefined) {
      const instead = 'super(…) as a statement of its own in the constructor';
      this.#refused.push({ node: member, what: 'a parameter property without super(…) beside it', instead });
      return;
    }
    const isOpen = this.#source.source[call.end - 1] !== ';';
    this.#source.edit(call.end, call.end, `${isOpen ? ';' : ''}${assigned}`);
  }

  #accessor(owner: Node, node: Node): void {
    const { source } = this.#source;
    const key = child(node, 'key');
    const id = optional(owner, 'id');
    const isStatic = flag(node, 'static');
    if (flag(node, 'computed') || (isStatic && id === null)) {
      const what = isStatic
        ? "a static 'accessor' of a class without a name"
        : "an 'accessor' with a computed name";
      this.#refused.push({ node, what, instead: 'a getter and a setter over a private field' });
      return;
    }
    const name = source.slice(key.start, key.end);
    const plain = name.replace(/[^\p{ID_Continue}$]/gu, '');
    let storage = `#${plain}_accessor_storage`;
    while (source.includes(storage)) storage = `#${plain}_accessor_storage_${(this.#accessors += 1)}`;
    const word = source.lastIndexOf('accessor', key.start - 1);
    this.#source.edit(word, key.end, `${storage}${source.slice(word, key.end).replace(/[^\n]/g, '')}`);
    const owned = isStatic && id !== null ? text(id, 'name') : 'this';
    const value = owned === 'value' ? 'given' : 'value';
    const prefix = isStatic ? 'static ' : '';
    const isOpen = source[node.end - 1] !== ';' && source[nextToken(source, node.end)] !== ';';
    const end = source[node.end - 1] !== ';' && !isOpen ? nextToken(source, node.end) + 1 : node.end;
    this.#source.edit(
      end,
      end,
      `${isOpen ? ';' : ''} ${prefix}get ${name}() { return ${owned}.${storage}; }` +
        ` ${prefix}set ${name}(${value}) { ${owned}.${storage} = ${value}; }`,
    );
  }
}

function isSuperStatement(statement: Node): boolean {
  return statement.type === 'ExpressionStatement' && isSuperCall(unwrap(child(statement, 'expression')));
}
