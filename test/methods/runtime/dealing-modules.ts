import { load, tenure, Workshop, writeModules } from './workshop.ts';

export const id = tenure.execution;

/** A folder with one movable module, `m.ts`, that has all that a method may call. */
export async function modules(source: string): Promise<string> {
  const folder = writeModules(
    {
      'm.ts': `"use movable";\nimport { effect, start, self, send, receive, sleep } from 'godwit';\n${source}`,
    },
    { movable: true },
  );
  await load(folder, 'm.ts');
  return folder;
}

/** What moves when it leaves now. */
export function captured(workshop: Workshop): Uint8Array {
  const outcome = workshop.runtime.freeze(id);
  if (outcome.kind !== 'captured') throw new Error(JSON.stringify(outcome));
  return outcome.capture.bytes;
}

/** An execution that has run as far as it could on one host, and stands on another now. */
export function moved(
  folder: string,
  args: readonly unknown[] = [],
): { readonly source: Workshop; readonly target: Workshop } {
  const source = new Workshop(folder);
  source.start('m.ts#main', args);
  source.runtime.step();
  const target = new Workshop(folder, {}, 'h2');
  target.restore(captured(source));
  return { source, target };
}
