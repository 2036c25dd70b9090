import { epoch, executionId, generation, incarnationId } from '../../../src/core/ids.ts';
import type { EffectsState } from '../../../src/protocols/effects/ledger.ts';

// What the exploration of effects enumerates: one execution, those who may own it, and what it started.

/** The method and its ledger, as a snapshot holds them. */
export interface Work {
  readonly ledger: EffectsState;
  /** What the effect that it awaits does, which it decided when it called it; and the effect's number. */
  readonly awaits: { readonly payload: string; readonly sequence: number } | null;
  /** The awaited effect is to be called again. */
  readonly again: boolean;
  readonly done: readonly string[];
}

export interface Copy extends Work {
  readonly host: number;
  readonly epoch: number;
  readonly generation: number;
  /** Ended incarnations that it was told of. */
  readonly told: readonly number[];
}

/** An effect that was started. */
export interface Started {
  readonly host: number;
  readonly sequence: number;
  readonly numbered: number;
  readonly life: number;
  readonly key: string;
  readonly payload: string;
  readonly landed: boolean;
  /** Its outcome left the host, or never will. */
  readonly over: boolean;
}

export type Failure = 'crashes' | 'leaseEnds' | 'moves' | 'laneDeaths' | 'doubles';

export interface World {
  /** The owner's; null when its host is dead or has lost its lease. */
  readonly copy: Copy | null;
  /** The frozen copy that the source of the last move keeps (rule 9). */
  readonly kept: Copy | null;
  /** A checkpoint on its way: taken, then named by the register, then heard of. */
  readonly checkpoint: { readonly of: Copy; readonly named: boolean } | null;
  readonly row: { readonly epoch: number; readonly generation: number; readonly point: Copy | null };
  readonly started: readonly Started[];
  readonly outcomes: readonly Pick<Started, 'sequence' | 'numbered' | 'payload'>[];
  /** What the target of the effects has seen, by key. */
  readonly seen: readonly (readonly [key: string, payload: string])[];
  readonly dead: readonly number[];
  readonly ended: readonly number[];
  readonly left: { readonly [failure in Failure]: number };
  readonly broken: string;
}

export const execution = executionId('x');
export const incarnationOf = (host: number) => incarnationId(`h${host}.1`);
export const tenureOf = (copy: { readonly epoch: number; readonly generation: number }) => ({
  execution,
  epoch: epoch(copy.epoch),
  generation: generation(copy.generation),
});

/** Its outcomes will not come; what was started may still land. */
export function silence(world: World, host: number): World {
  const started = world.started.map((one) => (one.host === host ? { ...one, over: true } : one));
  return { ...world, started };
}

export function runsAt({ ledger }: Copy, host: number): boolean {
  return ledger.pending.some(
    ({ stand }) => stand.kind === 'running' && stand.incarnation === incarnationOf(host),
  );
}

export function isWaiting({ ledger }: Copy): boolean {
  return ledger.pending.some(({ stand }) => stand.kind === 'recording');
}

/** Orders in which things were begun do not matter, nor does what can do nothing any more. */
export function canonical(world: World): World {
  const started = world.started.filter(({ landed, over }) => !landed || !over).toSorted(byText);
  return { ...world, started, outcomes: world.outcomes.toSorted(byText) };
}

export function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

export function inOrder(hosts: readonly number[], host: number): readonly number[] {
  return [...hosts, host].toSorted((a, b) => a - b);
}

export function workOf({ ledger, awaits, again, done }: Work): Work {
  return { ledger, awaits, again, done };
}

export function isSame(copy: Copy, point: Copy | null): boolean {
  return (
    point !== null &&
    copy.epoch === point.epoch &&
    JSON.stringify(workOf(copy)) === JSON.stringify(workOf(point))
  );
}

/** Its target sees it: under one key it always asks for the same. */
export function land(world: World, { key, payload }: Started): World {
  const known = world.seen.find(([seen]) => seen === key);
  if (known === undefined)
    return { ...world, seen: [...world.seen, [key, payload] as const].toSorted(byText) };
  return known[1] === payload
    ? world
    : { ...world, broken: `${key} stands for ${known[1]} and for ${payload}` };
}

/** Everything of it is gone; what was on its way to the target may still land. Its lease is ended. */
export function crash(world: World, host: number): World {
  const gone = fence(world, host);
  const started = gone.started.filter((one) => one.host !== host || !one.landed);
  const kept = gone.kept?.host === host ? null : gone.kept;
  return { ...gone, started, kept, dead: inOrder(gone.dead, host) };
}

/** It acts no more, and no outcome of it is taken; what it has started may still land. */
export function fence(world: World, host: number): World {
  const { started } = silence(world, host);
  const copy = world.copy?.host === host ? null : world.copy;
  const checkpoint = world.checkpoint?.of.host === host && !world.checkpoint.named ? null : world.checkpoint;
  return { ...world, started, copy, checkpoint, ended: inOrder(world.ended, host) };
}
