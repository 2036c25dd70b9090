import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'oxc-parser';

export type ModuleFormat = 'module' | 'commonjs';

/**
 * What kind of module a file is, as Node.js decides it: by its ending, else by the nearest package.json, else by whether
 * it is written with `import` and `export`.
 *
 * @param path absolute
 */
export function moduleFormat(path: string, content: Uint8Array): ModuleFormat {
  if (/\.m[jt]s$/.test(path)) return 'module';
  if (/\.c[jt]s$/.test(path)) return 'commonjs';
  if (packageType(dirname(path)) === 'module') return 'module';
  const source = new TextDecoder().decode(content);
  return parseSync(path, source, { sourceType: 'unambiguous' }).module.hasModuleSyntax
    ? 'module'
    : 'commonjs';
}

/** Whether a file needs somebody who knows JSX. */
export function containsJsx(path: string, source: string): boolean {
  if (!path.endsWith('x')) return false;
  let found = false;
  // As the program is written out, every node is asked once.
  JSON.stringify(parseSync(path, source).program, (key, value: unknown) => {
    if (key === 'type' && typeof value === 'string' && value.startsWith('JSX')) found = true;
    return typeof value === 'bigint' ? null : value;
  });
  return found;
}

const types = new Map<string, string>();

/** The `type` of the nearest package.json; empty where there is none. */
function packageType(folder: string): string {
  const known = types.get(folder);
  if (known !== undefined) return known;
  const type = ownType(folder) ?? (dirname(folder) === folder ? '' : packageType(dirname(folder)));
  types.set(folder, type);
  return type;
}

function ownType(folder: string): string | null {
  try {
    const content = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      readonly type?: unknown;
    };
    return typeof content.type === 'string' ? content.type : '';
  } catch {
    return null;
  }
}
