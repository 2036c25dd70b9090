import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/** The files that a CommonJS module requires by a relative path, as far as syntax shows. */
export function requiredBy(file: string, text: string): readonly string[] {
  const specifiers = new Set<string>();
  const { program } = parseSync(file, text, { sourceType: 'script', lang: 'js' });
  new Visitor({
    CallExpression(node) {
      const [argument] = node.arguments;
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'require') return;
      if (argument?.type === 'Literal' && typeof argument.value === 'string') specifiers.add(argument.value);
    },
  }).visit(program);
  return [...specifiers].flatMap((specifier) => {
    const found = /^\.{1,2}(?:\/|$)/.test(specifier) ? requiredFile(resolve(dirname(file), specifier)) : null;
    return found === null ? [] : [found];
  });
}

/** As `require` resolves a path. */
function requiredFile(path: string): string | null {
  const places = [path, `${path}.js`, `${path}.cjs`, join(path, 'index.js')];
  return places.find((place) => existsSync(place) && statSync(place).isFile()) ?? null;
}
