import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { builtEntry } from '../../entries.ts';

/** One execution of the main job. */
export interface PlannedExecution {
  /** For people: `census 3`. */
  readonly title: string;
  /** Absolute path of the example. */
  readonly file: string;
  readonly method: string;
  /** The method's only argument, without the witness. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Folder of the package: it holds `examples/` and `node_modules/`. */
export const packageFolder = fileURLToPath(new URL('..', builtEntry('index')));

function example(name: string): string {
  return join(packageFolder, 'examples', `${name}.ts`);
}

/**
 * The main job: a census of identifiers over real source files, a path-traced picture in bands, and a search without any
 * `await`; together some 18 seconds of one core.
 *
 * @param pictures folder that the pictures are written to
 */
export function planMainJob(pictures: string): readonly PlannedExecution[] {
  const each = [0, 1, 2, 3, 4, 5];
  return [
    ...each.map((part) => census(part, each.length)),
    ...each.map((part) => band(part, each.length, pictures)),
    ...each.map((part) => search(part)),
  ];
}

function census(part: number, parts: number): PlannedExecution {
  const options = { folder: join(packageFolder, 'node_modules'), part, parts, passes: 18 };
  return { title: `census ${part + 1}`, file: example('census'), method: 'census', options };
}

const picture = { width: 480, height: 270, samples: 84 };

function band(part: number, parts: number, pictures: string): PlannedExecution {
  const rows = picture.height / parts;
  const file = join(pictures, `band-${part + 1}.png`);
  const options = { ...picture, fromRow: part * rows, rows, file };
  return { title: `picture ${part + 1}`, file: example('pathtracer'), method: 'render', options };
}

/** Each takes a ninth of the openings. */
function search(part: number): PlannedExecution {
  return {
    title: `search ${part + 1}`,
    file: example('search'),
    method: 'search',
    options: { size: 16, part, parts: 9 },
  };
}
