import { expect } from 'vitest';
import type { Registry, WatchEvent } from '../../src/store/contract.ts';
import type { Observation } from './linearizability.ts';

/** So long that only a store that never answers fails. */
export const patientMs = 30_000;

export const bytes = (value: string | number): Uint8Array => new TextEncoder().encode(String(value));
export const text = (value: Uint8Array): string => new TextDecoder().decode(value);

/** @returns the new count */
export async function increment(registry: Registry, key: string): Promise<number> {
  for (;;) {
    const entry = await registry.get(key);
    const next = entry === null ? 1 : Number(text(entry.value)) + 1;
    const answer = await registry.cas(key, entry?.revision ?? 'absent', bytes(next));
    if (answer.kind === 'done') return next;
  }
}

/** Reads and claims by turns, with values that nobody else writes. */
export async function observe(
  registry: Registry,
  key: string,
  base: number,
  calls: number,
): Promise<Observation[]> {
  const observations: Observation[] = [];
  let known = await registry.get(key);
  for (let index = 0; index < calls; index += 1) {
    const beganMs = performance.now();
    if ((base + index) % 3 === 0) {
      known = await registry.get(key);
      const found = known === null ? null : Number(text(known.value));
      observations.push({ beganMs, endedMs: performance.now(), call: { kind: 'read', found } });
      continue;
    }
    const written = base + index;
    const expected = known === null ? null : Number(text(known.value));
    const answer = await registry.cas(key, known?.revision ?? 'absent', bytes(written));
    const call = { kind: 'cas', expected, written, outcome: answer.kind } as const;
    observations.push({ beganMs, endedMs: performance.now(), call });
    known =
      answer.kind === 'done' ? { key, value: bytes(written), revision: answer.revision } : answer.current;
  }
  return observations;
}

/** What a watcher knows, and when it knows enough. */
export class Mirror {
  readonly rows = new Map<string, string>();
  readonly kinds: WatchEvent['kind'][] = [];
  revision = 0;
  #wake: () => void = () => undefined;

  readonly take = (event: WatchEvent): void => {
    this.kinds.push(event.kind);
    if (event.kind === 'interrupted') return;
    if (event.kind === 'listed') this.rows.clear();
    else for (const key of event.removed) this.rows.delete(key);
    for (const entry of event.entries) this.rows.set(entry.key, text(entry.value));
    expect(event.revision).toBeGreaterThanOrEqual(this.revision);
    this.revision = event.revision;
    this.#wake();
  };

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A value in pieces, the i-th of bytes i + 1, each followed by something else that happens. */
export async function* chunks(
  count: number,
  sizeBytes: number,
  between: (index: number) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) {
    yield new Uint8Array(sizeBytes).fill(index + 1);
    await between(index);
  }
}
