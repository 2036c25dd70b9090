/** Columns of the terminal that reads a stream; endless when no terminal does. */
export function columnsOf(output: NodeJS.WriteStream): number {
  return output.isTTY ? output.columns : Number.POSITIVE_INFINITY;
}

/** One line of at most `columns`: what does not fit is left out, and an ellipsis says so. */
export function cut(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`;
}

/** Breaks a line between words; the lines after the first are indented. A word that is longer stays whole. */
export function wrapped(line: string, columns: number, indentColumns: number): string {
  if (line.length <= columns) return line;
  const lines: string[] = [];
  const indent = ' '.repeat(indentColumns);
  const [first = '', ...words] = line.split(/(?<=\S) /);
  let current = first;
  for (const word of words) {
    if (current.length + 1 + word.length <= columns) current = `${current} ${word}`;
    else {
      lines.push(current);
      current = `${indent}${word}`;
    }
  }
  return [...lines, current].join('\n');
}

/** Wraps each line on its own, as deep as it is indented and two columns more. */
export function wrappedLines(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => wrapped(line, columns, line.length - line.trimStart().length + 2))
    .join('\n');
}
