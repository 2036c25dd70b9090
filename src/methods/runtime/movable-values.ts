import type { ExternalRecord } from '../snapshot/index.ts';
import type { AnyFunction } from './method-code.ts';
import type { Promises } from './promises.ts';
import { blankResolver, fillResolver, type ResolverForm, resolverForm } from './resolvers.ts';
import {
  fillImmediate,
  fillTimeout,
  Immediate,
  type ImmediateForm,
  immediateState,
  Timeout,
  type TimeoutForm,
  timeoutForm,
} from './timeouts.ts';
import type { Timers } from './timers.ts';

/** What these values need of the execution that they belong to. */
interface Owner {
  readonly promises: Promises;
  readonly timers: Timers;
}

/** How a snapshot writes what the runtime gives to methods; null for any other value. */
export function movableRecord(value: object, owner: Owner): ExternalRecord | null {
  const resolver = resolverForm(value, owner.promises);
  if (resolver !== null) return { kind: 'resolver', record: resolver };
  const timeout = timeoutForm(value, owner.timers);
  if (timeout !== null) return { kind: 'timeout', record: timeout };
  const immediate = immediateState(value);
  return immediate === null ? null : { kind: 'immediate', record: { ...immediate } };
}

/** An empty one of the same kind; null for a kind that is not known here. */
export function createMovable(kind: string): object | null {
  switch (kind) {
    case 'resolver':
      return blankResolver();
    case 'timeout':
      return new Timeout();
    case 'immediate':
      return new Immediate();
    default:
      return null;
  }
}

export function fillMovable(value: object, kind: string, record: unknown, owner: Owner): void {
  if (kind === 'resolver') fillResolver(value as AnyFunction, owner.promises, record as ResolverForm);
  else if (kind === 'timeout') fillTimeout(value, owner.timers, record as TimeoutForm);
  else fillImmediate(value, record as ImmediateForm);
}
