import type { Random } from '../../core/ports.ts';
import type { NetworkCoordinate } from '../messages/latency.ts';
import { roundTripMaxMs } from './settings.ts';

/*
 * Vivaldi with height: Dabek, Cox, Kaashoek, Morris, "Vivaldi: A Decentralized Network Coordinate System", SIGCOMM 2004;
 * the adaptive time step of its figure 3, the height vector of its section 5.4.
 */

/** More hardly lower the error on recorded networks: see docs/deciding/latency.md. */
export const coordinateDimensions = 3;
/** `c_c` and `c_e` of figure 3, with the values that the paper settles on; half and double do worse here too. */
const positionGain = 0.25;
const errorGain = 0.25;
const errorMax = 1.5;
const errorLeast = 0.001;
/** A height of zero could never grow again by a force that is in proportion to it. */
const heightLeastMs = 0.01;

export const unknownCoordinate: NetworkCoordinate = {
  vectorMs: Array.from({ length: coordinateDimensions }, () => 0),
  heightMs: heightLeastMs,
  error: errorMax,
};

/** The round trip that two coordinates foretell. */
export function distanceMs(a: NetworkCoordinate, b: NetworkCoordinate): number {
  return norm(difference(a, b)) + a.heightMs + b.heightMs;
}

/** Whether a coordinate that somebody sent can be used. */
export function isSoundCoordinate({ vectorMs, heightMs, error }: NetworkCoordinate): boolean {
  return (
    vectorMs.length === coordinateDimensions &&
    vectorMs.every((ms) => Number.isFinite(ms) && Math.abs(ms) <= roundTripMaxMs) &&
    heightMs >= 0 &&
    heightMs <= roundTripMaxMs &&
    error > 0 &&
    error <= errorMax
  );
}

/**
 * Moves a coordinate by one measured round trip, as figure 3 has it: the less sure of the two gives way more.
 *
 * @param random for a direction, when the two stand in one place
 * @returns the same coordinate when the other, or the round trip, cannot be believed
 */
export function moveCoordinate(
  own: NetworkCoordinate,
  other: NetworkCoordinate,
  roundTripMs: number,
  random: Pick<Random, 'next'>,
): NetworkCoordinate {
  if (!isSoundCoordinate(other) || !(roundTripMs > 0 && roundTripMs <= roundTripMaxMs)) return own;
  const weight = own.error / (own.error + other.error);
  const estimateMs = distanceMs(own, other);
  const sampleError = Math.abs(estimateMs - roundTripMs) / roundTripMs;
  const error = sampleError * errorGain * weight + own.error * (1 - errorGain * weight);
  const forceMs = positionGain * weight * (roundTripMs - estimateMs);
  const apart = difference(own, other);
  const length = norm(apart);
  const direction = length > 0 ? apart.map((ms) => ms / length) : randomDirection(random);
  // The height vector's norm is the whole estimate; its part along the plane and its part in height share the force.
  const whole = estimateMs > 0 ? estimateMs : 1;
  const planeForceMs = length > 0 ? (forceMs * length) / whole : forceMs;
  const heightForceMs = (forceMs * (own.heightMs + other.heightMs)) / whole;
  const moved: NetworkCoordinate = {
    vectorMs: own.vectorMs.map((ms, axis) => ms + planeForceMs * (direction[axis] ?? 0)),
    heightMs: Math.max(heightLeastMs, own.heightMs + heightForceMs),
    error: Math.min(errorMax, Math.max(errorLeast, error)),
  };
  return isSoundCoordinate(moved) ? moved : own;
}

function difference(a: NetworkCoordinate, b: NetworkCoordinate): readonly number[] {
  return a.vectorMs.map((ms, axis) => ms - (b.vectorMs[axis] ?? 0));
}

function norm(vectorMs: readonly number[]): number {
  return Math.sqrt(vectorMs.reduce((sum, ms) => sum + ms * ms, 0));
}

function randomDirection(random: Pick<Random, 'next'>): readonly number[] {
  for (;;) {
    const vector = Array.from({ length: coordinateDimensions }, () => random.next() - 0.5);
    const length = norm(vector);
    if (length > 0.05) return vector.map((part) => part / length);
  }
}
