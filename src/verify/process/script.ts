import { readFileSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import type { LoaderMap } from './messages.ts';

/** As a `<script>` is: its declarations are the realm's. */
export function evaluateScript(url: string): void {
  new Script(readFileSync(fileURLToPath(url), 'utf8'), { filename: url }).runInThisContext();
}

/** Lets what the compiler has made of scripts and CommonJS modules tell the runtime of itself. None of it runs yet. */
export function registerScripts(map: LoaderMap): void {
  for (const [url, { format, file }] of Object.entries(map)) {
    if (format !== 'script') continue;
    // On one line with the code's first, so that every line stays where the compiler knows it.
    const text = `(function (require, __filename) { ${readFileSync(file, 'utf8')}\n})`;
    const register = new Script(text, { filename: url }).runInThisContext() as (...given: unknown[]) => void;
    const path = fileURLToPath(url);
    register(createRequire(path), path);
  }
}

interface Loading {
  _compile(text: string, file: string): void;
}

/** Lets `require` find what stands in the map for CommonJS modules. */
export function requireFrom(map: LoaderMap): void {
  const { _extensions: extensions } = nodeModule as unknown as {
    readonly _extensions: Record<string, (module: Loading, file: string) => void>;
  };
  for (const extension of ['.js', '.cjs']) {
    const load = extensions[extension] ?? extensions['.js'];
    extensions[extension] = (module, file) => {
      const known = map[pathToFileURL(file).href];
      if (known?.format !== 'commonjs') return load?.(module, file);
      module._compile(readFileSync(known.file, 'utf8'), file);
    };
  }
}
