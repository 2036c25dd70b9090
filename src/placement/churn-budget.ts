/** At most `movesMax` moves begin in any window of this length. */
export interface ChurnLimit {
  readonly movesMax: number;
  readonly windowMs: number;
}

/** How many moves each may take part in; a host and a rack, as source or as target. */
export interface ChurnLimits {
  readonly execution: ChurnLimit;
  readonly host: ChurnLimit;
  readonly rack: ChurnLimit;
  readonly cluster: ChurnLimit;
}

/** When moves began, by who took part (`host/r1-h2`, `cluster`), oldest first; never more than the limits allow. */
export type ChurnState = Readonly<Record<string, readonly number[]>>;
