export type * from './contract.ts';
export { createRuntime } from './runtime.ts';
export { decodeResult, encodeArgs } from './values.ts';
export { MethodsMissingError } from './errors.ts';
