import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figure.ts';
import { quantile } from './figure.ts';
import { MovableLane } from './methods/movable-lane.ts';
import { Programs } from './methods/programs.ts';
import { generatorTurnUs } from './preempt/generators.ts';
import { measureParts } from './preempt/parts.ts';
import type { Seen } from './preempt/stack.ts';

const depth = 10;
const warmUpRounds = 100;
const rounds = 300;
const targetUs = 60;
/** A lane turns its event loop each 8 ms. */
const quietMs = 7.5;

/**
 * What it costs to preempt a method ten activations deep, and to resume all ten, as the method itself sees it in a
 * lane with shipped defaults: it gives way to the event loop each 8 ms. Beside it the parts, without a lane.
 */
export async function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-preempt-'));
  try {
    const fixture = join(process.cwd(), 'bench', 'preempt', 'stack.ts');
    const installed = await new Programs(folder, 'wall').install('preempt', fixture);
    if (installed.kind === 'refused') throw new Error(installed.reason);
    const lane = new MovableLane((reason) => {
      throw new Error(reason);
    });
    await lane.install(installed.program);
    await lane.run('stack.ts#main', [warmUpRounds, depth, quietMs]);
    const seen = (await lane.run('stack.ts#main', [rounds, depth, quietMs])) as readonly Seen[];
    const shallow = (await lane.run('stack.ts#main', [rounds, 2, quietMs])) as readonly Seen[];
    await lane.stop();
    await measureParts(installed.program, warmUpRounds, depth);
    const { captures, resumes, returns } = await measureParts(installed.program, rounds, depth);
    return {
      figures: [
        figure(`${depth} activations preempted and resumed, in a lane, p50`, wholes(seen), 0.5, targetUs),
        figure('the same, p90', wholes(seen), 0.9, null),
        figure('the same with 2 activations, p50', wholes(shallow), 0.5, null),
        figure('  of it until the innermost goes on', seen.map(gap), 0.5, null),
        figure('part: stack walk, unwinding, saving', captures, 0.5, null),
        figure('part: the innermost goes on', resumes, 0.5, null),
        figure('part: the others go on, as it returns', returns, 0.5, null),
        {
          name: `native generators ${depth} deep: yield and next`,
          value: generatorTurnUs(depth),
          unit: 'µs',
          target: null,
          met: null,
        },
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function gap({ beforeMs, afterMs }: Seen): number {
  return afterMs - beforeMs;
}

function wholes(seen: readonly Seen[]): readonly number[] {
  return seen.map(({ beforeMs, returnedMs }) => returnedMs - beforeMs);
}

/** @param timesMs one for each preemption */
function figure(name: string, timesMs: readonly number[], share: number, target: number | null): Figure {
  const value = quantile(timesMs, share) * 1000;
  return { name, value, unit: 'µs', target, met: target === null ? null : value <= target };
}
