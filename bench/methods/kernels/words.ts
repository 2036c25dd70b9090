'use movable';

/** A text that anybody can make: words of one to three syllables, with capitals and full stops. */
function compose(count: number): string {
  const syllables = 'ba do ki lu me no pa ri so tu va xe'.split(' ');
  let state = 7;
  let text = '';
  for (let i = 0; i < count; i++) {
    let word = '';
    for (let k = 0; k <= state % 3; k++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      word += syllables[(state >>> 8) % syllables.length]!;
    }
    const ends = state % 11 === 0;
    text += (i % 13 === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : word) + (ends ? '. ' : ' ');
  }
  return text;
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}

function wordsOf(text: string): string[] {
  const words: string[] = [];
  let start = -1;
  for (let i = 0; i <= text.length; i++) {
    const inside = i < text.length && isLetter(text.charCodeAt(i));
    if (inside && start < 0) start = i;
    if (!inside && start >= 0) {
      words.push(text.slice(start, i).toLowerCase());
      start = -1;
    }
  }
  return words;
}

/** Counts the words of a text, sorts them, and prints a table. */
export function main(n: number): number {
  const counts = new Map<string, number>();
  for (const word of wordsOf(compose(n))) counts.set(word, (counts.get(word) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const table = sorted
    .slice(0, 20)
    .map(([word, count]) => `${word.padEnd(8)}${String(count).padStart(6)}`)
    .join('\n');
  let hash = counts.size;
  for (let i = 0; i < table.length; i++) hash = (Math.imul(hash, 31) + table.charCodeAt(i)) | 0;
  return hash;
}
