import type { OrchestrationPolicy } from './contract.ts';

/**
 * The shipped defaults: one point is one ms of wait per second. A watt counts 0.5 points, so that freeing an idle host
 * of 100 W is worth 50 ms/s, far less than one overloaded host (2,000) and more than a handful of moves.
 */
export const orchestrationPolicy: OrchestrationPolicy = {
  weights: { latency: 1, cost: 50, energy: 0.5, churn: 1 },
  // Pause p50 5 ms and about 1 GB/s are what the pause bench measures; the rest is for everybody's work.
  moveCosts: { perMoveMs: 1_000, pauseMs: 5, bytesPerSecond: 1e9, perTransferSecondMs: 1_000 },
  overloadMsPerSite: 1_000,
  unservedMsPerCore: 1_000,
  burstiness: 0,
  fillMax: 1,
  capacityQuantile: 0.9,
  riskMin: 0.02,
  correlation: 0.05,
  payOffMs: 600_000,
  coolDownMs: 10_000,
  movesMax: 100,
  bytesMax: Number.MAX_SAFE_INTEGER,
  consolidates: true,
  gainMin: 0,
  pricePerCrossRackGb: 0.01,
  localMs: 0.05,
  nearMessagesPerSecond: 100,
  latencyAgeMaxMs: 300_000,
  unknownLatencyMs: 10,
};
