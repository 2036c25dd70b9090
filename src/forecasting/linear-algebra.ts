/**
 * Solves A x = b for a symmetric positive definite A by Cholesky's factorisation, in place.
 *
 * @param matrix row-major, of `size` × `size`; only the lower triangle is read; becomes the factor
 * @param right becomes the solution
 * @returns whether A was positive definite; if not, `right` is of no use
 */
export function solve(matrix: Float64Array, right: Float64Array, size: number): boolean {
  for (let row = 0; row < size; row += 1) {
    const base = row * size;
    for (let column = 0; column <= row; column += 1) {
      const other = column * size;
      let sum = matrix[base + column] ?? 0;
      for (let inner = 0; inner < column; inner += 1) {
        sum -= (matrix[base + inner] ?? 0) * (matrix[other + inner] ?? 0);
      }
      if (row === column) {
        if (!(sum > 0)) return false;
        matrix[base + row] = Math.sqrt(sum);
      } else matrix[base + column] = sum / (matrix[other + column] ?? 1);
    }
  }
  for (let row = 0; row < size; row += 1) {
    let sum = right[row] ?? 0;
    for (let inner = 0; inner < row; inner += 1)
      sum -= (matrix[row * size + inner] ?? 0) * (right[inner] ?? 0);
    right[row] = sum / (matrix[row * size + row] ?? 1);
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = right[row] ?? 0;
    for (let inner = row + 1; inner < size; inner += 1)
      sum -= (matrix[inner * size + row] ?? 0) * (right[inner] ?? 0);
    right[row] = sum / (matrix[row * size + row] ?? 1);
  }
  return true;
}
