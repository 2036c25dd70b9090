import { ByteWriter } from './byte-writer.ts';
import { writeContents } from './contents.ts';
import { describeValue } from './describe-value.ts';
import { BufferColumn } from './buffer-column.ts';
import { SnapshotTooLargeError, UnserialisableError } from './errors.ts';
import {
  greatestSmallInteger,
  hasSymbols,
  kind,
  type Kind,
  shapeUnit,
  smallestSmallInteger,
  tag,
} from './format.ts';
import { type Classified, Classifier } from './classify.ts';
import { type Hints, noHints, Restart } from './hints.ts';
import { getPrototypeOf, ownNames, ownSymbols, wellKnownSymbols } from './intrinsics.ts';
import { integrityOf } from './properties.ts';
import { isMadeOfOthers, kindOf, operandsOf } from './operands.ts';
import type { Callable, EncodeOptions, Permanents, PrivatesForm } from './options.ts';
import { stepsTo } from './path.ts';
import { intrinsics, noPermanents } from './permanents.ts';
import { searchParamsOf, urlName } from './recipes.ts';
import { SavedInstances } from './saved-instances.ts';
import { ShapeTable } from './shapes.ts';
import { StringTable } from './strings.ts';
import { Refusal } from './refusal.ts';
import { WeakColumn } from './weak-column.ts';

export const defaultSizeLimitBytes = 1024 * 1024 * 1024;

/**
 * Writes a graph, as the sections of a body in order.
 *
 * @throws {UnserialisableError | SnapshotTooLargeError}
 */
export function encodeBody(root: unknown, options: EncodeOptions): Uint8Array[] {
  const hints = noHints();
  for (;;) {
    try {
      return new Encoder(options, hints).run(root);
    } catch (thrown) {
      // Each restart knows one thing more of a finite graph.
      if (!(thrown instanceof Restart)) throw thrown;
    }
  }
}

/** Whether the size is looked at: not after each of them. */
const checkedEvery = 15;

/** Contents that are being written, or the value of the root. */
const rootUnit = -1;

/** One pass over a graph. Objects are numbered when they are met, and written in the order of their numbers. */
export class Encoder {
  readonly options: EncodeOptions;
  readonly permanents: Permanents;
  readonly hints: Hints;
  readonly strings: StringTable;
  readonly shapes = new ShapeTable();
  readonly heads: ByteWriter;
  readonly contents: ByteWriter;
  readonly buffers = new BufferColumn();
  /** Weak collections, which are filled when all else is known. */
  readonly weak: WeakColumn;
  readonly #limitBytes: number;
  readonly #classifier: Classifier;
  readonly #numbers = new Map<object | symbol, number>();
  /** Names of what turned out to be held by reference only when it was looked at. */
  readonly #names = new Map<object, string>();
  readonly objects: (object | symbol)[] = [];
  readonly kinds: Kind[] = [];
  /** Of plain objects: what their heads say. */
  readonly shapeHeads: number[] = [];
  /** What each was met in: the way back to the root, should a value be refused. Null is the root. */
  readonly parents: (object | null)[] = [];
  /** What objects are made of that are made of others. */
  readonly forms = new Map<object, Classified>();
  /** What those were met in that wait for others. */
  readonly #partOf = new Map<object, object | null>();
  readonly records = new Map<number, Classified & { kind: 'external' }>();
  readonly privates = new Map<number, readonly PrivatesForm[]>();
  readonly saving: SavedInstances;
  /** The object whose contents are being written. */
  #current: object | null = null;
  /** The objects that the contents at hand refer to; null while nobody asks. */
  #referred: number[] | null = null;

  constructor(options: EncodeOptions, hints: Hints) {
    this.options = options;
    this.hints = hints;
    this.permanents = options.permanents ?? noPermanents;
    this.#limitBytes = options.sizeLimitBytes ?? defaultSizeLimitBytes;
    this.strings = new StringTable(this.#limitBytes);
    this.heads = new ByteWriter(this.#limitBytes);
    this.contents = new ByteWriter(this.#limitBytes);
    this.weak = new WeakColumn(this.#limitBytes);
    this.saving = new SavedInstances(this);
    this.#classifier = new Classifier(options, hints);
  }

  /** Runs the pass. @returns the sections, in order */
  run(root: unknown): Uint8Array[] {
    try {
      this.#unit(rootUnit, root);
      let number = 0;
      do {
        for (; number < this.objects.length; number += 1) this.#unit(number, root);
        this.saving.turn = number;
      } while (this.weak.next(this, this.objects));
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      this.#noteHost();
      throw new UnserialisableError(stepsTo(this, this.#current, thrown), thrown.description);
    }
    this.#checkSize();
    return this.#sections();
  }

  /** Writes contents, and before them whatever saved instances they refer to. */
  #unit(number: number, root: unknown): void {
    if (this.saving.isWritten(number)) return;
    this.saving.turn = number;
    const start = this.contents.length;
    for (;;) {
      this.#write(number, root);
      if (!this.saving.isAwaited) break;
      this.contents.takeBack(start);
      this.saving.resolve();
    }
    if ((number & checkedEvery) === 0) this.#checkSize();
  }

  #write(number: number, root: unknown): void {
    const object = this.objects[number];
    this.#current = object === undefined || typeof object === 'symbol' ? null : object;
    if (number === rootUnit) this.value(root);
    else if (this.#current !== null) writeContents(this, number, this.#current);
  }

  /**
   * Writes contents out of turn, or takes them back when they wait for a saved instance.
   *
   * @param isWritten whether it is only asked what they refer to
   * @returns the numbers of what they and the head refer to
   */
  tryContents(number: number, isWritten: boolean): number[] {
    const start = this.contents.length;
    const referred = this.#attempt(() => this.#write(number, null));
    if (isWritten) this.contents.takeBack(start);
    const object = this.objects[number];
    if (object === undefined || typeof object === 'symbol') return referred;
    const form = this.forms.get(object);
    const parts = form === undefined ? [] : operandsOf(form);
    for (const part of [getPrototypeOf(object), ...parts]) {
      const known = this.#numbers.get(part as object);
      if (known !== undefined) referred.push(known);
    }
    return referred;
  }

  /** Numbers what a saved instance is made of. @returns what that refers to */
  numberData(value: object, found: Classified & { kind: 'saved' }, parent: object | null): number[] {
    const { saved } = this.hints;
    if (!saved.has(value)) saved.set(value, found.save());
    this.forms.set(value, found);
    this.#partOf.set(value, parent);
    this.#current = value;
    const start = this.contents.length;
    const referred = this.#attempt(() => this.value(saved.get(value)));
    this.contents.takeBack(start);
    return referred;
  }

  #attempt(write: () => void): number[] {
    const start = this.contents.length;
    const referred: number[] = [];
    this.#referred = referred;
    write();
    this.#referred = null;
    if (this.saving.isAwaited) this.contents.takeBack(start);
    return referred;
  }

  /** Writes one value; an object that was not met before gets its number and its head. */
  value(value: unknown): void {
    this.#value(this.contents, value);
  }

  #value(out: ByteWriter, value: unknown): void {
    switch (typeof value) {
      case 'number':
        return writeNumber(out, value);
      case 'string':
        return this.#named(out, tag.string, value);
      case 'object':
        return value === null ? out.byte(tag.null) : this.#object(out, value);
      case 'function':
        return this.#object(out, value);
      default:
        return this.#primitive(out, value);
    }
  }

  /** Writes a weak entry: its collection's number, its key, and an item where there is one. */
  entry(out: ByteWriter, number: number, parts: readonly unknown[]): void {
    this.#current = this.objects[number] as object;
    const start = out.length;
    for (;;) {
      out.whole(number);
      for (const part of parts) this.#value(out, part);
      if (!this.saving.isAwaited) return;
      out.takeBack(start);
      this.saving.resolve();
    }
  }

  numberOf(value: object | symbol): number | undefined {
    return this.#numbers.get(value);
  }

  /** Writes that `count` elements in a row are missing. */
  holes(count: number): void {
    if (count === 0) return;
    this.contents.byte(tag.hole);
    this.contents.whole(count);
  }

  #primitive(out: ByteWriter, value: unknown): void {
    switch (typeof value) {
      case 'number':
        return writeNumber(out, value);
      case 'string':
        return this.#named(out, tag.string, value);
      case 'boolean':
        return out.byte(value ? tag.true : tag.false);
      case 'undefined':
        return out.byte(tag.undefined);
      case 'bigint':
        return writeBigint(out, value);
      case 'symbol':
        return this.#symbol(out, value);
      default:
        return out.byte(tag.null);
    }
  }

  #symbol(out: ByteWriter, value: symbol): void {
    const wellKnown = wellKnownSymbols.get(value);
    if (wellKnown !== undefined) return this.#named(out, tag.wellKnownSymbol, wellKnown);
    const registered = Symbol.keyFor(value);
    if (registered !== undefined) return this.#named(out, tag.registeredSymbol, registered);
    const permanent = this.permanents.nameOf(value) ?? this.options.host?.nameOf(value);
    if (permanent !== undefined) return this.#named(out, tag.permanent, permanent);
    this.#refer(out, this.#numbers.get(value) ?? this.#enterSymbol(value));
  }

  #enterSymbol(value: symbol): number {
    const { description } = value;
    const number = this.#number(value, kind.symbol, this.#current);
    this.heads.byte(description === undefined ? 0 : 1);
    if (description !== undefined) this.heads.whole(this.strings.numberOf(description));
    return number;
  }

  #named(out: ByteWriter, tagged: number, name: string): void {
    out.byte(tagged);
    out.whole(this.strings.numberOf(name));
  }

  #object(out: ByteWriter, value: object): void {
    const known = this.#numbers.get(value);
    if (known === undefined) return this.#first(out, value);
    if (this.kinds[known] === kind.pool) this.buffers.useWhole(value);
    this.#refer(out, known);
  }

  /** Writes a value that was not met before; nothing when a saved instance has to come first. */
  #first(out: ByteWriter, value: object): void {
    const name = this.#nameOf(value);
    if (name !== undefined) return this.#named(out, tag.permanent, name);
    const found = this.#classifier.classify(value);
    if (found.kind === 'named') {
      this.#noteHost();
      this.#names.set(value, found.name);
      return this.#named(out, tag.permanent, found.name);
    }
    if (isMadeOfOthers(found) && (found.kind === 'saved' || this.#missingPart(found) !== null)) {
      if (this.#meetParts(value, found)) this.#refer(out, this.#numbers.get(value) as number);
      return;
    }
    this.#refer(out, this.#enter(value, found, this.#current));
  }

  #refer(out: ByteWriter, number: number): void {
    out.byte(tag.object);
    out.whole(number);
    if (this.#referred !== null) this.#referred.push(number);
  }

  /** Whoever holds something of the host may be the host's own: it is held by reference then, and the pass begins again. */
  #noteHost(): void {
    const holder = this.#current;
    const name = holder === null ? undefined : this.options.host?.nameOf(holder);
    if (holder === null || name === undefined || this.hints.named.has(holder)) return;
    this.hints.named.set(holder, name);
    throw new Restart();
  }

  #nameOf(value: object): string | undefined {
    const name = this.permanents.nameOf(value) ?? intrinsics.nameOf(value);
    if (name !== undefined) return name;
    if (this.hints.named.size > 0 && this.hints.named.has(value)) return this.hints.named.get(value);
    return this.#names.size > 0 ? this.#names.get(value) : undefined;
  }

  /**
   * Numbers a value after all that it is made of, however deep that goes.
   *
   * @returns false when a saved instance has to be written before
   */
  #meetParts(value: object, first: Classified): boolean {
    const open = new Set<object>([value]);
    const stack: { readonly value: object; readonly found: Classified; readonly parent: object | null }[] = [
      { value, found: first, parent: this.#current },
    ];
    const holder = this.#current;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (top.found.kind === 'saved') {
        this.#current = holder;
        this.saving.await(top.value, top.found, top.parent);
        return false;
      }
      this.#current = top.value;
      this.forms.set(top.value, top.found);
      this.#partOf.set(top.value, top.parent);
      const part = this.#missingPart(top.found);
      if (part === null) {
        this.#enter(top.value, top.found, top.parent);
        stack.pop();
        continue;
      }
      if (open.has(part)) throw new Refusal(part, 'something that is made out of itself');
      const found = this.#classifier.classify(part);
      if (found.kind === 'named') this.#names.set(part, found.name);
      else if (!isMadeOfOthers(found)) this.#enter(part, found, top.value);
      else {
        open.add(part);
        stack.push({ value: part, found, parent: top.value });
      }
    }
    this.#current = holder;
    return true;
  }

  /** The first of the objects that something is made of which is not there yet. */
  #missingPart(found: Classified): object | null {
    if (found.kind === 'derived' && !isMadeOfOthers(found.base)) {
      return this.#isThere(found.prototype) ? null : found.prototype;
    }
    for (const part of operandsOf(found)) if (!this.#isThere(part)) return part as object;
    return null;
  }

  #isThere(part: unknown): boolean {
    if (typeof part !== 'function' && (typeof part !== 'object' || part === null)) return true;
    return this.#numbers.has(part) || this.#nameOf(part) !== undefined;
  }

  /** What the object was met in; null at the root. */
  parentOf(value: object): object | null {
    const number = this.#numbers.get(value);
    return (number === undefined ? this.#partOf.get(value) : this.parents[number]) ?? null;
  }

  #number(value: object | symbol, as: Kind, parent: object | null): number {
    const number = this.objects.length;
    this.#numbers.set(value, number);
    this.objects.push(value);
    this.kinds.push(as);
    this.shapeHeads.push(0);
    this.parents.push(parent);
    this.heads.byte(as);
    return number;
  }

  /** Numbers the object and writes its head; a view's buffer comes before the view. */
  #enter(value: object, found: Classified, parent: object | null): number {
    switch (found.kind) {
      case 'refused':
        throw new Refusal(value, found.description);
      case 'simple': {
        const number = this.#number(value, found.as, parent);
        if (found.as === kind.plain || found.as === kind.nullPrototype) this.#shape(number, value);
        return number;
      }
      case 'derived':
        return this.#enterDerived(value, found, parent);
      case 'buffer': {
        const number = this.#number(
          value,
          found.max === null ? kind.arrayBuffer : kind.resizableBuffer,
          parent,
        );
        this.#head(found, value);
        return number;
      }
      case 'array': {
        const number = this.#number(value, kind.array, parent);
        this.heads.whole(found.length);
        return number;
      }
      default: {
        if (found.kind === 'view') this.#enterBuffer(value, found);
        const number = this.#number(value, kindOf(found), parent);
        if (isMadeOfOthers(found)) this.forms.set(value, found);
        if (found.kind === 'external') this.records.set(number, found);
        if (found.kind === 'recipe' && found.name === urlName) this.#noteSearchParams(value);
        if (found.kind === 'class') this.#notePrivates(number, this.options.code?.privatesOf(value) ?? []);
        this.#head(found, value);
        return number;
      }
    }
  }

  /** Which keys a plain object has is said in its head, so that it can be made with all of them. */
  #shape(number: number, value: object): void {
    const symbols = ownSymbols(value).length === 0 ? 0 : hasSymbols;
    const form = this.shapes.numberOf(ownNames(value)) * shapeUnit + symbols + integrityOf(value);
    this.shapeHeads[number] = form;
    this.heads.whole(form);
  }

  #enterDerived(value: object, found: Classified & { kind: 'derived' }, parent: object | null): number {
    const { base, privates } = found;
    if (base.kind === 'view') this.#enterBuffer(value, base);
    const number = this.#number(value, kind.derived, parent);
    // What it holds is written as that of its base; ordinary objects mind what they inherit.
    if (base.kind !== 'simple' || base.as !== kind.plain) {
      this.kinds[number] = kindOf(base);
      this.forms.set(value, found);
    }
    this.#notePrivates(number, privates);
    this.#value(this.heads, found.prototype);
    this.heads.byte(privates.length > 0 ? 1 : 0);
    this.heads.byte(kindOf(base));
    if (base.kind === 'simple' && base.as === kind.plain) this.#shape(number, value);
    else this.#head(base, value);
    if (base.kind === 'recipe' && base.name === urlName) this.#noteSearchParams(value);
    return number;
  }

  #notePrivates(number: number, privates: readonly PrivatesForm[]): void {
    if (privates.length > 0) this.privates.set(number, privates);
  }

  /** What an object's `searchParams` are must be known before they are met. */
  #noteSearchParams(url: object): void {
    const params = searchParamsOf(url);
    if (this.hints.urls.has(params)) return;
    this.hints.urls.set(params, url);
    if (this.#numbers.has(params)) throw new Restart();
  }

  /** Whether the object is what its kind says but for its prototype. */
  isDerived(number: number): boolean {
    return this.forms.get(this.objects[number] as object)?.kind === 'derived';
  }

  /** Whether it is held by reference. */
  isNamed(value: object): boolean {
    return this.#nameOf(value) !== undefined;
  }

  isCarried(prototype: object): boolean {
    return this.#classifier.isCarried(prototype);
  }

  recipeOf(value: object): (Classified & { kind: 'recipe' }) | null {
    const form = this.forms.get(value);
    const base = form?.kind === 'derived' ? form.base : form;
    return base?.kind === 'recipe' ? base : null;
  }

  /** Makes sure that the `prototype` of a class is known as that. */
  claimPrototype(prototype: object, owner: object): void {
    const known = this.#numbers.get(prototype);
    if (known !== undefined && this.kinds[known] === kind.prototypeOf) return;
    if (this.hints.prototypes.get(prototype) === owner) return;
    this.hints.prototypes.set(prototype, owner as Callable);
    if (known !== undefined) throw new Restart();
  }

  /** What follows the kind. All that it refers to is numbered. */
  #head(found: Classified, value: object): void {
    const { heads, strings } = this;
    switch (found.kind) {
      case 'array':
        return heads.whole(found.length);
      case 'date':
        return heads.float64(found.time);
      case 'regExp':
        heads.whole(strings.numberOf(found.source));
        return heads.whole(strings.numberOf(found.flags));
      case 'error':
        return heads.byte(found.place);
      case 'boxed':
        return this.#primitive(heads, found.primitive);
      case 'buffer':
        this.buffers.add(found.bytes);
        heads.whole(found.bytes.length);
        return found.max === null ? undefined : heads.whole(found.max);
      case 'view':
        return this.#viewHead(found);
      case 'recipe':
        heads.whole(strings.numberOf(found.name));
        return this.#list(found.args);
      case 'closure':
      case 'class':
        heads.whole(strings.numberOf(found.code));
        this.#list(found.captured);
        if (found.kind === 'closure') return;
        this.#value(heads, found.superclass);
        this.#list(found.keys);
        return heads.byte((this.privates.get(this.objects.length - 1)?.length ?? 0) > 0 ? 1 : 0);
      case 'bound':
        this.#value(heads, found.target);
        this.#value(heads, found.self);
        return this.#list(found.args);
      case 'member':
        this.#value(heads, found.home);
        return heads.whole(strings.numberOf(found.member));
      case 'prototypeOf':
        return this.#value(heads, found.of);
      case 'external':
        heads.whole(strings.numberOf(found.record.kind));
        heads.byte(found.prototype === null ? 0 : 1);
        return found.prototype === null ? undefined : this.#value(heads, found.prototype);
      case 'saved':
        heads.whole(strings.numberOf(found.name));
        return this.#value(heads, this.hints.saved.get(value));
      default:
        return;
    }
  }

  #list(values: readonly unknown[]): void {
    this.heads.whole(values.length);
    for (const value of values) this.#value(this.heads, value);
  }

  /** Numbers a saved instance, whose data is whole. */
  enterSaved(value: object, found: Classified & { kind: 'saved' }, parent: object | null): number {
    return this.#enter(value, found, parent);
  }

  /** The buffer of a view. Of small Buffers' pool only what they show is written. */
  #enterBuffer(value: object, found: Classified & { kind: 'view' }): void {
    const { buffer } = found.extent;
    const known = this.#numbers.get(buffer);
    if (known !== undefined) {
      if (this.kinds[known] !== kind.pool) return;
      if (found.mayPool) this.buffers.use(found.extent);
      else this.buffers.useWhole(buffer);
    } else if (found.mayPool) {
      this.buffers.addPool(buffer);
      this.#number(buffer, kind.pool, value);
      this.buffers.use(found.extent);
    } else {
      const classified = this.#classifier.classify(buffer);
      const isDetached = classified.kind === 'simple' && classified.as === kind.detachedBuffer;
      if (classified.kind !== 'buffer' && !isDetached)
        throw new Refusal(value, `view of ${describeValue(buffer)}`);
      this.#enter(buffer, classified, value);
    }
  }

  #viewHead(found: Classified & { kind: 'view' }): void {
    const { extent } = found;
    this.heads.byte(found.place);
    this.heads.whole(this.#numbers.get(extent.buffer) as number);
    this.heads.byte(found.followsLength ? 1 : 0);
    this.heads.whole(extent.byteOffset);
    this.heads.whole(extent.length);
  }

  #checkSize(): void {
    const found =
      this.heads.length +
      this.contents.length +
      this.strings.sizeBytes +
      this.buffers.sizeBytes +
      this.weak.sizeBytes;
    if (found > this.#limitBytes) throw new SnapshotTooLargeError(found, this.#limitBytes);
  }

  #sections(): Uint8Array[] {
    const shapes = new ByteWriter(this.#limitBytes);
    for (const keys of this.shapes.lists) {
      shapes.whole(keys.length);
      for (const key of keys) shapes.whole(this.strings.numberOf(key));
    }
    const pools = new ByteWriter(this.#limitBytes);
    const blobs = this.buffers.finish(pools);
    const sections = [
      this.strings.written(),
      shapes.written(),
      this.heads.written(),
      this.contents.written(),
    ];
    const { order } = this.saving;
    const weak = this.weak.written();
    sections.push(pools.written(), ...blobs, order.written(), weak);
    const lengths = new ByteWriter(this.#limitBytes);
    const blobsAt = 5;
    for (const section of sections.slice(0, blobsAt)) lengths.whole(section.length);
    lengths.whole(blobs.reduce((total, blob) => total + blob.length, 0));
    lengths.whole(order.length);
    lengths.whole(weak.length);
    return [lengths.written(), ...sections];
  }
}

function writeNumber(out: ByteWriter, value: number): void {
  if (value >= smallestSmallInteger && value <= greatestSmallInteger && (value | 0) === value) {
    if (value !== 0 || 1 / value > 0) return out.byte(value - smallestSmallInteger + tag.smallInteger);
  }
  if (!Number.isSafeInteger(value) || value === 0) {
    out.byte(tag.float64);
    out.float64(value);
  } else if (value >= 0) {
    out.byte(tag.integer);
    out.whole(value);
  } else {
    out.byte(tag.negativeInteger);
    out.whole(-value - 1);
  }
}

function writeBigint(out: ByteWriter, value: bigint): void {
  const isNegative = value < 0n;
  const digits = (isNegative ? -value : value).toString(16);
  out.byte(tag.bigint);
  out.byte(isNegative ? 1 : 0);
  out.whole(digits.length);
  out.narrow(digits);
}
