import type { Case, StoreKind } from './cases.ts';
import { places, strikes } from './cases.ts';
import type { Outcome } from './trial.ts';

/** One store's outcomes: a row for each place, a column for each strike; milliseconds, FAILED, or a dash where none was run. */
export function tableOf(store: StoreKind, outcomes: readonly Outcome[]): string {
  const own = outcomes.filter((outcome) => outcome.case.store === store);
  const rows = places
    .map((place) => [
      `${place.role} at ${place.point}`,
      ...strikes.map((strike) =>
        cell(
          own.find(
            ({ case: one }) => one.role === place.role && one.point === place.point && one.strike === strike,
          ),
        ),
      ),
    ])
    .filter(([, ...cells]) => cells.some((text) => text !== '-'));
  const lines = [[store, ...strikes], ...rows];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths?.[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cell(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '-';
  return outcome.fault === null ? `${(outcome.ms / 1_000).toFixed(1)} s` : 'FAILED';
}

/** Whether a case is one that was asked for: each word stands in its store, role, point or strike. */
export function isAsked({ store, role, point, strike }: Case, words: readonly string[]): boolean {
  return words.every((word) => [store, role, point, strike].some((text) => text.includes(word)));
}
