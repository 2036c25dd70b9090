import type { ChurnLimits, ChurnMove, ChurnState } from './churn-budget.ts';
import { spendChurn, spentBudget, spentKeys } from './churn-budget.ts';
import { coolDownLeftMs } from './cool-down.ts';

/** Who wants a move. Those who balance wait for the cool-down and the budgets; those who must have it do not. */
export type Asker = 'affinity' | 'orchestrator' | 'rack' | 'operator' | 'drain';

export type Admission =
  /** With the new state: the move is counted, and starts the cool-down, whoever asked. */
  | { readonly kind: 'admitted'; readonly churn: ChurnState }
  | { readonly kind: 'refused'; readonly reason: string };

const overriding: ReadonlySet<Asker> = new Set(['operator', 'drain']);

/**
 * Whether a move may begin, decided where the execution is, so that several deciders who do not know of each other
 * cannot together move it more often than one.
 *
 * @param agesMs time since its last move, by each clock that knows: see `coolDownLeftMs`
 */
export function admit(
  asker: Asker,
  move: ChurnMove,
  agesMs: readonly (number | null)[],
  churn: ChurnState,
  nowMs: number,
  rules: { readonly coolDownMs: number; readonly churn: ChurnLimits },
): Admission {
  const admitted = (): Admission => ({
    kind: 'admitted',
    churn: spendChurn(churn, move, nowMs, rules.churn),
  });
  if (overriding.has(asker)) return admitted();
  const leftMs = coolDownLeftMs(agesMs, rules.coolDownMs);
  if (leftMs > 0)
    return {
      kind: 'refused',
      reason: `it moved a short while ago; its cool-down has ${Math.ceil(leftMs)} of ${rules.coolDownMs} ms left`,
    };
  const budget = spentBudget(spentKeys(churn, nowMs, rules.churn), move, rules.churn);
  if (budget === null) return admitted();
  const { movesMax, windowMs } = budget.limit;
  return {
    kind: 'refused',
    reason: `the budget of ${budget.key}, ${movesMax} moves in ${windowMs} ms, is spent`,
  };
}
