import { ByteWriter } from './byte-writer.ts';
import { writeContents } from './contents.ts';
import { writeHead } from './head-writer.ts';
import { writeBigint, writeNumber } from './scalars.ts';
import { sectionsOf } from './sections.ts';
import { describeValue } from './describe-value.ts';
import { BufferColumn } from './buffer-column.ts';
import { SnapshotTooLargeError, UnserialisableError } from './errors.ts';
import { hasSymbols, kind, type Kind, shapeUnit, tag } from './format.ts';
import { type Classified, Classifier } from './classify.ts';
import type { Hints } from './hints.ts';
import { ownNames, ownSymbols, wellKnownSymbols } from './intrinsics.ts';
import { integrityOf } from './properties.ts';
import { isMadeOfOthers, kindOf } from './operands.ts';
import type { Callable, EncodeOptions, Permanents, PrivatesForm } from './options.ts';
import { meetParts, missingPart } from './parts.ts';
import { stepsTo } from './path.ts';
import { intrinsics, noPermanents } from './permanents.ts';
import { urlName } from './recipes.ts';
import { SavedInstances } from './saved-instances.ts';
import { ShapeTable } from './shapes.ts';
import { StringTable } from './strings.ts';
import { Refusal } from './refusal.ts';
import { settleWalks } from './walks.ts';
import { WeakColumn } from './weak-column.ts';

export const defaultSizeLimitBytes = 1024 * 1024 * 1024;

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
  readonly classifier: Classifier;
  readonly #numbers = new Map<object | symbol, number>();
  /** Names of what turned out to be held by reference only when it was looked at. */
  readonly names = new Map<object, string>();
  readonly objects: (object | symbol)[] = [];
  readonly kinds: Kind[] = [];
  /** Of plain objects: what their heads say. */
  readonly shapeHeads: number[] = [];
  /** What each was met in: the way back to the root, should a value be refused. Null is the root. */
  readonly parents: (object | null)[] = [];
  /** What objects are made of that are made of others. */
  readonly forms = new Map<object, Classified>();
  /** What those were met in that wait for others. */
  readonly partOf = new Map<object, object | null>();
  readonly records = new Map<number, Classified & { kind: 'external' }>();
  readonly privates = new Map<number, readonly PrivatesForm[]>();
  readonly saving: SavedInstances;
  /** The object whose contents are being written. */
  current: object | null = null;
  /** The objects that the contents at hand refer to; null while nobody asks. */
  referred: number[] | null = null;

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
    this.classifier = new Classifier(options, hints);
    hints.unsettledWalks = [];
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
      settleWalks(this);
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      this.hints.noteHost(this.current, this.options.host);
      throw new UnserialisableError(stepsTo(this, this.current, thrown), thrown.description);
    }
    this.#checkSize();
    return sectionsOf(this, this.#limitBytes);
  }

  /** Writes contents, and before them whatever saved instances they refer to. */
  #unit(number: number, root: unknown): void {
    if (this.saving.isWritten(number)) return;
    this.saving.turn = number;
    const start = this.contents.length;
    for (;;) {
      this.writeContents(number, root);
      if (!this.saving.isAwaited) break;
      this.contents.takeBack(start);
      this.saving.resolve();
    }
    if ((number & checkedEvery) === 0) this.#checkSize();
  }

  /** Writes contents once; what they refer to is numbered on the way. */
  writeContents(number: number, root: unknown): void {
    const object = this.objects[number];
    this.current = object === undefined || typeof object === 'symbol' ? null : object;
    if (number === rootUnit) this.value(root);
    else if (this.current !== null) writeContents(this, number, this.current);
  }

  /** Writes one value; an object that was not met before gets its number and its head. */
  value(value: unknown): void {
    this.write(this.contents, value);
  }

  write(out: ByteWriter, value: unknown): void {
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
    this.current = this.objects[number] as object;
    const start = out.length;
    for (;;) {
      out.whole(number);
      for (const part of parts) this.write(out, part);
      if (!this.saving.isAwaited) return;
      out.takeBack(start);
      this.saving.resolve();
    }
  }

  numberOf(value: object | symbol): number | undefined {
    return this.#numbers.get(value);
  }

  #primitive(out: ByteWriter, value: unknown): void {
    switch (typeof value) {
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
    this.prepareSymbol(value);
    this.#refer(out, this.#numbers.get(value) as number);
  }

  /** Numbers a symbol of nobody else's; heads that refer to it come later. */
  prepareSymbol(value: symbol): void {
    if (this.#numbers.has(value) || wellKnownSymbols.has(value) || Symbol.keyFor(value) !== undefined) return;
    const { description } = value;
    this.#number(value, kind.symbol, this.current);
    this.heads.byte(description === undefined ? 0 : 1);
    if (description !== undefined) this.heads.whole(this.strings.numberOf(description));
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
    const found = this.classifier.classify(value);
    if (found.kind === 'named') {
      this.hints.noteHost(this.current, this.options.host);
      this.names.set(value, found.name);
      return this.#named(out, tag.permanent, found.name);
    }
    if (isMadeOfOthers(found) && (found.kind === 'saved' || missingPart(this, found) !== null)) {
      if (meetParts(this, value, found)) this.#refer(out, this.#numbers.get(value) as number);
      return;
    }
    this.#refer(out, this.enter(value, found, this.current));
  }

  #refer(out: ByteWriter, number: number): void {
    out.byte(tag.object);
    out.whole(number);
    if (this.referred !== null) this.referred.push(number);
  }

  #nameOf(value: object): string | undefined {
    const name = this.permanents.nameOf(value) ?? intrinsics.nameOf(value);
    if (name !== undefined) return name;
    if (this.hints.named.size > 0 && this.hints.named.has(value)) return this.hints.named.get(value);
    return this.names.size > 0 ? this.names.get(value) : undefined;
  }

  /** What the object was met in; null at the root. */
  parentOf(value: object): object | null {
    const number = this.#numbers.get(value);
    return (number === undefined ? this.partOf.get(value) : this.parents[number]) ?? null;
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
  enter(value: object, found: Classified, parent: object | null): number {
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
        writeHead(this, found, value);
        return number;
      }
      case 'array': {
        const number = this.#number(value, kind.array, parent);
        this.heads.whole(found.length);
        return number;
      }
      default: {
        this.#prepare(value, found);
        const number = this.#number(value, kindOf(found), parent);
        if (isMadeOfOthers(found)) this.forms.set(value, found);
        if (found.kind === 'external') this.records.set(number, found);
        if (found.kind === 'recipe' && found.name === urlName) this.hints.noteUrl(value, this.#numbers);
        if (found.kind === 'class') this.#notePrivates(number, this.options.code?.privatesOf(value) ?? []);
        writeHead(this, found, value);
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
    this.#prepare(value, base);
    const number = this.#number(value, kind.derived, parent);
    // What it holds is written as that of its base; ordinary objects mind what they inherit.
    if (base.kind !== 'simple' || base.as !== kind.plain) {
      this.kinds[number] = kindOf(base);
      this.forms.set(value, found);
    }
    this.#notePrivates(number, privates);
    this.write(this.heads, found.prototype);
    this.heads.byte(privates.length > 0 ? 1 : 0);
    this.heads.byte(kindOf(base));
    if (base.kind === 'simple' && base.as === kind.plain) this.#shape(number, value);
    else writeHead(this, base, value);
    if (base.kind === 'recipe' && base.name === urlName) this.hints.noteUrl(value, this.#numbers);
    return number;
  }

  #notePrivates(number: number, privates: readonly PrivatesForm[]): void {
    if (privates.length > 0) this.privates.set(number, privates);
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
    return this.classifier.isCarried(prototype);
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
    this.hints.notePrototype(prototype, owner as Callable, known !== undefined);
  }

  /** Numbers what a head refers to that is no operand of its own. */
  #prepare(value: object, found: Classified): void {
    if (found.kind === 'view') this.#enterBuffer(value, found);
    else if (found.kind === 'boxed' && typeof found.primitive === 'symbol')
      this.prepareSymbol(found.primitive);
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
      const classified = this.classifier.classify(buffer);
      const isDetached = classified.kind === 'simple' && classified.as === kind.detachedBuffer;
      if (classified.kind !== 'buffer' && !isDetached)
        throw new Refusal(value, `view of ${describeValue(buffer)}`);
      this.enter(buffer, classified, value);
    }
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
}
