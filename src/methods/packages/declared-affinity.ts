import { parseSync } from 'oxc-parser';
import { methodId } from '../../core/ids.ts';
import {
  child,
  flag,
  isFunction,
  memberName,
  type Node,
  nodes,
  optional,
  text,
  unwrap,
} from '../compiler/syntax.ts';
import type { Refusal } from '../compiler/index.ts';
import type { AuthoredAffinity } from './contract.ts';

/** What a movable file says about where its methods belong. */
export interface AffinityScan {
  /** By the name of the function, with where the name stands. */
  readonly declared: ReadonlyMap<string, { readonly affinity: AuthoredAffinity; readonly at: Place }>;
  /** The source with the declaration frozen: methods may read it as they may read any constant. Lines are as they were. */
  readonly source: string;
  readonly refusals: readonly Refusal[];
}

export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

const keys = ['labels', 'racks', 'near', 'apart', 'data'] as const;
const shape = `export const affinity = { method: { ${keys.join(': […], ')}: […] } }`;

/**
 * Reads `export const affinity = { census: { labels: ['gpu'] } }` without running it: literals only.
 *
 * @param path of the module within its package; `near` and `apart` name functions of this file (`census`) or of others,
 *   relative to it (`search.ts#search`)
 */
export function readAffinity(path: string, source: string): AffinityScan {
  const none: AffinityScan = { declared: new Map(), source, refusals: [] };
  if (!source.includes('affinity') || !source.includes('use movable')) return none;
  const program = parseSync(path, source, { sourceType: 'module' }).program as unknown as Node;
  const init = declarationOf(program);
  if (init === null) return none;
  const reader = new AffinityReader(path, source);
  const declared = reader.read(init);
  const plain = Object.fromEntries([...declared].map(([name, { affinity }]) => [name, affinity]));
  // What is wrong with it is said here: the compiler sees a constant like any other.
  const text = reader.refusals.length > 0 ? 'null' : frozenText(plain);
  const lines = '\n'.repeat(source.slice(init.start, init.end).split('\n').length - 1);
  return {
    declared: reader.refusals.length > 0 ? new Map() : declared,
    source: source.slice(0, init.start) + text + lines + source.slice(init.end),
    refusals: reader.refusals,
  };
}

/** The initialiser of `export const affinity`; null where there is none, or where it is a method of that name. */
function declarationOf(program: Node): Node | null {
  for (const statement of nodes(program, 'body')) {
    const declaration = optional(statement, 'declaration');
    if (statement.type !== 'ExportNamedDeclaration' || declaration?.type !== 'VariableDeclaration') continue;
    for (const declarator of nodes(declaration, 'declarations')) {
      const id = child(declarator, 'id');
      const init = optional(declarator, 'init');
      if (init === null || id.type !== 'Identifier' || text(id, 'name') !== 'affinity') continue;
      return isFunction(unwrap(init)) ? null : init;
    }
  }
  return null;
}

class AffinityReader {
  readonly refusals: Refusal[] = [];
  readonly #path: string;
  readonly #source: string;

  constructor(path: string, source: string) {
    this.#path = path;
    this.#source = source;
  }

  read(init: Node): ReadonlyMap<string, { readonly affinity: AuthoredAffinity; readonly at: Place }> {
    const found = new Map<string, { affinity: AuthoredAffinity; at: Place }>();
    for (const [name, value, key] of this.#entries(init)) {
      found.set(name, { affinity: this.#method(name, value), at: this.#placeOf(key) });
    }
    return found;
  }

  #method(name: string, value: Node): AuthoredAffinity {
    const lists: Record<(typeof keys)[number], readonly string[]> = {
      labels: [],
      racks: [],
      near: [],
      apart: [],
      data: [],
    };
    for (const [key, list, at] of this.#entries(value)) {
      const known = keys.find((one) => one === key);
      if (known === undefined) {
        this.#refuse(at, `the key '${key}' in the affinity of '${name}'`, `one of ${keys.join(', ')}`);
      } else lists[known] = this.#texts(list, key);
    }
    const { near, apart } = lists;
    const resolved = (written: readonly string[]) => written.map((one) => this.#resolve(one, value));
    return { ...lists, near: resolved(near), apart: resolved(apart) };
  }

  #entries(value: Node): readonly (readonly [string, Node, Node])[] {
    const object = thawed(value);
    if (object.type !== 'ObjectExpression') {
      this.#refuse(value, 'an affinity that is computed', `a literal: ${shape}`);
      return [];
    }
    return nodes(object, 'properties').flatMap((property) => {
      const name = property.type === 'Property' ? keyOf(property) : null;
      if (name !== null) return [[name, child(property, 'value'), property] as const];
      this.#refuse(property, 'a key of an affinity that is computed', `a literal: ${shape}`);
      return [];
    });
  }

  #texts(value: Node, key: string): readonly string[] {
    const list = thawed(value);
    if (list.type !== 'ArrayExpression') {
      this.#refuse(value, `'${key}' of an affinity that is no list`, `a list of texts: ${key}: ['…']`);
      return [];
    }
    return nodes(list, 'elements').flatMap((element) => {
      const literal = unwrap(element);
      const entry = literal.type === 'Literal' ? literal['value'] : null;
      if (typeof entry === 'string' && entry.trim() !== '') return [entry];
      this.#refuse(
        element,
        `an entry of '${key}' that is no text`,
        `a text that is not empty: ${key}: ['…']`,
      );
      return [];
    });
  }

  /** To a method's id: module within the package, `#`, function. */
  #resolve(written: string, at: Node): string {
    const hash = written.lastIndexOf('#');
    if (hash < 0) return methodId(`${this.#path}#${written}`);
    const folder = this.#path.split('/').slice(0, -1);
    for (const part of written.slice(0, hash).split('/')) {
      if (part === '..') {
        if (folder.pop() === undefined) {
          this.#refuse(
            at,
            `the method '${written}', which is outside the package`,
            'a method of the same package',
          );
        }
      } else if (part !== '.' && part !== '') folder.push(part);
    }
    return methodId(`${folder.join('/')}${written.slice(hash)}`);
  }

  #refuse(node: Node, what: string, instead: string): void {
    this.refusals.push({ path: this.#path, ...this.#placeOf(node), what, instead });
  }

  #placeOf(node: Node): Place {
    const before = this.#source.slice(0, node.start);
    return { line: before.split('\n').length, column: node.start - before.lastIndexOf('\n') };
  }
}

/** What is inside `Object.freeze(…)`, `as const` and `satisfies …`. */
function thawed(value: Node): Node {
  const inner = unwrap(value);
  if (inner.type !== 'CallExpression') return inner;
  const callee = unwrap(child(inner, 'callee'));
  if (callee.type !== 'MemberExpression' || memberName(callee) !== 'freeze') return inner;
  const object = unwrap(child(callee, 'object'));
  const [argument] = nodes(inner, 'arguments');
  const freezes = object.type === 'Identifier' && text(object, 'name') === 'Object';
  return freezes && argument !== undefined ? thawed(argument) : inner;
}

function keyOf(property: Node): string | null {
  const key = child(property, 'key');
  if (flag(property, 'computed') || flag(property, 'method')) return null;
  if (key.type === 'Identifier') return text(key, 'name');
  return key.type === 'Literal' && typeof key['value'] === 'string' ? key['value'] : null;
}

function frozenText(value: unknown): string {
  if (Array.isArray(value)) return `Object.freeze([${value.map(frozenText).join(', ')}])`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${frozenText(inner)}`);
  return `Object.freeze({ ${entries.join(', ')} })`;
}
