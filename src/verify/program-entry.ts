/** Under `Symbol.for` of it, a movable program's process keeps the function that takes what the program gave. */
export const reportKey = 'godwit.verify.report';

/** The name of the movable function that is a program's beginning. */
export const entryMethod = 'program';

/**
 * A module that calls `main`, tells what it gave, and then waits for ever: a program ends when nothing is left to do,
 * not when `main` returns.
 *
 * @param api specifier of the runtime's API
 */
export function entryText(program: string, api: string): string {
  return `'use movable';
import { receive } from ${JSON.stringify(api)};
import { main } from ${JSON.stringify(program)};
export async function ${entryMethod}() {
  let ok = true;
  let value;
  try {
    value = await main();
  } catch (error) {
    ok = false;
    value = error;
  }
  globalThis[Symbol.for(${JSON.stringify(reportKey)})](ok, value);
  await receive();
}
`;
}

/**
 * The same for a program all of whose modules belong to the execution: it is a module, and evaluated as one. `main` may be
 * an export, or a property of what a CommonJS module exports.
 */
export function wholeEntryText(program: string, api: string, isCommonJs: boolean): string {
  const imported = isCommonJs ? 'program' : '* as program';
  return `import { receive } from ${JSON.stringify(api)};
import ${imported} from ${JSON.stringify(program)};
let ok = true;
let value;
try {
  const main = program?.main;
  if (typeof main === 'function') value = await main();
} catch (error) {
  ok = false;
  value = error;
}
globalThis[Symbol.for(${JSON.stringify(reportKey)})](ok, value);
await receive();
`;
}
