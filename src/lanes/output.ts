import type { Writable } from 'node:stream';
import type { ExecutionId } from '../core/ids.ts';

/** Longer writes are cut, so that one print of a large value cannot flood the host. */
const textCharactersMax = 16 * 1024;

export type WriteLog = (execution: ExecutionId, stream: 'stdout' | 'stderr', text: string) => void;

function cut(text: string): string {
  if (text.length <= textCharactersMax) return text;
  return `${text.slice(0, textCharactersMax)}… (${text.length - textCharactersMax} more characters)\n`;
}

/**
 * Sends what is printed on this thread (`console.log`, `process.stdout.write`) to the log of the execution that prints
 * it. What nobody can be named for goes where it went before.
 *
 * @param printing the execution whose code runs at this moment, `null` when none does
 */
export function redirectOutput(
  stream: 'stdout' | 'stderr',
  target: Writable,
  printing: () => ExecutionId | null,
  log: WriteLog,
): void {
  const original = target.write.bind(target) as (...all: unknown[]) => boolean;
  function write(chunk: unknown, ...rest: unknown[]): boolean {
    const execution = printing();
    if (execution === null) return original(chunk, ...rest);
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString();
    log(execution, stream, cut(text));
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done as () => void, null);
    return true;
  }
  target.write = write as typeof target.write;
}
