import { getHeapStatistics, GCProfiler } from 'node:v8';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { epoch, executionId, generation, incarnationId, methodId, packageHash } from '../../src/core/ids.ts';
import type { Digest } from '../../src/core/ports.ts';
import { builtEntry } from '../../src/entries.ts';
import { compileModule, refusalText } from '../../src/methods/compiler/index.ts';
import { createRuntime, encodeArgs } from '../../src/methods/runtime/index.ts';
import type { Figure } from '../figure.ts';

const source = `"use movable";
export function garbage(n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const point = { x: i, y: i + 1, z: [i] };
    sum = (sum + point.x + point.z.length) | 0;
  }
  return sum;
}
export function growing(n: number): number {
  const kept: { value: number }[] = [];
  for (let i = 0; i < n; i++) kept.push({ value: i });
  return kept.length;
}
export function buffers(n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += new Uint8Array(65536).length;
  return sum;
}
export function strings(n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += ('key-' + i + '-' + (i * 7)).length;
  return sum;
}
`;

const digest: Digest = { sha256: (bytes) => createHash('sha256').update(bytes).digest('hex') };
const cases: readonly (readonly [name: string, size: number])[] = [
  ['garbage', 20_000_000],
  ['growing', 3_000_000],
  ['buffers', 20_000],
  ['strings', 10_000_000],
];

/** Estimated allocations of four methods, against what the collector's own account of the same run says. */
export async function allocationError(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-allocations-'));
  try {
    const outcome = compileModule(source, {
      path: 'kernels.ts',
      digest,
      runtimeSpecifier: builtEntry('methods/runtime/gate').href,
      rewriteSpecifier: (specifier) => specifier,
    });
    if (outcome.kind === 'refused') throw new Error(refusalText(outcome));
    writeFileSync(join(folder, 'kernels.mjs'), outcome.code);
    await import(pathToFileURL(join(folder, 'kernels.mjs')).href);
    return cases.map(([name, size]) => {
      const { estimated, counted } = measure(folder, name, size);
      const value = 100 * (estimated / counted - 1);
      return { name: `estimated allocations, ${name}`, value, unit: '% off', target: null, met: null };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Values and array buffers together. */
function heapBytes(): number {
  const { used_heap_size: used, external_memory: external } = getHeapStatistics();
  return used + external;
}

function measure(folder: string, name: string, size: number): { estimated: number; counted: number } {
  let settled = false;
  const ports = {
    incarnation: incarnationId('bench.1'),
    digest,
    buffer: Buffer,
    monotonicMs: () => performance.now(),
    attention: () => false,
    mayAct: () => true,
    after: () => () => undefined,
    wake: () => undefined,
    chance: () => 0,
    emit: (event: { readonly kind: string }) => {
      if (event.kind === 'settled') settled = true;
    },
  };
  const runtime = createRuntime(ports, { heapBytes });
  const hash = packageHash('b'.repeat(64));
  runtime.install(hash, pathToFileURL(`${folder}/`).href);
  const tenure = { execution: executionId(`x-${name}`), epoch: epoch(1), generation: generation(1) };
  const ref = { package: hash, method: methodId(`kernels.ts#${name}`) };
  runtime.start(tenure, ref, encodeArgs([size]));
  runtime.run(tenure);
  const profiler = new GCProfiler();
  const before = heapBytes();
  profiler.start();
  while (!settled) runtime.step();
  const { statistics } = profiler.stop();
  const freed = statistics.reduce((sum, { beforeGC, afterGC }) => {
    const { usedHeapSize: from, externalMemory: outside } = beforeGC.heapStatistics;
    const { usedHeapSize: to, externalMemory: outsideAfter } = afterGC.heapStatistics;
    return sum + from + outside - to - outsideAfter;
  }, 0);
  const counted = heapBytes() - before + freed;
  const [trace] = runtime.traces();
  return { estimated: trace?.allocatedBytes ?? 0, counted };
}
