'use movable';

interface Link {
  readonly value: number;
  readonly next: Link | null;
}

/** A linked list of n links, built and summed. */
export function main(n: number): number {
  let head: Link | null = null;
  for (let i = 0; i < n; i++) head = { value: i, next: head };
  let sum = 0;
  for (let at: Link | null = head; at !== null; at = at.next) sum = (sum + at.value) | 0;
  return sum;
}
