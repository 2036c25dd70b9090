import { createHash } from 'node:crypto';
import type * as compiler from '../../../src/methods/compiler/index.ts';
import type * as gate from '../../../src/methods/runtime/gate.ts';
import type * as cursors from '../../../src/methods/runtime/cursors.ts';
import type * as runtime from '../../../src/methods/runtime/index.ts';
import type * as verify from '../../../src/verify/describe.ts';
import { builtEntry } from '../../../src/entries.ts';

const built = async <T>(module: string): Promise<T> => (await import(builtEntry(module).href)) as T;

/** The built program's own parts, as a process of its own uses them. */
export const { compileBuilds, refusalText } = await built<typeof compiler>('methods/compiler/index');
export const { createRuntime, decodeResult, encodeArgs } =
  await built<typeof runtime>('methods/runtime/index');
export const { $ } = await built<typeof gate>('methods/runtime/gate');
export const { Cursor } = await built<typeof cursors>('methods/runtime/cursors');
export const { describe } = await built<typeof verify>('verify/describe');

export const digest = {
  sha256: (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex'),
};
