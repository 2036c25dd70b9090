import { ByteWriter } from './byte-writer.ts';
import type { Classified } from './classify.ts';
import type { Encoder } from './encoder.ts';
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
  /** Whose contents are still to be written; null while the data itself is not numbered. */
  open: number[] | null;
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
        this.#encoder.enterSaved(top.value, top.found, top.parent);
        stack.pop();
      }
    }
  }

  #push(stack: Waiting[]): void {
    const firstNumber = this.#encoder.objects.length;
    for (const awaited of this.#awaited) stack.push({ ...awaited, firstNumber, open: null });
    this.#awaited = [];
  }

  #numberData(top: Waiting, stack: Waiting[]): void {
    const referred = this.#encoder.numberData(top.value, top.found, top.parent);
    if (this.isAwaited) this.#waitFor(top, stack);
    else top.open = referred;
  }

  #writeNext(top: Waiting, open: number[], stack: Waiting[]): void {
    const number = open.pop() as number;
    if (number <= this.turn || this.#written.has(number)) return;
    const referred = this.#encoder.tryContents(number);
    if (!this.isAwaited) {
      this.#written.add(number);
      this.#outOfTurn.push(number);
      open.push(...referred);
      return;
    }
    const isOpen = this.#awaited.some(({ value }) => stack.some((waiting) => waiting.value === value));
    if (isOpen && number < top.firstNumber) {
      // It was there before, and holds the instance: the data refers to it, but it is not whole yet.
      this.#awaited = [];
      return;
    }
    open.push(number);
    this.#waitFor(top, stack);
  }

  #waitFor(top: Waiting, stack: Waiting[]): void {
    const again = this.#awaited.find(({ value }) => stack.some((waiting) => waiting.value === value));
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
}
