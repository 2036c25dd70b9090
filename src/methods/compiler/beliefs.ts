import type { Binding, Scopes } from './scopes.ts';
import { child, flag, isClass, memberName, type Node, nodes, optional, text, unwrap } from './syntax.ts';

/** What a value is believed to be, as far as its making or its declared type shows. */
export type ValueType =
  /** One of the language's own, by the name of its constructor; `args` are its type's arguments. */
  | { readonly kind: 'native'; readonly name: string; readonly args: readonly Node[] }
  /** An instance of a class of the module. */
  | { readonly kind: 'class'; readonly node: Node }
  /** An object with these members. */
  | { readonly kind: 'shape'; readonly members: readonly Node[] };

const primitives: Readonly<Record<string, string>> = {
  TSStringKeyword: 'String',
  TSNumberKeyword: 'Number',
  TSBooleanKeyword: 'Boolean',
  TSBigIntKeyword: 'BigInt',
};

const nativeTypes: ReadonlyMap<string, string> = new Map(
  `Array Map Set WeakMap WeakSet RegExp Date ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array
  Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array TextEncoder TextDecoder`
    .split(/\s+/)
    .map((name): [string, string] => [name, name])
    .concat([
      ['ReadonlyArray', 'Array'],
      ['ReadonlyMap', 'Map'],
      ['ReadonlySet', 'Set'],
    ]),
);

/** What methods of strings return, where that matters here. */
const stringMethods = new Set(
  `at charAt concat normalize padEnd padStart repeat replace replaceAll slice substr substring toLowerCase toUpperCase trim
  trimEnd trimStart toLocaleLowerCase toLocaleUpperCase toString valueOf`.split(/\s+/),
);
/** Methods of arrays and views that return one like it. */
const sameMethods = new Set(
  'slice concat reverse sort filter subarray toSorted toReversed with fill'.split(' '),
);

/**
 * Believes what a module says of its values: annotations, and what variables and fields begin with. Nothing that a program
 * does may depend on it: types may be wrong. Who believes a wrong one waits with a capture until a call is over.
 */
export class Beliefs {
  readonly #scopes: Scopes;
  readonly #classOf: (unit: Node) => Node | null;
  readonly #declared = new Map<string, Node>();
  readonly #known = new Map<Node, ValueType | null>();

  /** @param classOf the class in whose text a function or field stands */
  constructor(program: Node, scopes: Scopes, classOf: (unit: Node) => Node | null) {
    this.#scopes = scopes;
    this.#classOf = classOf;
    for (const statement of nodes(program, 'body')) {
      const declaration = optional(statement, 'declaration') ?? statement;
      const id = optional(declaration, 'id');
      if (id !== null && id.type === 'Identifier') this.#declared.set(text(id, 'name'), declaration);
      for (const specifier of nodes(declaration, 'specifiers')) {
        const local = optional(specifier, 'local');
        if (local !== null && declaration.type === 'ImportDeclaration')
          this.#declared.set(text(local, 'name'), specifier);
      }
    }
  }

  of(written: Node): ValueType | null {
    const node = unwrap(written);
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    // A type that depends on itself is not known.
    this.#known.set(node, null);
    const found = this.#find(node);
    this.#known.set(node, found);
    return found;
  }

  #find(node: Node): ValueType | null {
    switch (node.type) {
      case 'Literal':
        return literal(node);
      case 'TemplateLiteral':
        return native('String');
      case 'ArrayExpression':
        return native('Array');
      case 'NewExpression':
        return this.#made(unwrap(child(node, 'callee')));
      case 'Identifier':
        return this.#variable(node);
      case 'ThisExpression': {
        const unit = this.#scopes.contexts.get(node) ?? null;
        const around = unit === null ? null : this.#classOf(unit);
        return around === null ? null : { kind: 'class', node: around };
      }
      case 'MemberExpression':
        return this.#member(node);
      case 'CallExpression':
        return this.#result(node);
      case 'BinaryExpression': {
        if (node['operator'] !== '+') return null;
        const isText = [child(node, 'left'), child(node, 'right')].some((side) =>
          isNative(this.of(side), 'String'),
        );
        return isText ? native('String') : null;
      }
      default:
        return null;
    }
  }

  #made(callee: Node): ValueType | null {
    if (callee.type !== 'Identifier') return null;
    const global = this.#scopes.globals.get(callee);
    if (global !== undefined) return native(global);
    const made = classNode(this.#scopes.byNode.get(callee));
    return made === null ? null : { kind: 'class', node: made };
  }

  #variable(node: Node): ValueType | null {
    const binding = this.#scopes.byNode.get(node);
    if (binding === undefined) return null;
    const annotated = annotation(binding.declaration);
    if (annotated !== null) return this.#resolve(annotated);
    const { source } = binding;
    if (source.type !== 'VariableDeclarator' || child(source, 'id') !== binding.declaration) return null;
    const init = optional(source, 'init');
    return init === null ? null : this.of(init);
  }

  #member(node: Node): ValueType | null {
    const property = child(node, 'property');
    if (property.type === 'PrivateIdentifier') {
      const around = this.#scopes.privates.get(property);
      return around === undefined ? null : this.#field(around, `#${text(property, 'name')}`);
    }
    const owner = this.of(child(node, 'object'));
    if (owner === null) return null;
    const name = memberName(node);
    if (name !== null) return this.#memberOf(owner, name);
    const element = owner.kind === 'native' && owner.name === 'Array' ? owner.args[0] : undefined;
    return element === undefined ? null : this.#resolve(element);
  }

  #memberOf(owner: ValueType, name: string): ValueType | null {
    if (owner.kind === 'native') return null;
    if (owner.kind === 'class') return this.#field(owner.node, name);
    const member = owner.members.find(
      (candidate) => candidate.type === 'TSPropertySignature' && keyText(candidate) === name,
    );
    const annotated = member === undefined ? null : annotation(member);
    return annotated === null ? null : this.#resolve(annotated);
  }

  #field(around: Node, name: string): ValueType | null {
    for (const member of nodes(child(around, 'body'), 'body')) {
      if (keyText(member) !== name || flag(member, 'static')) continue;
      if (member.type === 'MethodDefinition') return null;
      const annotated = annotation(member);
      if (annotated !== null) return this.#resolve(annotated);
      const value = optional(member, 'value');
      return value === null ? null : this.of(value);
    }
    return null;
  }

  /** What calls of native methods and of the module's own functions return. */
  #result(node: Node): ValueType | null {
    const callee = unwrap(child(node, 'callee'));
    if (callee.type === 'Identifier') {
      if (this.#scopes.globals.get(callee) === 'String') return native('String');
      const binding = this.#scopes.byNode.get(callee);
      const returned = binding?.kind === 'function' ? optional(binding.source, 'returnType') : null;
      return returned === null ? null : this.#resolve(child(returned, 'typeAnnotation'));
    }
    if (callee.type !== 'MemberExpression') return null;
    const property = child(callee, 'property');
    if (property.type === 'PrivateIdentifier') {
      const around = this.#scopes.privates.get(property);
      return around === undefined ? null : this.#returned(around, `#${text(property, 'name')}`);
    }
    const name = memberName(callee);
    const owner = name === null ? null : this.of(child(callee, 'object'));
    if (owner === null || name === null) return null;
    if (owner.kind !== 'native') return owner.kind === 'class' ? this.#returned(owner.node, name) : null;
    return this.#ofNative(owner, name);
  }

  /** What a class says that its method returns. */
  #returned(around: Node, name: string): ValueType | null {
    const method = nodes(child(around, 'body'), 'body').find(
      (member) => member.type.endsWith('MethodDefinition') && keyText(member) === name,
    );
    const value = method === undefined ? null : optional(method, 'value');
    const returned = value === null ? null : optional(value, 'returnType');
    return returned === null ? null : this.#resolve(child(returned, 'typeAnnotation'));
  }

  #ofNative(owner: ValueType & { kind: 'native' }, name: string): ValueType | null {
    if (owner.name === 'String') {
      if (name === 'split') return native('Array');
      return stringMethods.has(name) ? native('String') : null;
    }
    if (owner.name === 'Array' && name === 'join') return native('String');
    if (owner.name === 'Array' && (name === 'pop' || name === 'shift' || name === 'at'))
      return owner.args[0] === undefined ? null : this.#resolve(owner.args[0]);
    if (owner.name === 'Map' && name === 'get')
      return owner.args[1] === undefined ? null : this.#resolve(owner.args[1]);
    return sameMethods.has(name) && owner.name.endsWith('Array') ? owner : null;
  }

  #resolve(type: Node): ValueType | null {
    const primitive = primitives[type.type];
    if (primitive !== undefined) return native(primitive);
    switch (type.type) {
      case 'TSLiteralType':
        return literal(child(type, 'literal'));
      case 'TSTemplateLiteralType':
        return native('String');
      case 'TSArrayType':
        return { kind: 'native', name: 'Array', args: [child(type, 'elementType')] };
      case 'TSTupleType':
        return native('Array');
      case 'TSParenthesizedType':
        return this.#resolve(child(type, 'typeAnnotation'));
      case 'TSTypeOperator':
        return type['operator'] === 'readonly' ? this.#resolve(child(type, 'typeAnnotation')) : null;
      case 'TSTypeLiteral':
        return { kind: 'shape', members: nodes(type, 'members') };
      case 'TSUnionType': {
        const types = nodes(type, 'types').filter(({ type: kind }) => !empty.has(kind));
        return types.length === 1 ? this.#resolve(types[0] as Node) : this.#common(types);
      }
      case 'TSTypeReference':
        return this.#named(type);
      default:
        return null;
    }
  }

  /** `'a' | 'b'` is a string. */
  #common(types: readonly Node[]): ValueType | null {
    const [first, ...others] = types.map((type) => this.#resolve(type));
    if (first === undefined || first === null || first.kind !== 'native' || first.args.length > 0)
      return null;
    return others.every((other) => isNative(other, first.name)) ? first : null;
  }

  #named(type: Node): ValueType | null {
    const id = child(type, 'typeName');
    if (id.type !== 'Identifier') return null;
    const name = text(id, 'name');
    const args = optional(type, 'typeArguments');
    const declared = this.#declared.get(name);
    if (declared === undefined) {
      const own = nativeTypes.get(name);
      return own === undefined
        ? null
        : { kind: 'native', name: own, args: args === null ? [] : nodes(args, 'params') };
    }
    // A parameter's type could be anything.
    if (optional(declared, 'typeParameters') !== null) return null;
    if (isClass(declared)) return { kind: 'class', node: declared };
    if (declared.type === 'TSInterfaceDeclaration')
      return { kind: 'shape', members: nodes(child(declared, 'body'), 'body') };
    if (declared.type !== 'TSTypeAliasDeclaration' || this.#known.has(declared)) return null;
    this.#known.set(declared, null);
    const found = this.#resolve(child(declared, 'typeAnnotation'));
    this.#known.delete(declared);
    return found;
  }
}

const empty = new Set(['TSNullKeyword', 'TSUndefinedKeyword', 'TSVoidKeyword']);

function native(name: string): ValueType {
  return { kind: 'native', name, args: [] };
}

export function isNative(type: ValueType | null, name: string): boolean {
  return type !== null && type.kind === 'native' && type.name === name;
}

function literal(node: Node): ValueType | null {
  if (node['regex'] !== undefined) return native('RegExp');
  const name = { string: 'String', number: 'Number', boolean: 'Boolean', bigint: 'BigInt' }[
    String(typeof node['value'])
  ];
  return name === undefined ? null : native(name);
}

function annotation(node: Node): Node | null {
  const written = optional(node, 'typeAnnotation');
  return written === null ? null : child(written, 'typeAnnotation');
}

function keyText(member: Node): string | null {
  const key = optional(member, 'key');
  if (key === null || flag(member, 'computed')) return null;
  if (key.type === 'PrivateIdentifier') return `#${text(key, 'name')}`;
  return key.type === 'Identifier' ? text(key, 'name') : null;
}

/** The class that a variable always is. */
export function classNode(binding: Binding | undefined): Node | null {
  if (binding === undefined) return null;
  const { kind, source } = binding;
  if (kind === 'className') return source;
  if (kind === 'class')
    return binding.references.some(({ role }) => role === 'write' || role === 'readWrite') ? null : source;
  if (kind !== 'const' || source.type !== 'VariableDeclarator') return null;
  const init = optional(source, 'init');
  return init !== null && isClass(unwrap(init)) ? unwrap(init) : null;
}
