/** Bounds and times of probing. A round is one `monitor.sampleMs`. */
export interface ProbingSettings {
  /** Up to so many hosts, each probes every other one each round. */
  readonly allPairsHostsMax: number;
  /** Beyond: hosts of its own rack that a host probes in a round. */
  readonly ownRackPeersMax: number;
  /** Beyond: hosts of other racks that a host probes in a round. */
  readonly otherRackPeersMax: number;
  /** Hosts of a rack that measure one other rack at the same time, so that none of them alone is believed. */
  readonly representatives: number;
  /** Rounds for which a host keeps its peers, so that a window holds consecutive probes. */
  readonly dwellRounds: number;
  /** A probe without an answer by then is lost; a later answer counts for nothing. */
  readonly answerMaxMs: number;
  /** Probes to one peer that its figures are made from. */
  readonly windowProbes: number;
  /** Older probes leave the window. */
  readonly windowMs: number;
  /** Peers with a window; the one that was probed longest ago is forgotten first. */
  readonly peersMax: number;
  /** Peers in one report. */
  readonly reportedPeersMax: number;
}

export const probingDefaults: ProbingSettings = {
  allPairsHostsMax: 32,
  ownRackPeersMax: 4,
  otherRackPeersMax: 8,
  representatives: 3,
  dwellRounds: 8,
  // Longer than any round trip on Earth, satellites included.
  answerMaxMs: 2_000,
  // At 128 probes the standard error of a loss of 10 % is 2.7 %.
  windowProbes: 128,
  windowMs: 300_000,
  peersMax: 256,
  reportedPeersMax: 64,
};

/** No round trip is believed that is longer. */
export const roundTripMaxMs = 60_000;
