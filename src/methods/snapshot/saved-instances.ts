import { ByteWriter } from './byte-writer.ts';
import type { Classified } from './classify.ts';
import type { Encoder } from './encoder.ts';
import { getPrototypeOf } from './intrinsics.ts';
import { operandsOf } from './operands.ts';
import { Refusal } from './refusal.ts';

type Saved = Classified & { kind: 'saved' };

interface Awaited {
  readonly value: object;
  readonly found: Saved;
  readonly parent: object | null;
}

/** An instance that others wait for, while the contents of what its data reaches are written. */
interface Waiting extends Awaited {
  /** What is numbered from here on was met through its data. */
  readonly firstNumber: number;
  /** What its data reaches, as far as that was not looked at; null while the data itself is not numbered. */
  open: number[] | null;
  /** What was looked at. */
  readonly seen: Set<number>;
  /** False once something had to be left that is not whole yet. */
  isWhole: boolean;
}

/**
 * Instances that are made out of whole data: before such a head stand the contents of all that its data reaches. Contents
 * that refer to an instance which has no number yet are written in vain, taken back, and written again after it.
 */
export class SavedInstances {
  /**
   * For each saved head: how many contents had had their turn (the root's first), then how many were written out of
   * turn since the head before, and whose.
   */
  readonly order = new ByteWriter(Number.MAX_SAFE_INTEGER);
  /** The contents that are being written, in the order of numbers. */
  turn = -1;
  readonly #encoder: Encoder;
  #awaited: Awaited[] = [];
  /** Written before their turn. */
  readonly #written = new Set<number>();
  #outOfTurn: number[] = [];
  /** Instances whose data is being written. */
  readonly #begun = new Set<object>();
  /** What is whole, with all that it reaches. */
  readonly #whole = new Set<number>();

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
  }

  get isAwaited(): boolean {
    return this.#awaited.length > 0;
  }

  isWritten(number: number): boolean {
    return this.#written.has(number);
  }

  /** Notes that the contents at hand need this instance first. */
  await(value: object, found: Saved, parent: object | null): void {
    this.#awaited.push({ value, found, parent });
  }

  /** Numbers all that is awaited, after the contents that it needs. */
  resolve(): void {
    const stack: Waiting[] = [];
    this.#push(stack);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (this.#encoder.numberOf(top.value) !== undefined) stack.pop();
      else if (top.open === null) this.#numberData(top, stack);
      else if (top.open.length > 0) this.#writeNext(top, top.open, stack);
      else {
        this.#writeOrder();
        const number = this.#encoder.enter(top.value, top.found, top.parent);
        this.#begun.delete(top.value);
        if (top.isWhole) for (const seen of top.seen.add(number)) this.#whole.add(seen);
        stack.pop();
      }
    }
  }

  #push(stack: Waiting[]): void {
    const firstNumber = this.#encoder.objects.length;
    for (const awaited of this.#awaited) {
      stack.push({ ...awaited, firstNumber, open: null, seen: new Set(), isWhole: true });
    }
    this.#awaited = [];
  }

  #numberData(top: Waiting, stack: Waiting[]): void {
    this.#begun.add(top.value);
    const referred = this.#dataOf(top);
    if (this.isAwaited) this.#waitFor(top, stack);
    else top.open = referred;
  }

  #writeNext(top: Waiting, open: number[], stack: Waiting[]): void {
    const number = open.pop() as number;
    if (top.seen.has(number) || this.#whole.has(number)) return;
    top.seen.add(number);
    if (number === this.turn) {
      // Being written: it holds the instance.
      top.isWhole = false;
      return;
    }
    const isWritten = number < this.turn || this.#written.has(number);
    const referred = this.#contentsOf(number, isWritten);
    if (!this.isAwaited) {
      if (!isWritten) {
        this.#written.add(number);
        this.#outOfTurn.push(number);
      }
      open.push(...referred);
      return;
    }
    if (number < top.firstNumber && this.#again() !== undefined) {
      // It was there before, and holds the instance: the data refers to it, but it is not whole yet.
      this.#awaited = [];
      top.isWhole = false;
      return;
    }
    top.seen.delete(number);
    open.push(number);
    this.#waitFor(top, stack);
  }

  /** What is waited for that waits itself. */
  #again(): Awaited | undefined {
    return this.#awaited.find(({ value }) => this.#begun.has(value));
  }

  #waitFor(top: Waiting, stack: Waiting[]): void {
    const again = this.#again();
    if (again !== undefined) {
      throw new Refusal(again.value, `${top.found.name} whose saved data leads back to it`);
    }
    this.#push(stack);
  }

  #writeOrder(): void {
    this.order.whole(this.turn + 1);
    this.order.whole(this.#outOfTurn.length);
    for (const number of this.#outOfTurn) this.order.whole(number);
    this.#outOfTurn = [];
  }

  /**
   * Writes contents out of turn, or takes them back when they wait for a saved instance.
   *
   * @param isWritten whether it is only asked what they refer to
   * @returns the numbers of what they and the head refer to
   */
  #contentsOf(number: number, isWritten: boolean): number[] {
    const { contents, objects, forms } = this.#encoder;
    const start = contents.length;
    const referred = this.#attempt(() => this.#encoder.writeContents(number, null));
    if (isWritten) contents.takeBack(start);
    const object = objects[number];
    if (object === undefined || typeof object === 'symbol') return referred;
    const form = forms.get(object);
    const parts = form === undefined ? [] : operandsOf(form);
    for (const part of [getPrototypeOf(object), ...parts]) {
      const known = this.#encoder.numberOf(part as object);
      if (known !== undefined) referred.push(known);
    }
    return referred;
  }

  /** Numbers what a saved instance is made of. @returns what that refers to */
  #dataOf({ value, found, parent }: Awaited): number[] {
    const encoder = this.#encoder;
    const { saved } = encoder.hints;
    if (!saved.has(value)) saved.set(value, found.save());
    encoder.forms.set(value, found);
    encoder.partOf.set(value, parent);
    encoder.current = value;
    const start = encoder.contents.length;
    const referred = this.#attempt(() => encoder.value(saved.get(value)));
    encoder.contents.takeBack(start);
    return referred;
  }

  #attempt(write: () => void): number[] {
    const start = this.#encoder.contents.length;
    const referred: number[] = [];
    this.#encoder.referred = referred;
    write();
    this.#encoder.referred = null;
    if (this.isAwaited) this.#encoder.contents.takeBack(start);
    return referred;
  }
}
