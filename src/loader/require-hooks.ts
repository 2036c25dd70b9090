import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isProgramFile, isTypeScript, mayBeMovable } from './directive.ts';
import { moduleFormat } from './module-format.ts';
import { compileFile, typeScriptSpecifier } from './node-load.ts';

interface CommonJsModule {
  readonly filename: string | null;
  _compile(code: string, path: string): unknown;
}

type Extension = (module: CommonJsModule, path: string) => unknown;

/** What Node.js has for everybody who extends `require`. */
interface Requiring {
  readonly _extensions: Record<string, Extension>;
  _resolveFilename: (
    this: void,
    request: string,
    parent: CommonJsModule | undefined,
    ...rest: readonly unknown[]
  ) => string;
}

/** Compiles what is loaded by `require` in this thread, and erases its types. */
export function hookRequire(): void {
  const requiring = Module as unknown as Requiring;
  const extensions = requiring._extensions;
  const plain = extensions['.js'] as Extension;
  for (const ending of ['.js', '.cjs', '.jsx', '.ts', '.cts', '.tsx']) {
    const before = extensions[ending] ?? null;
    extensions[ending] = (module, path) => {
      const content = ownContent(path, before === null);
      if (content === null) return (before ?? plain)(module, path);
      const format = moduleFormat(path, content);
      if (format === 'commonjs') {
        return module._compile(new TextDecoder().decode(compileFile(path, content, format)), path);
      }
      // A module in the other system: Node.js asks the hooks for it.
      return (extensions['.mjs'] ?? plain)(module, path);
    };
  }
  const resolve = requiring._resolveFilename;
  requiring._resolveFilename = (request, parent, ...rest) => {
    const parentUrl = parent?.filename ? pathToFileURL(parent.filename).href : undefined;
    return resolve(typeScriptSpecifier(request, parentUrl), parent, ...rest);
  };
}

/** The content of a file that is godwit's to load; null when it is left to others. */
function ownContent(path: string, isUnknown: boolean): Uint8Array | null {
  if (!isProgramFile(sep === '/' ? path : path.split(sep).join('/'))) return null;
  const content = readFileSync(path);
  return mayBeMovable(content) || (isUnknown && isTypeScript(path)) ? content : null;
}
