import { builtEntry } from '../../../src/entries.ts';
import { nativeImport } from '../../lanes/native-import.ts';

// Movable files are loaded as godwit's plugin has vitest load them, by Node.js itself, and find the built library.

await nativeImport(builtEntry('register').href);

export const testing = (await nativeImport(
  builtEntry('testing/index').href,
)) as typeof import('../../../src/testing/index.ts');

export const work = (await nativeImport(
  new URL('./fixtures/work.ts', import.meta.url).href,
)) as typeof import('./fixtures/work.ts');

export const bank = (await nativeImport(
  new URL('./fixtures/bank.ts', import.meta.url).href,
)) as typeof import('./fixtures/bank.ts');
