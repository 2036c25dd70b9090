/** A binary heap of numbered things, the largest key first; ties go to the lowest number. */
export class Heap {
  private readonly items: number[] = [];
  private readonly keys: number[] = [];

  get size(): number {
    return this.items.length;
  }

  push(item: number, key: number): void {
    const { items, keys } = this;
    let at = items.length;
    items.push(item);
    keys.push(key);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(at, parent)) break;
      this.exchange(at, parent);
      at = parent;
    }
  }

  /** @returns the item with the largest key; -1 when there is none */
  pop(): number {
    const { items, keys } = this;
    const top = items[0];
    if (top === undefined) return -1;
    const last = items.length - 1;
    this.exchange(0, last);
    items.pop();
    keys.pop();
    let at = 0;
    for (;;) {
      let best = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < last && this.before(child, best)) best = child;
      }
      if (best === at) return top;
      this.exchange(at, best);
      at = best;
    }
  }

  private before(a: number, b: number): boolean {
    const keyA = this.keys[a] ?? 0;
    const keyB = this.keys[b] ?? 0;
    return keyA > keyB || (keyA === keyB && (this.items[a] ?? 0) < (this.items[b] ?? 0));
  }

  private exchange(a: number, b: number): void {
    const { items, keys } = this;
    const item = items[a] ?? 0;
    const key = keys[a] ?? 0;
    items[a] = items[b] ?? 0;
    keys[a] = keys[b] ?? 0;
    items[b] = item;
    keys[b] = key;
  }
}
