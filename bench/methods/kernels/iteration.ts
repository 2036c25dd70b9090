'use movable';

interface Order {
  readonly id: number;
  readonly lines: readonly { readonly item: string; readonly count: number; readonly price: number }[];
  readonly address: { readonly city: string; readonly zip?: number };
}

function orders(count: number): Order[] {
  const made: Order[] = [];
  for (let id = 0; id < count; id++) {
    const lines = [];
    for (let line = 0; line <= id % 4; line++) {
      lines.push({ item: `item-${(id + line) % 10}`, count: line + 1, price: (id % 17) + 1 });
    }
    made.push({ id, lines, address: id % 3 === 0 ? { city: 'Omsk', zip: id } : { city: 'Oslo' } });
  }
  return made;
}

function totalOf({ lines }: Order, ...discounts: readonly number[]): number {
  let total = 0;
  for (const { count, price } of lines) total += count * price;
  for (const discount of discounts) total -= discount;
  return Math.max(0, total);
}

/** Walks and takes apart what it finds: for-of, for-in, destructuring, defaults, rest, spread, optional chaining. */
export function main(n: number): number {
  const all = orders(n);
  const stock: Record<string, number> = {};
  let hash = 0;
  for (const order of all) {
    const {
      id,
      address: { city, zip = -1 },
      ...rest
    } = order;
    const [first, ...others] = rest.lines;
    hash = (Math.imul(hash, 31) + totalOf(order, id % 3, others.length) + (first?.count ?? 0) + zip) | 0;
    hash += city.length;
    for (const { item, count } of [...rest.lines, { item: 'gift', count: 1 }]) {
      stock[item] = (stock[item] ?? 0) + count;
    }
  }
  for (const item in stock) hash = (Math.imul(hash, 7) + stock[item]! + item.length) | 0;
  for (const [index, { id }] of all.slice(0, 50).entries()) hash = (hash + index * id) | 0;
  return hash;
}
