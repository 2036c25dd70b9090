import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chance } from '../runtime/workshop.ts';
import { build, travel } from './journey.ts';
import type { Build } from './journey.ts';
import { recordOf, scenes, sourceOf, textOf } from './scenes.ts';
import type { Scene } from './scenes.ts';

const builds = new Map<string, Promise<string>>();

function built(program: string, how: Build): Promise<string> {
  const key = `${program} ${how}`;
  const folder = builds.get(key) ?? build(program, sourceOf(program), how);
  builds.set(key, folder);
  return folder;
}

function recorded(scene: Scene): string {
  return readFileSync(new URL(recordOf(scene), import.meta.url), 'utf8');
}

interface Case {
  readonly scene: Scene;
  readonly how: Build;
  readonly title: string;
}

const cases: readonly Case[] = scenes.flatMap((scene) =>
  (['dense', 'production'] as const).map((how) => ({
    scene,
    how,
    title: `${scene.program}: ${scene.name}, ${how} build`,
  })),
);

/** Scenes that the compiler does not take as they are written yet. The list only becomes shorter. */
const open: ReadonlySet<string> = new Set(['promise-subclasses: subclass']);

/** What holds a scene up for a while, if it has as many safe points as it can have; nothing holds the others up. The list only becomes shorter. */
const held: Readonly<Record<string, RegExp>> = {
  traps: /\(Proxy\) is live/,
  // Its collection is needed no more, and nobody but the iterator holds it.
  nestedWalks: /\(Set Iterator\) is live/,
  heldIterators: /\((?:Array|String) Iterator\) is live/,
};

const isOpen = ({ scene }: Case): boolean => open.has(`${scene.program}: ${scene.name}`);
const always = (): boolean => true;

async function everywhere({ scene, how }: Case): Promise<void> {
  const folder = await built(scene.program, how);
  const method = `${scene.program}.ts#${scene.name}`;
  const { outcome, moves, pins } = await travel(folder, method, scene.args, always, always);
  expect(outcome.ok ? textOf(outcome.value) : outcome.error).toBe(recorded(scene));
  const reason = held[scene.name];
  if (reason === undefined) expect(moves).toBeGreaterThanOrEqual(how === 'dense' ? 10 : 0);
  else if (how === 'dense') expect(pins).toContainEqual(expect.stringMatching(reason));
  expect(pins.filter((pin) => reason?.test(pin) !== true)).toEqual([]);
}

async function hereAndThere({ scene, how }: Case): Promise<void> {
  const folder = await built(scene.program, how);
  const method = `${scene.program}.ts#${scene.name}`;
  const draw = chance(scene.name.length);
  const moves = (): boolean => draw() < 0.3;
  const { outcome } = await travel(folder, method, scene.args, moves, () => draw() < 0.5);
  expect(outcome.ok ? textOf(outcome.value) : outcome.error).toBe(recorded(scene));
}

const titled = (some: readonly Case[]): [string, Case][] => some.map((one) => [one.title, one]);
const taken = cases.filter((one) => !isOpen(one));
const deployed = taken.filter(({ how }) => how === 'production');

test.each(titled(taken))('moved at every safe point: %s', (_title, one) => everywhere(one));
test.each(titled(deployed))('moved here and there: %s', (_title, one) => hereAndThere(one));
test.fails.each(titled(cases.filter(isOpen)))('not yet: %s', (_title, one) => everywhere(one));
