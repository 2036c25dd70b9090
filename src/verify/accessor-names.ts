import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const declared = /\b(?:get|set)\s+(?:(#?[\p{ID_Start}$_][\p{ID_Continue}$]*)|(["'])([^"'\n]*)\2)\s*\(/gu;
const imported = /\b(?:from|import|require\s*\()\s*(["'])(\.{1,2}\/[^"'\n]*)\1/g;

/** Names of accessors that a text seems to declare; too many do no harm. */
function namesIn(text: string): readonly string[] {
  return [...text.matchAll(declared)].map((match) => match[1] ?? match[3] ?? '');
}

/**
 * Names of the accessors that the modules of a program declare: what reads a property of that name may be captured there.
 *
 * @param url the module that the program begins with
 * @param resolve the module that a relative specifier names; null where there is none
 */
export function accessorNames(
  url: string,
  resolve: (specifier: string, from: string) => string | null,
): ReadonlySet<string> {
  const names = new Set<string>();
  const modules = new Set([url]);
  for (const module of modules) {
    const text = readFileSync(fileURLToPath(module), 'utf8');
    for (const name of namesIn(text)) names.add(name);
    for (const [, , specifier = ''] of text.matchAll(imported)) {
      const found = resolve(specifier, module);
      if (found !== null) modules.add(found);
    }
  }
  return names;
}
