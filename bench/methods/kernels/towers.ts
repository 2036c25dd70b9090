'use movable';

class Disk {
  readonly size: number;
  below: Disk | null = null;

  constructor(size: number) {
    this.size = size;
  }
}

class Towers {
  readonly #piles: (Disk | null)[] = [null, null, null];
  moves = 0;

  constructor(disks: number) {
    for (let size = disks; size > 0; size--) this.#push(0, new Disk(size));
  }

  move(count: number, from: number, to: number): void {
    if (count === 1) {
      this.#push(to, this.#pop(from));
      this.moves++;
      return;
    }
    const spare = 3 - from - to;
    this.move(count - 1, from, spare);
    this.move(1, from, to);
    this.move(count - 1, spare, to);
  }

  #push(pile: number, disk: Disk): void {
    const top = this.#piles[pile]!;
    if (top !== null && disk.size >= top.size)
      throw new Error('A larger disk cannot stand on a smaller one.');
    disk.below = top;
    this.#piles[pile] = disk;
  }

  #pop(pile: number): Disk {
    const top = this.#piles[pile]!;
    if (top === null) throw new Error('The pile is empty.');
    this.#piles[pile] = top.below;
    top.below = null;
    return top;
  }
}

/** The towers of Hanoi with n disks. @returns the number of moves */
export function main(n: number): number {
  const towers = new Towers(n);
  towers.move(n, 0, 1);
  return towers.moves;
}
