import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { epoch, executionId, generation, incarnationId, methodId, packageHash } from '../src/core/ids.ts';
import type { Digest } from '../src/core/ports.ts';
import { builtEntry } from '../src/entries.ts';
import { compileModule, refusalText } from '../src/methods/compiler/index.ts';
import { createRuntime, encodeArgs } from '../src/methods/runtime/index.ts';

/** One measured number; `met` is null where there is no target. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target: number | null;
  readonly met: boolean | null;
}

/** Each kernel once in short invocations (many calls) and once in a long one. */
const kernels: readonly {
  readonly name: string;
  readonly short: readonly [number, number];
  readonly long: number;
}[] = [
  { name: 'nestedLoops', short: [120, 20], long: 560 },
  { name: 'fib', short: [22, 40], long: 32 },
  { name: 'strings', short: [2_000, 60], long: 200_000 },
  { name: 'sieve', short: [20_000, 60], long: 4_000_000 },
  { name: 'matmul', short: [48, 60], long: 260 },
  { name: 'list', short: [10_000, 60], long: 1_000_000 },
];

const source = `"use movable";
export function nestedLoops(n: number): number {
  let s = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) for (let k = 0; k < n; k++) s = (s + (i ^ j) * k) | 0;
  return s;
}
export function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
export function strings(n: number): number {
  let text = '';
  let hash = 0;
  for (let i = 0; i < n; i++) {
    text += String.fromCharCode(97 + (i % 26));
    if (text.length > 64) {
      for (let k = 0; k < text.length; k++) hash = (hash * 31 + text.charCodeAt(k)) | 0;
      text = text.slice(32).toUpperCase().toLowerCase();
    }
  }
  return hash;
}
export function sieve(n: number): number {
  const composite = new Uint8Array(n + 1);
  let count = 0;
  for (let i = 2; i <= n; i++) {
    if (composite[i] === 1) continue;
    count++;
    for (let j = i * i; j <= n; j += i) composite[j] = 1;
  }
  return count;
}
export function matmul(n: number): number {
  const a = new Float64Array(n * n), b = new Float64Array(n * n), c = new Float64Array(n * n);
  for (let i = 0; i < n * n; i++) { a[i] = i % 7; b[i] = i % 5; }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[i * n + k]! * b[k * n + j]!;
      c[i * n + j] = sum;
    }
  }
  return c[n + 1]!;
}
interface Link { readonly value: number; next: Link | null }
export function list(n: number): number {
  let head: Link | null = null;
  for (let i = 0; i < n; i++) head = { value: i, next: head };
  let sum = 0;
  for (let at = head; at !== null; at = at.next) sum = (sum + at.value) | 0;
  return sum;
}
export function rounds(name: string, size: number, count: number): number {
  let last = 0;
  for (let i = 0; i < count; i++) {
    if (name === 'nestedLoops') last = nestedLoops(size);
    else if (name === 'fib') last = fib(size);
    else if (name === 'strings') last = strings(size);
    else if (name === 'sieve') last = sieve(size);
    else if (name === 'matmul') last = matmul(size);
    else last = list(size);
  }
  return last;
}
`;

const digest: Digest = { sha256: (bytes) => createHash('sha256').update(bytes).digest('hex') };
const measuredRounds = 11;

type Rounds = (name: string, size: number, count: number) => number;

/** Slowdown of compiled methods, run as executions with fuel and tracing on, against the same functions natively. */
export async function bench(): Promise<{ figures: Figure[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-bench-'));
  try {
    const native = await compileTo(folder, 'native.mjs', source.replace('use movable', 'use native'));
    await compileTo(folder, 'movable.mjs', source);
    const movable = executor(folder);
    const figures: Figure[] = [];
    const ratios: number[] = [];
    for (const { name, short, long } of kernels) {
      for (const [form, size, count] of [
        ['short', ...short],
        ['long', long, 1],
      ] as const) {
        const ratio = slowdown(native, movable, name, size, count);
        ratios.push(ratio);
        figures.push(figure(`${name}, ${form}`, ratio, 1.6));
      }
    }
    const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
    figures.push(figure('geometric mean', mean, 1.25), figure('worst', Math.max(...ratios), 1.6));
    return { figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function figure(name: string, value: number, target: number): Figure {
  return { name, value: Math.round(value * 1000) / 1000, unit: '× native', target, met: value <= target };
}

async function compileTo(folder: string, file: string, text: string): Promise<Rounds> {
  const outcome = compileModule(text, {
    path: 'kernels.ts',
    digest,
    runtimeSpecifier: builtEntry('methods/runtime/gate').href,
    rewriteSpecifier: (specifier) => specifier,
  });
  if (outcome.kind === 'refused') throw new Error(refusalText(outcome));
  const path = join(folder, file);
  writeFileSync(path, outcome.code);
  return ((await import(pathToFileURL(path).href)) as { readonly rounds: Rounds }).rounds;
}

/** Runs an invocation as an execution of its own, on a lane that has nothing else to do. */
function executor(folder: string): Rounds {
  let result: number | null = null;
  let count = 0;
  const runtime = createRuntime({
    incarnation: incarnationId('bench.1'),
    digest,
    buffer: Buffer,
    monotonicMs: () => performance.now(),
    attention: () => false,
    mayAct: () => true,
    after: () => () => undefined,
    wake: () => undefined,
    emit: (event) => {
      if (event.kind === 'settled') result = event.settlement.kind === 'returned' ? 1 : 0;
    },
  });
  const hash = packageHash('b'.repeat(64));
  runtime.install(hash, pathToFileURL(`${folder}/`).href);
  return (name, size, times) => {
    count += 1;
    const tenure = { execution: executionId(`x-${count}`), epoch: epoch(1), generation: generation(1) };
    runtime.start(
      tenure,
      { package: hash, method: methodId('kernels.ts#rounds') },
      encodeArgs([name, size, times]),
    );
    runtime.run(tenure);
    result = null;
    while (result === null) runtime.step();
    if (result === 0) throw new Error(`The kernel ${name} failed.`);
    runtime.discard(tenure.execution);
    return 0;
  };
}

/** Median of interleaved rounds. */
function slowdown(native: Rounds, movable: Rounds, name: string, size: number, count: number): number {
  const time = (run: Rounds): number => {
    const startMs = performance.now();
    run(name, size, count);
    return performance.now() - startMs;
  };
  time(native);
  time(movable);
  const natives: number[] = [];
  const movables: number[] = [];
  for (let round = 0; round < measuredRounds; round += 1) {
    natives.push(time(native));
    movables.push(time(movable));
  }
  return median(movables) / median(natives);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] as number;
}
