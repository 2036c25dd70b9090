import { InvalidArgumentError } from 'commander';
import type { FittedModel, Model, Series } from '../../forecasting/contract.ts';
import { ownModels } from '../../forecasting/pool.ts';
import { foreignModelNames, openForeignModels } from '../../models/foreign-models.ts';
import type { ForeignModels, Refusal } from '../../models/foreign-models.ts';
import { shippedLearnedModel } from '../../models/learned.ts';

/** Groups that a user may name besides single models. */
const groups = ['own', 'learned', 'foreign', 'all'] as const;

/** Models for one command, cheap ones and dear ones apart. */
export interface ModelPool {
  readonly cheap: readonly Model[];
  readonly dear: readonly Model[];
  readonly refusals: readonly Refusal[];
  close(): Promise<void>;
}

const ownNames = ownModels.map(({ name }) => name);

/** `ridge,mstl` or `own,prophet`. @throws {InvalidArgumentError} naming what there is */
export function parseModels(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  const known: readonly string[] = [...groups, ...ownNames, ...foreignModelNames];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`Unknown model '${unknown}'. Known: ${known.join(', ')}.`);
}

/**
 * @param wanted names and groups; null: all, the dear ones to be admitted by the caller
 * @param working told before each fit, which may take seconds
 */
export function openModels(wanted: readonly string[] | null, working: (model: string) => void): ModelPool {
  const refusals: Refusal[] = [];
  const foreign: ForeignModels = openForeignModels({ refused: (refusal) => void refusals.push(refusal) });
  const chosen = (group: string, name: string): boolean =>
    wanted === null || wanted.includes('all') || wanted.includes(group) || wanted.includes(name);
  const learned = chosen('learned', 'learned') ? [shippedLearnedModel()] : [];
  const own = ownModels.filter(({ name }) => chosen('own', name));
  const told = (model: Model): Model => ({
    name: model.name,
    price: model.price,
    fit(history: Series): FittedModel | null {
      working(model.name);
      return model.fit(history);
    },
  });
  return {
    cheap: [...own, ...learned].map(told),
    dear: foreign.models.filter(({ name }) => chosen('foreign', name)).map(told),
    refusals,
    close: () => foreign.close(),
  };
}
