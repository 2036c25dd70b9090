import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { GodwitError } from '../../core/errors.ts';
import { type BundleRoots, titleOf } from './bundle.ts';

/** A folder that cannot become a package. */
export class PackageFolderError extends GodwitError {
  override readonly name = 'PackageFolderError';
  readonly code = 'PACKAGE_FOLDER';
  readonly retryable = false;
}

const moduleFile = /(?<!\.d)\.(?:ts|js|mts|mjs)$/;
const directive = /(?:^|[;{}])\s*(['"])use movable\1\s*(?:[;}\n]|$)/m;
/** A folder with more files is no package: somebody named the wrong one. */
const filesMax = 20_000;

const manifest = v.object({
  name: v.optional(v.string(), ''),
  main: v.optional(v.string(), ''),
  godwit: v.optional(v.object({ entry: v.optional(v.string(), '') }), {}),
});

/**
 * What of a file or folder becomes one package: of a folder each file below it with a movable method, its `node_modules`
 * and hidden folders left out. The entry is what `package.json` names (`godwit.entry`, else `main`), else `index` or
 * `main`, else the first.
 *
 * @throws {PackageFolderError} when there is no movable file, or `package.json` cannot be used
 */
export function packageRoots(path: string): BundleRoots {
  const root = resolve(path);
  if (!statSync(root).isDirectory()) {
    const url = pathToFileURL(root).href;
    return { name: titleOf(basename(root).replace(/\.[^.]*$/, '')), files: [url], entry: url };
  }
  const described = readManifest(root);
  const movable = filesBelow(root).filter((file) => directive.test(readFileSync(file, 'utf8')));
  if (movable.length === 0) {
    throw new PackageFolderError(
      `No file below ${root} has a movable method. 'use movable' makes its functions movable.`,
    );
  }
  const entry = entryOf(root, described, movable);
  const [first, ...rest] = [entry, ...movable.filter((file) => file !== entry)].map(
    (file) => pathToFileURL(file).href,
  );
  if (first === undefined) throw new PackageFolderError(`${root} has no file.`);
  const name = titleOf((described.name || basename(root)).replace(/^@[^/]*\//, ''));
  return { name, files: [first, ...rest.toSorted()], entry: first };
}

function entryOf(
  root: string,
  described: v.InferOutput<typeof manifest>,
  movable: readonly string[],
): string {
  const named = described.godwit.entry ?? '';
  if (named !== '') {
    const file = join(root, named);
    if (existsSync(file) && moduleFile.test(file)) return file;
    throw new PackageFolderError(
      `godwit.entry of ${join(root, 'package.json')} names ${named}: expected a file that exists and ends in .ts, .js, .mts or .mjs.`,
    );
  }
  // What `main` names may be built from other files, or not built yet.
  const main = join(root, described.main);
  if (movable.includes(main)) return main;
  const usual = movable.find((file) => /^(?:index|main)\.[a-z]+$/.test(file.slice(root.length + 1)));
  return usual ?? (movable[0] as string);
}

function readManifest(root: string): v.InferOutput<typeof manifest> {
  const file = join(root, 'package.json');
  if (!existsSync(file)) return v.parse(manifest, {});
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new PackageFolderError(`${file} is no JSON. Correct it, or name a file instead of the folder.`, {
      cause,
    });
  }
  const parsed = v.safeParse(manifest, content);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new PackageFolderError(`${file} cannot be used: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}.`);
}

/** In order, whatever the file system's is. Links are not followed: they may lead round. */
function filesBelow(root: string): readonly string[] {
  const found: string[] = [];
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile() && moduleFile.test(entry.name)) found.push(path);
      if (found.length > filesMax) {
        throw new PackageFolderError(
          `${root} holds more than ${filesMax} files. Name the folder of the package itself.`,
        );
      }
    }
  }
  return found.toSorted();
}
