import { compiledMark } from '../methods/packages/compiled-bundle.ts';

const words = 'use movable';

/**
 * Whether a file may hold the directive: its words stand somewhere, and nobody has compiled it. Everything else is left
 * alone, unread.
 */
export function mayBeMovable(content: string | Uint8Array): boolean {
  if (typeof content === 'string') return content.includes(words) && !content.includes(compiledMark);
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return bytes.includes(words, 0, 'latin1') && !bytes.includes(compiledMark, 0, 'latin1');
}

/** Files that hold a program, by their names; files of packages are as they are. */
export function isProgramFile(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path) && !path.includes('/node_modules/');
}

export function isTypeScript(path: string): boolean {
  return /\.[cm]?tsx?$/.test(path);
}
