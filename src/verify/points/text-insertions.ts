interface Insertion {
  readonly at: number;
  readonly text: string;
  /** Of those at one place, the lower one comes first; then by `turn`. */
  readonly rank: number;
  readonly turn: number;
}

/** Puts texts into a text. What was put around a part first stands outside of what is put around it later. */
export class TextInsertions {
  readonly #source: string;
  readonly #insertions: Insertion[] = [];
  readonly #replaced: { readonly start: number; readonly end: number; readonly text: string }[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  around(
    { start, end }: { readonly start: number; readonly end: number },
    before: string,
    after: string,
  ): void {
    const { length } = this.#source;
    const turn = this.#insertions.length;
    // At one place ends come before beginnings; inner ends first, outer beginnings first.
    this.#insertions.push({ at: start, text: before, rank: length * 2 - end, turn });
    this.#insertions.push({ at: end, text: after, rank: -start - length, turn: -turn });
  }

  /** Comes before everything that begins at that place, and after all that ends there. */
  insert(at: number, text: string): void {
    this.#insertions.push({ at, text, rank: 0, turn: this.#insertions.length });
  }

  replace(start: number, end: number, text: string): void {
    this.#replaced.push({ start, end, text });
  }

  get text(): string {
    const pieces: string[] = [];
    let at = 0;
    const changes = [
      ...this.#insertions.map((change) => ({ ...change, start: change.at, end: change.at })),
      ...this.#replaced.map((change) => ({ ...change, rank: Number.MAX_SAFE_INTEGER, turn: 0 })),
    ].sort((a, b) => a.start - b.start || a.rank - b.rank || a.turn - b.turn);
    for (const { start, end, text } of changes) {
      pieces.push(this.#source.slice(at, start), text);
      at = end;
    }
    return [...pieces, this.#source.slice(at)].join('');
  }
}
