import { $ } from '../../methods/runtime/gate.ts';
import type { LoadedMethod } from '../../methods/runtime/method-code.ts';
import type { OfferedPoints } from '../points/point-comparison.ts';

/** Lets every method of a dense build note the points that it passes. */
export function noteOfferedPoints(): void {
  for (const method of methods()) method.passed = new Uint8Array(method.meta.sites.length + 1);
}

/** Points that were passed since then. */
export function offeredPoints(): readonly OfferedPoints[] {
  const offered: OfferedPoints[] = [];
  for (const { meta, passed } of methods()) {
    for (const [index, [kind, line]] of meta.sites.entries()) {
      if (passed[index + 1] !== 1) continue;
      const isEffect = kind === 'effect';
      offered.push({ kind: isEffect ? 'await' : kind, file: meta.path, line, count: 1 });
    }
  }
  return offered;
}

function* methods(): Iterable<LoadedMethod> {
  for (const module of new Set($.modules.values())) yield* module.methods;
}
