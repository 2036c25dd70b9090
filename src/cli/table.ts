import { cut } from './terminal.ts';

const gapColumns = 2;
const cellMinColumns = 6;

/** Columns as wide as their widest cell. Where they do not fit into `columnsMax`, the widest gives way. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columnsMax: number,
): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const widthOfAll = (): number =>
    widths.reduce((sum, width) => sum + width, gapColumns * (widths.length - 1));
  while (widthOfAll() > columnsMax && Math.max(...widths) > cellMinColumns) {
    const widest = widths.lastIndexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cut(cell, widths[column] ?? 0).padEnd(widths[column] ?? 0))
      .join(' '.repeat(gapColumns))
      .trimEnd();
  return [header, ...rows].map(line).join('\n');
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB'];
  let amount = bytes / 1024;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${amount.toFixed(1)} ${units[unit] ?? ''}`;
}

export function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** `1 move`, `2 moves`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
