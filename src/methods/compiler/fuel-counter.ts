/**
 * Loops count fuel in a local: the thread's counter, a property of an object, would cost every iteration a load and a
 * store. What a call inside spends is charged to the thread by itself, so a loop's end only subtracts its own share.
 */
export interface FuelCounter {
  readonly local: string;
  readonly load: string;
  readonly settle: string;
}

/** @param scratch the counting local, and where it began; both 0 in a method that has not counted yet */
export function fuelCounter(gate: string, scratch: readonly string[]): FuelCounter {
  const [local = '', began = ''] = scratch;
  return {
    local,
    load: `${began} = ${local} = ${gate}.n;`,
    settle: `${gate}.n -= ${began} - ${local};\n${began} = ${local};`,
  };
}
