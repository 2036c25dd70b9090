import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compileModule, refusalText } from '../../../src/methods/compiler/index.ts';
import type { Outcome } from '../runtime/workshop.ts';
import { platform } from '../../../src/platform.ts';
import { digest, load, tenure, Workshop } from '../runtime/workshop.ts';

// The programs are loaded by Node itself, and find the runtime of the tests.
const gateModule = `data:text/javascript,${encodeURIComponent(
  "export const $ = globalThis[Symbol.for('godwit.gate.1')];",
)}`;

/** How a program is built: `dense` has a safe point wherever its source defines one, `production` is what is deployed. */
export type Build = 'dense' | 'production';

/** Compiles a program into a folder of its own, and loads it. @throws when it is refused */
export async function build(name: string, source: string, how: Build): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-'));
  const outcome = compileModule(source, {
    path: `${name}.ts`,
    digest,
    runtimeSpecifier: gateModule,
    rewriteSpecifier: (specifier) => specifier,
    dense: how === 'dense',
  });
  if (outcome.kind === 'refused') throw new Error(refusalText(outcome));
  const file = join(folder, `${name}.mjs`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, outcome.code);
  await load(folder, `${name}.ts`);
  return folder;
}

export interface Journey {
  readonly outcome: Outcome;
  readonly moves: number;
  /** What held it up where a move was wanted. */
  readonly pins: readonly string[];
}

/**
 * Runs a method that may be interrupted where `interrupt` says so, and then moves where `moves` does: the bytes go to a
 * runtime of its own. Where all of it waits for a timer, that timer fires between two moves.
 */
export async function travel(
  folder: string,
  method: string,
  args: readonly unknown[],
  moves: () => boolean,
  interrupt: () => boolean,
): Promise<Journey> {
  const pins: string[] = [];
  let count = 0;
  let mayMove = true;
  let here = new Workshop(folder, { interrupt, platform });
  here.start(method, args);
  for (let round = 0; round < 200_000; round += 1) {
    const { ready } = here.runtime.step();
    const { outcome } = here;
    if (outcome !== null) return { outcome, moves: count, pins };
    if (mayMove && moves()) {
      const captured = here.runtime.freeze(tenure.execution);
      if (captured.kind === 'captured') {
        count += 1;
        const there = new Workshop(folder, { interrupt, platform }, `h${count + 1}`);
        there.nowMs = here.nowMs;
        here = there;
        here.restore(captured.capture.bytes);
        mayMove = ready > 0;
        continue;
      }
      if (captured.kind === 'pinned') pins.push(captured.pin.reason);
    }
    mayMove = true;
    if (ready === 0 && !here.passTime()) await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${method} did not end`);
}
