import { readdirSync, readFileSync } from 'node:fs';
import { builtEntry } from '../../src/entries.ts';
import { chance, type Outcome, tenure, Workshop, writeModules } from '../methods/runtime/workshop.ts';

const folder = new URL('../../examples/', import.meta.url);
const sources = Object.fromEntries(
  readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [
      name,
      readFileSync(new URL(name, folder), 'utf8').replace(
        `'godwit/testing'`,
        `'${builtEntry('testing/index').href}'`,
      ),
    ]),
);

/** The examples with their types erased, and nothing else done to them. */
export const native = writeModules(sources, { movable: false });

/** The examples as the compiler makes them movable. */
export const movable = writeModules(sources, { movable: true, dense: true });

/** Runs a method of the examples in one runtime after the other: it moves here and there, never while an effect runs. */
export async function movedAtRandom(
  method: string,
  args: readonly unknown[],
  seed: number,
): Promise<{ readonly outcome: Outcome; readonly moved: number }> {
  const next = chance(seed);
  const interrupt = (): boolean => next() < 0.5;
  let moved = 0;
  let workshop = new Workshop(movable, { interrupt });
  workshop.start(method, args);
  for (;;) {
    const { ready } = workshop.runtime.step();
    if (workshop.outcome !== null) return { outcome: workshop.outcome, moved };
    if (ready === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    if (next() > 0.2) continue;
    const captured = workshop.runtime.freeze(tenure.execution);
    if (captured.kind !== 'captured') {
      throw new Error(`${method} cannot be captured: ${JSON.stringify(captured)}`);
    }
    moved += 1;
    workshop = new Workshop(movable, { interrupt }, `h${moved + 1}`);
    workshop.restore(captured.capture.bytes);
  }
}
