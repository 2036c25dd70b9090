'use movable';

function distance(a: string, b: string): number {
  let above: number[] = [];
  for (let j = 0; j <= b.length; j++) above.push(j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(swap, above[j]! + 1, row[j - 1]! + 1));
    }
    above = row;
  }
  return above[b.length]!;
}

function dna(length: number, seed: number): string {
  let text = '';
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 48_271) + 11) & 0x7fffffff;
    text += 'acgt'[(state >>> 12) & 3]!;
  }
  return text;
}

/** Levenshtein's distance of two strands of n letters. */
export function main(n: number): number {
  return distance(dna(n, 3), dna(n, 5));
}
