export type * from './contract.ts';
export { createRuntime, decodeResult, encodeArgs } from './runtime.ts';
export { MethodsMissingError } from './errors.ts';
