'use movable';

import { sleep } from 'godwit';

/** Counts the words of a book, page by page. */
export async function countWords(pages: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const page of pages) {
    for (const word of page.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
    await sleep(50);
  }
  return counts;
}
