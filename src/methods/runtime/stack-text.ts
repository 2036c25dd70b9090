import type { Frame } from './method-code.ts';
import type { LoadedModule } from './modules.ts';
import { isBoundary } from './stack-walk.ts';

const stitched = new WeakSet<object>();

/** `at census (census.ts:12)`. */
export function frameText(frame: Frame): string {
  const { name, path } = frame.method.meta;
  return `    at ${name} (${path}:${lineOf(frame)})`;
}

/** The original line that a suspended activation stands at. */
export function lineOf(frame: Frame): number {
  return frame.method.meta.sites[frame.pc - 1]?.[1] ?? frame.method.meta.line;
}

/**
 * Puts an error's stack in terms of the original files, and adds the activations that were suspended below when it was
 * thrown. Once for each error.
 */
export function stitchStack(
  error: unknown,
  below: readonly Frame[],
  modules: ReadonlyMap<string, LoadedModule>,
): void {
  if (!(error instanceof Error) || stitched.has(error) || Object.isFrozen(error)) return;
  stitched.add(error);
  const { stack } = error;
  if (typeof stack !== 'string') return;
  const lines: string[] = [];
  for (const line of stack.split('\n')) {
    if (line.trimStart().startsWith('at ') && isBoundary(line)) break;
    lines.push(originalLine(line, modules));
  }
  for (let index = below.length - 1; index >= 0 && below.length - index <= 50; index -= 1) {
    lines.push(frameText(below[index] as Frame));
  }
  try {
    error.stack = lines.join('\n');
  } catch {
    // An author made it read-only: it stays as it is.
  }
}

function originalLine(line: string, modules: ReadonlyMap<string, LoadedModule>): string {
  const found = /^(\s+at )(?:(.*) \()?(\S+?):(\d+):\d+\)?$/.exec(line);
  const module = found === null ? undefined : modules.get(found[3] ?? '');
  if (found === null || module === undefined) return line;
  const at = Number(found[4]) - 1;
  const text = module.texts.find(({ lines }) => (lines[at] ?? 0) !== 0);
  const name = (found[2] ?? 'anonymous').replace(/\$[rn]\d*$/, '');
  return `${found[1]}${name} (${text === undefined ? module.path : `${text.path}:${text.lines[at]}`})`;
}
