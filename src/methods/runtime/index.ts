import type { Runtime, RuntimeOptions, RuntimePorts } from './contract.ts';

export type * from './contract.ts';

/** The runtime of one thread; several in one thread share the code of the methods, and nothing else. */
export declare function createRuntime(ports: RuntimePorts, options?: Partial<RuntimeOptions>): Runtime;

/** Encodes a value for `args`, messages and results: `encodeArgs([1, 'x'])`. */
export declare function encodeArgs(args: readonly unknown[]): Uint8Array;
/** Decodes what a settlement, a message or an effect carries. */
export declare function decodeResult(bytes: Uint8Array): unknown;
