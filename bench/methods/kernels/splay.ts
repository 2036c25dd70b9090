'use movable';

// A tree that brings what was asked for last to its root (Sleator and Tarjan, "Self-adjusting binary search trees",
// JACM 1985), under a steady flow of insertions and removals: work for the garbage collector.

class Node {
  key: number;
  payload: { readonly numbers: readonly number[]; readonly text: string };
  left: Node | null = null;
  right: Node | null = null;

  constructor(key: number) {
    this.key = key;
    this.payload = { numbers: [key, key + 1, key + 2], text: `key ${key}` };
  }
}

class SplayTree {
  #root: Node | null = null;
  size = 0;

  insert(key: number): boolean {
    const root = this.#splay(key);
    if (root?.key === key) return false;
    const node = new Node(key);
    if (root !== null) {
      if (key > root.key) {
        node.left = root;
        node.right = root.right;
        root.right = null;
      } else {
        node.right = root;
        node.left = root.left;
        root.left = null;
      }
    }
    this.#root = node;
    this.size++;
    return true;
  }

  remove(key: number): Node | null {
    const root = this.#splay(key);
    if (root === null || root.key !== key) return null;
    const { left, right } = root;
    this.#root = left;
    if (left === null) this.#root = right;
    else {
      const greatest = this.#splay(key);
      if (greatest !== null) greatest.right = right;
    }
    this.size--;
    return root;
  }

  /** The greatest key below this one. */
  below(key: number): Node | null {
    const root = this.#splay(key);
    if (root === null || root.key < key) return root;
    let node = root.left;
    while (node !== null && node.right !== null) node = node.right;
    return node;
  }

  *[Symbol.iterator](): Generator<Node, void, undefined> {
    const path: Node[] = [];
    let node = this.#root;
    while (node !== null || path.length > 0) {
      while (node !== null) {
        path.push(node);
        node = node.left;
      }
      const next = path.pop()!;
      yield next;
      node = next.right;
    }
  }

  /** From the root downwards, taking the tree apart into what is less and what is greater. */
  #splay(key: number): Node | null {
    let at = this.#root;
    if (at === null) return null;
    const rest = new Node(0);
    let less = rest;
    let greater = rest;
    for (;;) {
      if (key < at.key) {
        if (at.left === null) break;
        if (key < at.left.key) {
          const child: Node = at.left;
          at.left = child.right;
          child.right = at;
          at = child;
          if (at.left === null) break;
        }
        greater.left = at;
        greater = at;
        at = at.left;
      } else if (key > at.key) {
        if (at.right === null) break;
        if (key > at.right.key) {
          const child: Node = at.right;
          at.right = child.left;
          child.left = at;
          at = child;
          if (at.right === null) break;
        }
        less.right = at;
        less = at;
        at = at.right;
      } else break;
    }
    less.right = at.left;
    greater.left = at.right;
    at.left = rest.right;
    at.right = rest.left;
    this.#root = at;
    return at;
  }
}

/** A tree of a thousand keys, n of which are replaced. */
export function main(n: number): number {
  const tree = new SplayTree();
  let state = 49_734_321;
  const random = (): number => {
    state = (Math.imul(state, 1_597_334_677) + 1_103_515_245) & 0x7fffffff;
    return state >>> 3;
  };
  while (tree.size < 1000) tree.insert(random());
  let hash = 0;
  for (let i = 0; i < n; i++) {
    let key = random();
    while (!tree.insert(key)) key = random();
    const old = tree.below(key);
    const removed = tree.remove(old === null ? key : old.key);
    hash = (Math.imul(hash, 31) + (removed?.payload.numbers[1] ?? 0)) | 0;
  }
  for (const { key, payload } of tree) hash = (hash ^ (key + payload.text.length)) | 0;
  return hash;
}
