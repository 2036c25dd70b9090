import type { AnyFunction } from './method-code.ts';
import type { PromiseRecord } from './promise-records.ts';
import { stamp, stampOf } from './promise-stamp.ts';
import type { Promises } from './promises.ts';

/** What one of the two functions that settle a promise holds. Whichever is called first counts: they share `once`. */
interface ResolverState {
  readonly promises: Promises;
  readonly record: PromiseRecord;
  readonly rejects: boolean;
  readonly once: { done: boolean };
}

/** The same, as a snapshot writes it. */
export interface ResolverForm {
  readonly promise: Promise<unknown>;
  readonly rejects: boolean;
  readonly once: { done: boolean };
}

/** The functions that settle a promise, as an executor or a `then` is given them. */
export function resolversOf(
  promises: Promises,
  record: PromiseRecord,
): { readonly resolve: AnyFunction; readonly reject: AnyFunction } {
  const once = { done: false };
  return {
    resolve: filled(blankResolver(), { promises, record, rejects: false, once }),
    reject: filled(blankResolver(), { promises, record, rejects: true, once }),
  };
}

/** A function that settles nothing until it is filled. Without a name, as natively. */
export function blankResolver(): AnyFunction {
  const itself: readonly AnyFunction[] = [(value) => settle(itself[0] as AnyFunction, value)];
  return itself[0] as AnyFunction;
}

export function fillResolver(resolver: AnyFunction, promises: Promises, form: ResolverForm): void {
  const record = promises.recordOf(form.promise);
  if (record !== null) filled(resolver, { promises, record, rejects: form.rejects, once: form.once });
}

/** @returns null for any other function, and for those of other executions */
export function resolverForm(value: object, promises: Promises): ResolverForm | null {
  const state = stampOf(value) as ResolverState | PromiseRecord | null;
  if (state === null || !('rejects' in state) || state.promises !== promises) return null;
  return { promise: state.record.promise, rejects: state.rejects, once: state.once };
}

function filled(resolver: AnyFunction, state: ResolverState): AnyFunction {
  stamp(resolver, state);
  return resolver;
}

function settle(resolver: AnyFunction, value: unknown): void {
  const state = stampOf(resolver) as ResolverState | null;
  if (state === null || state.once.done) return;
  state.once.done = true;
  const { promises, record, rejects } = state;
  if (rejects) promises.settle(record, false, value);
  else promises.resolve(record, value);
  // Whoever called it may stand outside of any slice.
  promises.stirred();
}
