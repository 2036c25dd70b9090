'use movable';

/** Which rows and diagonals of the board are free. */
class Board {
  readonly #size: number;
  readonly #rows: boolean[];
  readonly #rising: boolean[];
  readonly #falling: boolean[];
  solutions = 0;

  constructor(size: number) {
    this.#size = size;
    this.#rows = Array.from({ length: size }, () => true);
    this.#rising = Array.from({ length: 2 * size }, () => true);
    this.#falling = Array.from({ length: 2 * size }, () => true);
  }

  place(column: number): void {
    if (column === this.#size) {
      this.solutions++;
      return;
    }
    for (let row = 0; row < this.#size; row++) {
      if (!this.#isFree(row, column)) continue;
      this.#set(row, column, false);
      this.place(column + 1);
      this.#set(row, column, true);
    }
  }

  #isFree(row: number, column: number): boolean {
    return this.#rows[row]! && this.#rising[row + column]! && this.#falling[row - column + this.#size]!;
  }

  #set(row: number, column: number, free: boolean): void {
    this.#rows[row] = free;
    this.#rising[row + column] = free;
    this.#falling[row - column + this.#size] = free;
  }
}

/** All ways to place n queens on an n × n board. */
export function main(n: number): number {
  const board = new Board(n);
  board.place(0);
  return board.solutions;
}
