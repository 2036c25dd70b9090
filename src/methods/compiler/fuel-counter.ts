/**
 * Loops count rounds in a local that begins at 0, and charge the thread once for each stretch of rounds: the thread's counter
 * is a property of an object, which would cost every round a load and a store.
 */
export interface FuelCounter {
  readonly local: string;
  /** Charges what was counted since the last stretch. */
  readonly settle: string;
  /** The same where little is forgiven. */
  readonly leave: string;
}

/** Rounds between two charges: of loops that only compute, and of those that call something. */
export const stretch = { plain: 1024, calling: 32 } as const;

/** What is left of a stretch when a loop ends early is charged only if it is more than this: a charge costs as much as some rounds. */
const small = 7;

/** @param scratch the counting local; 0 in a method that has not counted yet */
export function fuelCounter(gate: string, scratch: readonly string[]): FuelCounter {
  const [local = ''] = scratch;
  const settle = `${gate}.n -= ${local};\n${local} = 0;`;
  return { local, settle, leave: `if (${local} > ${small}) {\n${settle}\n}` };
}
