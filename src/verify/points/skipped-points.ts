/** What the compiler writes at a point where nothing else happens, and the number of that point. */
const check = /^([\p{ID_Continue}$]+\.passed\[(\d+)\] = 1;\n)if \((--[^\n]*) < 0\) \{$/gmu;

/** Plants a fault: at every second point of each method a dense build no longer offers a capture. */
export function withoutEverySecondPoint(code: string): string {
  return code.replaceAll(check, (whole: string, _note: string, point: string, fuel: string) =>
    Number(point) % 2 === 0 ? whole : `\nif (${fuel} < -Infinity) {`,
  );
}
