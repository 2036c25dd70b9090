import { readdirSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { NotFoundError } from '../../cluster-errors.ts';
import { isProgramFile } from '../../loader/directive.ts';

const filesMax = 100_000;

/**
 * The program files that a command line means: files, folders (everything below, but for node_modules and hidden ones),
 * and patterns with `*`, `**`, `?` and `{a,b}`, for shells that leave them alone.
 *
 * @returns paths as they are relative to the working folder or absolute, in order, once each
 * @throws {NotFoundError} for a name that stands for nothing
 */
export function filesOf(names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const name of names) {
    const files = /[*?{]/.test(name) ? matching(name) : named(name);
    if (files.length === 0)
      throw new NotFoundError(`'${name}' stands for no program file. Name a file or a folder.`);
    for (const file of files) found.add(file);
  }
  return [...found];
}

function named(name: string): readonly string[] {
  const stat = statSync(name, { throwIfNoEntry: false });
  if (stat === undefined) throw new NotFoundError(`There is no file or folder ${name}.`);
  return stat.isDirectory() ? filesBelow(name) : [name];
}

function matching(pattern: string): readonly string[] {
  const fixed = /^(?:[^*?{]*\/)?/.exec(pattern)?.[0] ?? '';
  const expression = expressionOf(pattern);
  const root = fixed === '' ? '.' : fixed.slice(0, -1) || '/';
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return filesBelow(root).filter((file) => expression.test(file));
}

function expressionOf(pattern: string): RegExp {
  let depth = 0;
  const text = pattern.replace(/\*\*\/|\*\*|[*?{},.+^$()|[\]\\]/g, (special) => {
    switch (special) {
      case '**/':
        return '(?:[^/]+/)*';
      case '**':
        return '.*';
      case '*':
        return '[^/]*';
      case '?':
        return '[^/]';
      case '{':
        depth += 1;
        return '(?:';
      case '}':
        depth -= 1;
        return ')';
      case ',':
        return depth > 0 ? '|' : ',';
      default:
        return `\\${special}`;
    }
  });
  return new RegExp(`^${depth === 0 ? text : pattern.replace(/[^\w/-]/g, '\\$&')}$`);
}

/** Links are not followed: they may lead round. */
function filesBelow(root: string): readonly string[] {
  const found: string[] = [];
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
      const path = folder === '.' ? entry.name : join(folder, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile() && isProgramFile(path) && !/\.d\.[cm]?ts$/.test(path))
        found.push(path.split(sep).join('/'));
      if (found.length > filesMax)
        throw new NotFoundError(`${root} holds more than ${filesMax} files. Name a smaller folder.`);
    }
  }
  return found.toSorted();
}
