import type { ExecutionId, HostName, RackName } from '../core/ids.ts';

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

/**
 * The shipped defaults: an execution six times in ten minutes, a host twice a second, a rack twenty times, all
 * together a hundred times. They are brakes for the case that everything else errs; no sane load meets them.
 */
export const churnLimits: ChurnLimits = {
  execution: { movesMax: 6, windowMs: 600_000 },
  host: { movesMax: 120, windowMs: 60_000 },
  rack: { movesMax: 1_200, windowMs: 60_000 },
  cluster: { movesMax: 6_000, windowMs: 60_000 },
};

/**
 * When moves began, by who took part (`host/r1-h2`, `cluster`), oldest first: at most `movesMax` for each, so that a
 * window holds exactly what its limit allows (a bucket that refills evenly would let twice as many through).
 */
export type ChurnState = Readonly<Record<string, readonly number[]>>;

/** Who takes part in a move. */
export interface ChurnMove {
  readonly executionId: ExecutionId;
  readonly from: { readonly name: HostName; readonly rack: RackName };
  readonly to: { readonly name: HostName; readonly rack: RackName };
}

export type ChurnScope = keyof ChurnLimits;

/** A budget that has nothing left. */
export interface SpentBudget {
  readonly scope: ChurnScope;
  /** Key of the state: `rack/r1`. */
  readonly key: string;
  readonly limit: ChurnLimit;
}

/** The keys of a state whose budgets have nothing left: found once, asked for many moves. */
export function spentKeys(state: ChurnState, nowMs: number, limits: ChurnLimits): ReadonlySet<string> {
  const spent = new Set<string>();
  for (const [key, beganAtMs] of Object.entries(state)) {
    const limit = limits[scopeOf(key)];
    if (within(beganAtMs, nowMs, limit).length >= limit.movesMax) spent.add(key);
  }
  return spent;
}

/**
 * The first budget that does not allow the move; null when all do.
 *
 * @param spent by `spentKeys`, now
 * @param move without an execution: whether any might move between the two
 */
export function spentBudget(
  spent: ReadonlySet<string>,
  move: ChurnMove | Omit<ChurnMove, 'executionId'>,
  limits: ChurnLimits,
): SpentBudget | null {
  const keys = 'executionId' in move ? keysOf(move) : placeKeysOf(move);
  for (const [scope, key] of keys) {
    const limit = limits[scope];
    if (limit.movesMax <= 0 || spent.has(key)) return { scope, key, limit };
  }
  return null;
}

/**
 * Counts a move that begins now, whoever asked for it, and forgets what has left every window. One that the budgets
 * do not allow (an operator may order it) is counted like the others.
 */
export function spendChurn(
  state: ChurnState,
  move: ChurnMove,
  nowMs: number,
  limits: ChurnLimits,
): ChurnState {
  const next: Record<string, readonly number[]> = {};
  for (const [key, beganAtMs] of Object.entries(state)) {
    const kept = within(beganAtMs, nowMs, limits[scopeOf(key)]);
    if (kept.length > 0) next[key] = kept;
  }
  for (const [scope, key] of keysOf(move)) {
    const { movesMax } = limits[scope];
    next[key] = movesMax > 0 ? [...(next[key] ?? []), nowMs].slice(-movesMax) : [];
  }
  return next;
}

/** The part of the state that says something about these. */
export function churnOf(state: ChurnState, keep: (key: string) => boolean): ChurnState {
  return Object.fromEntries(Object.entries(state).filter(([key]) => key === 'cluster' || keep(key)));
}

/** A time that lies ahead comes from a clock that was set back: it counts as now. */
function within(beganAtMs: readonly number[], nowMs: number, limit: ChurnLimit): readonly number[] {
  return beganAtMs.map((atMs) => Math.min(atMs, nowMs)).filter((atMs) => nowMs - atMs < limit.windowMs);
}

type Keys = readonly (readonly [ChurnScope, string])[];

function keysOf(move: ChurnMove): Keys {
  return [['execution', `execution/${move.executionId}`], ...placeKeysOf(move)];
}

function placeKeysOf({ from, to }: Omit<ChurnMove, 'executionId'>): Keys {
  const racks = from.rack === to.rack ? [from.rack] : [from.rack, to.rack];
  return [
    ['host', `host/${from.name}`],
    ['host', `host/${to.name}`],
    ...racks.map((rack) => ['rack', `rack/${rack}`] as const),
    ['cluster', 'cluster'],
  ];
}

function scopeOf(key: string): ChurnScope {
  if (key.startsWith('execution/')) return 'execution';
  if (key.startsWith('host/')) return 'host';
  return key.startsWith('rack/') ? 'rack' : 'cluster';
}
