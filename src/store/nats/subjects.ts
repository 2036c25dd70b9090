import { assert } from '../../core/assert.ts';

/** `rows`: the registry's; `values`: which object of the second stream holds a vault key's bytes. */
export type Space = 'rows' | 'values';

/** What a message of the registry's stream is about. */
export type Topic =
  | { readonly kind: 'row'; readonly space: Space; readonly key: string }
  | { readonly kind: 'part'; readonly nonce: string; readonly index: number }
  | { readonly kind: 'barrier'; readonly session: string }
  | { readonly kind: 'retirement' }
  | { readonly kind: 'unknown' };

const letters: Readonly<Record<Space, string>> = { rows: 'r', values: 'v' };

/** Each is some 150 bytes in the stream. */
const barriersKept = 64;

/**
 * The subjects below one name.
 *
 * A subject's tokens end at dots, and `*` and `>` are wildcards; of these a key may hold dots only, so they are written as `%`,
 * which no key holds.
 */
export class Subjects {
  /** The registry's stream. */
  readonly registry: string;
  /** The stream of large values. */
  readonly objects: string;

  constructor(name: string) {
    this.registry = name;
    this.objects = `${name}-vault`;
  }

  /** Where the one successor of a revision of a key stands. @param predecessor 0 when the key was never there */
  successor(space: Space, key: string, predecessor: number): string {
    return `${this.registry}.${letters[space]}.${encode(key)}.${predecessor}`;
  }

  /** Of all that was ever written about a key. */
  history(space: Space, key: string): string {
    return `${this.registry}.${letters[space]}.${encode(key)}.*`;
  }

  part(nonce: string, index: number): string {
    return `${this.registry}.p.${nonce}.${index}`;
  }

  parts(nonce: string): string {
    return `${this.registry}.p.${nonce}.*`;
  }

  /** A session's barriers take each other's places, but so late that whoever keeps up sees all of them. */
  barrier(session: string, number: number): string {
    return `${this.registry}.b.${session}.${number % barriersKept}`;
  }

  barriers(session: string): string {
    return `${this.registry}.b.${session}.*`;
  }

  retirement(nonce: string): string {
    return `${this.registry}.g.${nonce}`;
  }

  chunk(object: string, index: number): string {
    return `${this.objects}.${object}.${index}`;
  }

  chunks(object: string): string {
    return `${this.objects}.${object}.*`;
  }

  /** The object that a chunk's subject belongs to. */
  objectOf(subject: string): string {
    const object = subject.split('.')[1];
    assert(object !== undefined, 'the stream holds nothing but chunks');
    return object;
  }

  topicOf(subject: string): Topic {
    const [root, letter, first, second] = subject.split('.');
    if (root !== this.registry || first === undefined) return { kind: 'unknown' };
    switch (letter) {
      case 'r':
        return { kind: 'row', space: 'rows', key: decode(first) };
      case 'v':
        return { kind: 'row', space: 'values', key: decode(first) };
      case 'p':
        return { kind: 'part', nonce: first, index: Number(second) };
      case 'b':
        return { kind: 'barrier', session: first };
      case 'g':
        return { kind: 'retirement' };
      default:
        return { kind: 'unknown' };
    }
  }
}

const encode = (key: string): string => key.replaceAll('.', '%');
const decode = (token: string): string => token.replaceAll('%', '.');
