import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseSync } from 'oxc-parser';

/**
 * A module that stands for a movable file where a tool rewrites every module that it loads itself, as Vite and vitest do
 * for Node.js: the file is loaded by Node.js, through godwit's own hooks, and nobody changes it afterwards.
 *
 * @param path absolute
 * @param isWatched whether the file may change while the program runs: then each version is a module of its own
 */
export function nativeStub(path: string, isWatched: boolean): string {
  const source = readFileSync(path, 'utf8');
  const { staticExports } = parseSync(path, source).module;
  const entries = staticExports.flatMap((statement) => statement.entries).filter(({ isType }) => !isType);
  const version = isWatched ? `?v=${createHash('sha256').update(source).digest('hex').slice(0, 12)}` : '';
  const lines = entries.flatMap(({ exportName, importName, moduleRequest }, index) => {
    if (exportName.kind === 'None') {
      // `export * from`, whose names are not known here.
      return importName.kind === 'AllButDefault' && moduleRequest
        ? [`export * from ${JSON.stringify(moduleRequest.value)};`]
        : [];
    }
    if (exportName.kind === 'Default') return ['export default native.default;'];
    const name = JSON.stringify(exportName.name);
    return [`const native${index} = native[${name}];`, `export { native${index} as ${name} };`];
  });
  return `const load = globalThis[Symbol.for('godwit.native')];
if (load === undefined) throw new Error(${JSON.stringify(missing(path))});
const native = await load(${JSON.stringify(`${pathToFileURL(path).href}${version}`)});
${lines.join('\n')}
`;
}

function missing(path: string): string {
  return `${path} is movable, and godwit's loader is not there. Start with \`node --import godwit/register\`.`;
}
