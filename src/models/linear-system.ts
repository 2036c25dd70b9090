/**
 * Gaussian elimination with pivots.
 *
 * @param rows each with its right-hand side as the last column; overwritten
 * @returns null when the system is singular
 */
export function solveLinear(rows: Float64Array[]): Float64Array | null {
  const width = rows.length;
  for (let column = 0; column < width; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < width; row += 1) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = row;
    }
    const from = rows[pivot];
    const to = rows[column];
    if (from === undefined || to === undefined) return null;
    rows[pivot] = to;
    rows[column] = from;
    const scale = from[column] ?? 0;
    if (Math.abs(scale) < 1e-9) return null;
    for (let row = 0; row < width; row += 1) {
      const target = rows[row];
      if (row === column || target === undefined) continue;
      const factor = (target[column] ?? 0) / scale;
      if (factor === 0) continue;
      for (let index = column; index <= width; index += 1) {
        target[index] = (target[index] ?? 0) - factor * (from[index] ?? 0);
      }
    }
  }
  return Float64Array.from(
    { length: width },
    (_, row) => (rows[row]?.[width] ?? 0) / (rows[row]?.[row] ?? 1),
  );
}
