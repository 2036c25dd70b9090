import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Tenure } from '../../../src/core/execution.ts';
import {
  epoch,
  executionId,
  generation,
  incarnationId,
  methodId,
  packageHash,
} from '../../../src/core/ids.ts';
import type { Digest } from '../../../src/core/ports.ts';
import { compileModule, refusalText } from '../../../src/methods/compiler/index.ts';
import * as api from '../../../src/methods/runtime/api.ts';
import type {
  CaptureOutcome,
  Runtime,
  RuntimeEvent,
  RuntimeOptions,
} from '../../../src/methods/runtime/index.ts';
import { createRuntime, decodeResult, encodeArgs } from '../../../src/methods/runtime/index.ts';
import '../../../src/methods/runtime/gate.ts';
import { platform } from '../../../src/platform.ts';

export const digest: Digest = { sha256: (bytes) => createHash('sha256').update(bytes).digest('hex') };

// The modules under test are loaded by Node itself, untouched by the test runner; they find the same runtime.
const shared = globalThis as unknown as Record<symbol, unknown>;
shared[Symbol.for('godwit.test.api')] = api;
const module = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const gateModule = module("export const $ = globalThis[Symbol.for('godwit.gate.1')];");
const apiModule = module(
  `const api = globalThis[Symbol.for('godwit.test.api')];\n${Object.keys(api)
    .map((name) => `export const ${name} = api.${name};`)
    .join('\n')}`,
);
const nativeImport = createRequire(import.meta.url)('./native-import.cjs') as (
  url: string,
) => Promise<Record<string, unknown>>;

export type Sources = Readonly<Record<string, string>>;

/** Compiles modules into a folder of their own. @throws when one is refused */
export function writeModules(
  sources: Sources,
  options: { readonly movable: boolean; readonly dense?: boolean; readonly whole?: boolean },
): string {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-'));
  for (const [path, source] of Object.entries(sources)) {
    const text = options.movable ? source : source.replaceAll('use movable', 'use native');
    const outcome = compileModule(text, {
      path,
      digest,
      dense: options.dense ?? false,
      whole: options.whole === true ? { resolve: () => null } : null,
      runtimeSpecifier: gateModule,
      rewriteSpecifier: (specifier) =>
        specifier === 'godwit' ? apiModule : specifier.replace(/\.ts$/, '.mjs'),
    });
    if (outcome.kind === 'refused') throw new Error(refusalText(outcome));
    const file = join(folder, path.replace(/\.ts$/, '.mjs'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, outcome.code);
  }
  return folder;
}

/** Loads modules by Node itself. */
export async function load(folder: string, path: string): Promise<Record<string, unknown>> {
  return nativeImport(pathToFileURL(join(folder, path.replace(/\.ts$/, '.mjs'))).href);
}

export type Outcome =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string };

export const testPackage = packageHash('p'.repeat(64));

export const tenure: Tenure = { execution: executionId('x-1'), epoch: epoch(1), generation: generation(1) };

/** A seeded source of chance, for tests that capture here and there. */
export function chance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One runtime in a host of its own: time passes only when the test says so, or nothing else is left to do. */
export class Workshop {
  readonly events: RuntimeEvent[] = [];
  readonly runtime: Runtime;
  nowMs = 0;
  mayAct = true;
  attention = false;
  #timers: { atMs: number; fire: () => void }[] = [];

  constructor(folder: string, options: Partial<RuntimeOptions> = {}, host = 'h1') {
    this.runtime = createRuntime(
      {
        incarnation: incarnationId(`${host}.1`),
        digest,
        buffer: Buffer,
        monotonicMs: () => this.nowMs,
        attention: () => this.attention,
        mayAct: () => this.mayAct,
        after: (delayMs, fire) => {
          const timer = { atMs: this.nowMs + delayMs, fire };
          this.#timers.push(timer);
          return () => {
            this.#timers = this.#timers.filter((other) => other !== timer);
          };
        },
        wake: () => undefined,
        chance: () => 0,
        emit: (event) => {
          this.events.push(event);
        },
      },
      { platform, ...options },
    );
    this.runtime.install(testPackage, pathToFileURL(`${folder}/`).href);
  }

  start(method: string, args: readonly unknown[], durable = false): void {
    const admission = this.runtime.start(
      tenure,
      { package: testPackage, method: methodId(method) },
      encodeArgs(args),
      durable,
    );
    if (admission.kind === 'refused') throw new Error(admission.reason);
    this.runtime.run(tenure);
  }

  restore(bytes: Uint8Array): void {
    const admission = this.runtime.restore(tenure, bytes);
    if (admission.kind === 'refused') throw new Error(admission.reason);
    this.runtime.run(tenure);
  }

  /** Lets the next timer fire. @returns whether there was one */
  passTime(): boolean {
    const [next] = this.#timers.sort((a, b) => a.atMs - b.atMs);
    if (next === undefined) return false;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.fire();
    return true;
  }

  get outcome(): Outcome | null {
    for (const event of this.events) {
      if (event.kind !== 'settled') continue;
      const { settlement } = event;
      const value = decodeResult(settlement.value);
      return settlement.kind === 'returned' ? { ok: true, value } : { ok: false, error: String(value) };
    }
    return null;
  }
}

/** Runs a method of compiled modules, moving it between runtimes at each slice for which `moves` says so. */
export async function runMovable(
  folder: string,
  method: string,
  args: readonly unknown[],
  moves: () => boolean,
  interrupt: (() => boolean) | null = () => true,
): Promise<{ readonly outcome: Outcome; readonly moved: number; readonly pins: readonly string[] }> {
  const pins: string[] = [];
  let moved = 0;
  let host = 1;
  let workshop = new Workshop(folder, { interrupt });
  workshop.start(method, args);
  for (let round = 0; round < 2_000_000; round += 1) {
    const { ready } = workshop.runtime.step();
    const { outcome } = workshop;
    if (outcome !== null) return { outcome, moved, pins };
    if (moves()) {
      const captured: CaptureOutcome = workshop.runtime.freeze(tenure.execution);
      if (captured.kind === 'captured') {
        moved += 1;
        host += 1;
        const { nowMs } = workshop;
        workshop = new Workshop(folder, { interrupt }, `h${host}`);
        workshop.nowMs = nowMs;
        workshop.restore(captured.capture.bytes);
        continue;
      }
      if (captured.kind === 'pinned') pins.push(captured.pin.reason);
    }
    if (ready > 0) continue;
    // Nothing is ready: a timer, or a native promise of an effect.
    if (!workshop.passTime()) await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('the method did not end');
}

/** Runs the same function natively. */
export async function runNative(
  folder: string,
  path: string,
  name: string,
  args: readonly unknown[],
): Promise<Outcome> {
  const loaded = await load(folder, path);
  try {
    const value = await (loaded[name] as (...all: unknown[]) => unknown)(...args);
    return { ok: true, value };
  } catch (error) {
    return { ok: false, error: String(error) };
  }
}
