import { expect, test } from 'vitest';
import {
  coordinateDimensions,
  distanceMs,
  isSoundCoordinate,
  moveCoordinate,
  unknownCoordinate,
} from '../../../src/protocols/probing/coordinates.ts';
import { SeededRandom } from '../../../src/simulator/random.ts';

/** Hosts in a plane, each behind an access link of its own: what the model can represent exactly. */
function embed(hosts: number, rounds: number, seed: number) {
  const random = new SeededRandom(seed);
  const places = Array.from({ length: hosts }, () => ({
    x: random.next() * 100,
    y: random.next() * 100,
    accessMs: 1 + random.next() * 10,
  }));
  const truthMs = (a: number, b: number): number => {
    const [from, to] = [places[a]!, places[b]!];
    return Math.hypot(from.x - to.x, from.y - to.y) + from.accessMs + to.accessMs;
  };
  const coordinates = places.map(() => unknownCoordinate);
  for (let round = 0; round < rounds; round += 1) {
    for (let host = 0; host < hosts; host += 1) {
      const peer = (host + 1 + random.below(hosts - 1)) % hosts;
      coordinates[host] = moveCoordinate(coordinates[host]!, coordinates[peer]!, truthMs(host, peer), random);
    }
  }
  return { coordinates, truthMs };
}

test('coordinates come to foretell round trips that were never measured', () => {
  const { coordinates, truthMs } = embed(40, 400, 3);
  const errors: number[] = [];
  for (let a = 0; a < 40; a += 1) {
    for (let b = 0; b < a; b += 1) {
      errors.push(Math.abs(distanceMs(coordinates[a]!, coordinates[b]!) - truthMs(a, b)) / truthMs(a, b));
    }
  }
  errors.sort((a, b) => a - b);
  expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(0.05);
  expect(errors[Math.floor(errors.length * 0.9)]).toBeLessThan(0.15);
  for (const coordinate of coordinates) expect(coordinate.error).toBeLessThan(0.2);
});

test('heights find what lies between a host and the network, which no plane can', () => {
  const random = new SeededRandom(9);
  // A star: the round trip of two is what lies before each of them, and nothing in between.
  const accessMs = Array.from({ length: 20 }, (_, host) => 5 + 2 * host);
  const coordinates = accessMs.map(() => unknownCoordinate);
  for (let step = 0; step < 40_000; step += 1) {
    const [host, peer] = [random.below(20), random.below(20)];
    if (host === peer) continue;
    const roundTripMs = accessMs[host]! + accessMs[peer]!;
    coordinates[host] = moveCoordinate(coordinates[host]!, coordinates[peer]!, roundTripMs, random);
  }
  for (const [host, { heightMs }] of coordinates.entries()) {
    expect(Math.abs(heightMs - accessMs[host]!)).toBeLessThan(0.25 * accessMs[host]! + 1);
  }
});

test('two in one place part in some direction, and the less sure gives way more', () => {
  const random = new SeededRandom(1);
  const sure = { ...unknownCoordinate, error: 0.1 };
  const moved = moveCoordinate(unknownCoordinate, sure, 20, random);
  const hardly = moveCoordinate(sure, unknownCoordinate, 20, random);
  expect(distanceMs(moved, sure)).toBeGreaterThan(4);
  expect(distanceMs(hardly, unknownCoordinate)).toBeLessThan(1);
});

test.each([0, -5, Number.NaN, Number.POSITIVE_INFINITY, 1e9])('a round trip of %d ms moves nothing', (ms) => {
  expect(moveCoordinate(unknownCoordinate, unknownCoordinate, ms, new SeededRandom(1))).toBe(
    unknownCoordinate,
  );
});

const vectorMs = Array.from({ length: coordinateDimensions }, () => 1);
test.each([
  [{ vectorMs: [1], heightMs: 1, error: 1 }],
  [{ vectorMs: vectorMs.with(1, Number.NaN), heightMs: 1, error: 1 }],
  [{ vectorMs: vectorMs.with(0, 1e9), heightMs: 1, error: 1 }],
  [{ vectorMs, heightMs: -1, error: 1 }],
  [{ vectorMs, heightMs: Number.NaN, error: 1 }],
  [{ vectorMs, heightMs: 1, error: 0 }],
  [{ vectorMs, heightMs: 1, error: 7 }],
])('an absurd coordinate moves nothing: %j', (absurd) => {
  expect(isSoundCoordinate(absurd)).toBe(false);
  expect(moveCoordinate(unknownCoordinate, absurd, 10, new SeededRandom(1))).toBe(unknownCoordinate);
});
