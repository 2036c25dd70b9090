import { ByteWriter } from './byte-writer.ts';
import { writeContents } from './contents.ts';
import { describeValue } from './describe-value.ts';
import { BufferColumn } from './buffer-column.ts';
import { SnapshotTooLargeError, UnserialisableError } from './errors.ts';
import { greatestSmallInteger, kind, type Kind, sectionCount, smallestSmallInteger, tag } from './format.ts';
import { classify, type Classified } from './classify.ts';
import { wellKnownSymbols } from './intrinsics.ts';
import type { EncodeOptions, ExternalRecord, Permanents } from './options.ts';
import { stepsTo } from './path.ts';
import { intrinsics, noPermanents } from './permanents.ts';
import { ShapeTable } from './shapes.ts';
import { StringTable } from './strings.ts';
import { Refusal } from './refusal.ts';

export const defaultSizeLimitBytes = 1024 * 1024 * 1024;

/** One pass over a graph. Objects are numbered when they are met, and written in the order of their numbers. */
export class Encoder {
  readonly options: EncodeOptions;
  readonly permanents: Permanents;
  readonly strings: StringTable;
  readonly shapes = new ShapeTable();
  readonly heads: ByteWriter;
  readonly contents: ByteWriter;
  readonly buffers = new BufferColumn();
  readonly #limitBytes: number;
  readonly #numbers = new Map<object, number>();
  readonly objects: object[] = [];
  readonly kinds: Kind[] = [];
  /** The object in which each was met: the way back to the root, should a value be refused. -1 is the root. */
  readonly parents: number[] = [];
  readonly records = new Map<number, ExternalRecord>();
  /** The number of the object whose contents are being written. */
  #current = -1;

  constructor(options: EncodeOptions) {
    this.options = options;
    this.permanents = options.permanents ?? noPermanents;
    this.#limitBytes = options.sizeLimitBytes ?? defaultSizeLimitBytes;
    this.strings = new StringTable(this.#limitBytes);
    this.heads = new ByteWriter(this.#limitBytes);
    this.contents = new ByteWriter(this.#limitBytes);
  }

  /** Runs the pass. @returns the sections, in order */
  run(root: unknown): Uint8Array[] {
    try {
      this.value(root);
      for (let number = 0; number < this.objects.length; number += 1) {
        this.#current = number;
        writeContents(this, number, this.objects[number] as object);
        this.#checkSize();
      }
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      throw new UnserialisableError(stepsTo(this, this.#current, thrown), thrown.description);
    }
    return this.#sections();
  }

  /** Writes one value; an object that was not met before gets its number and its head. */
  value(value: unknown): void {
    if (typeof value === 'function' || (typeof value === 'object' && value !== null)) this.#object(value);
    else this.#primitive(this.contents, value);
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
    const permanent = this.permanents.nameOf(value);
    if (permanent === undefined) throw new Refusal(value, describeValue(value));
    this.#named(out, tag.permanent, permanent);
  }

  #named(out: ByteWriter, tagged: number, name: string): void {
    out.byte(tagged);
    out.whole(this.strings.numberOf(name));
  }

  #object(value: object): void {
    let number = this.#numbers.get(value);
    if (number === undefined) {
      const permanent = this.permanents.nameOf(value) ?? intrinsics.nameOf(value);
      if (permanent !== undefined) return this.#named(this.contents, tag.permanent, permanent);
      number = this.#meet(value, classify(value, this.options));
    } else if (this.kinds[number] === kind.pool) {
      this.buffers.useWhole(value);
    }
    this.contents.byte(tag.object);
    this.contents.whole(number);
  }

  /** Numbers the object and writes its head; a view's buffer comes before the view. */
  #meet(value: object, found: Classified): number {
    switch (found.kind) {
      case 'refused':
        throw new Refusal(value, found.description);
      case 'simple':
        return this.#enter(value, found.as);
      case 'array':
        return this.#enter(value, kind.array, () => this.heads.whole(found.length));
      case 'date':
        return this.#enter(value, kind.date, () => this.heads.float64(found.time));
      case 'regExp':
        return this.#enter(value, kind.regExp, () => {
          this.heads.whole(this.strings.numberOf(found.source));
          this.heads.whole(this.strings.numberOf(found.flags));
        });
      case 'error':
        return this.#enter(value, kind.error, () => this.heads.byte(found.place));
      case 'boxed':
        return this.#enter(value, kind.boxed, () => this.#primitive(this.heads, found.primitive));
      case 'buffer':
        return this.#buffer(value, found);
      case 'view':
        return this.#view(value, found);
      case 'external':
        this.records.set(this.objects.length, found.record);
        return this.#enter(value, kind.external, () =>
          this.heads.whole(this.strings.numberOf(found.record.kind)),
        );
    }
  }

  #enter(value: object, as: Kind, head?: () => void, parent = this.#current): number {
    const number = this.objects.length;
    this.#numbers.set(value, number);
    this.objects.push(value);
    this.kinds.push(as);
    this.parents.push(parent);
    this.heads.byte(as);
    head?.();
    return number;
  }

  #buffer(value: object, found: Classified & { kind: 'buffer' }): number {
    this.buffers.add(found.bytes);
    return found.max === null
      ? this.#enter(value, kind.arrayBuffer, () => this.heads.whole(found.bytes.length))
      : this.#enter(value, kind.resizableBuffer, () => {
          this.heads.whole(found.bytes.length);
          this.heads.whole(found.max ?? 0);
        });
  }

  #view(value: object, found: Classified & { kind: 'view' }): number {
    const { extent } = found;
    let buffer = this.#numbers.get(extent.buffer);
    if (buffer === undefined && found.mayPool) {
      this.buffers.addPool(extent.buffer);
      buffer = this.#enter(extent.buffer, kind.pool, undefined, this.objects.length + 1);
    } else if (buffer === undefined) {
      const classified = classify(extent.buffer, this.options);
      if (classified.kind !== 'buffer') throw new Refusal(value, `view of ${describeValue(extent.buffer)}`);
      buffer = this.#buffer(extent.buffer, classified);
      this.parents[buffer] = this.objects.length;
    }
    if (this.kinds[buffer] === kind.pool) {
      if (found.mayPool) this.buffers.use(extent);
      else this.buffers.useWhole(extent.buffer);
    }
    return this.#enter(value, kind.view, () => {
      this.heads.byte(found.place);
      this.heads.whole(buffer);
      this.heads.byte(found.followsLength ? 1 : 0);
      this.heads.whole(extent.byteOffset);
      this.heads.whole(extent.length);
    });
  }

  #checkSize(): void {
    const found = this.heads.length + this.contents.length + this.strings.sizeBytes + this.buffers.sizeBytes;
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
    sections.push(pools.written(), ...blobs);
    const lengths = new ByteWriter(this.#limitBytes);
    for (const section of sections.slice(0, sectionCount - 1)) lengths.whole(section.length);
    lengths.whole(blobs.reduce((total, blob) => total + blob.length, 0));
    return [lengths.written(), ...sections];
  }
}

function writeNumber(out: ByteWriter, value: number): void {
  if (!Number.isSafeInteger(value) || (value === 0 && 1 / value < 0)) {
    out.byte(tag.float64);
    out.float64(value);
  } else if (value >= smallestSmallInteger && value <= greatestSmallInteger) {
    out.byte(value - smallestSmallInteger + tag.smallInteger);
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
