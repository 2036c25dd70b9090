const widthNumbers = 256;

/**
 * Tells numbers that were seen from those that are new, as IPsec does (RFC 4303, 3.4.3): everything below a window that
 * moves with the highest number counts as seen.
 */
export class ReplayWindow {
  #highest = 0;
  readonly #seen = new Uint8Array(widthNumbers);

  /** @returns whether the number is new; it is not from then on */
  admit(number: number): boolean {
    if (!Number.isSafeInteger(number) || number < 1 || number <= this.#highest - widthNumbers) return false;
    const slot = number % widthNumbers;
    if (number > this.#highest) {
      this.#clear(Math.max(this.#highest + 1, number - widthNumbers + 1), number);
      this.#highest = number;
    } else if (this.#seen[slot] === 1) return false;
    this.#seen[slot] = 1;
    return true;
  }

  /** Slots that the window has just moved on to. */
  #clear(first: number, last: number): void {
    for (let number = first; number <= last; number += 1) this.#seen[number % widthNumbers] = 0;
  }
}
