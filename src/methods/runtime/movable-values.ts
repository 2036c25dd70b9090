import type { ExternalRecord } from '../snapshot/index.ts';
import {
  aim,
  blankController,
  blankSignal,
  fillController,
  fillSignal,
  isOwnEvent,
  type SignalForm,
  signalForm,
  signalOf,
} from './abort-signals.ts';
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
  if (immediate !== null) return { kind: 'immediate', record: { ...immediate } };
  return abortRecord(value);
}

function abortRecord(value: object): ExternalRecord | null {
  const signal = signalForm(value);
  if (signal !== null) return { kind: 'abortSignal', record: signal };
  const controlled = signalOf(value);
  if (controlled !== null) return { kind: 'abortController', record: controlled };
  // What these are made with cannot be given to them later: it stands in the kind.
  if (isOwnEvent(value)) return { kind: `event ${value.type}`, record: value.target };
  if (value instanceof DOMException)
    return { kind: `exception ${JSON.stringify([value.message, value.name])}`, record: value.stack };
  return null;
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
    case 'abortSignal':
      return blankSignal();
    case 'abortController':
      return blankController();
    default:
      return createNamed(kind);
  }
}

function createNamed(kind: string): object | null {
  const space = kind.indexOf(' ');
  const detail = kind.slice(space + 1);
  if (kind.startsWith('event ')) return new Event(detail);
  if (!kind.startsWith('exception ')) return null;
  const [message, name] = JSON.parse(detail) as [string, string];
  return new DOMException(message, name);
}

export function fillMovable(value: object, kind: string, record: unknown, owner: Owner): void {
  switch (kind) {
    case 'resolver':
      return fillResolver(value as AnyFunction, owner.promises, record as ResolverForm);
    case 'timeout':
      return fillTimeout(value, owner.timers, record as TimeoutForm);
    case 'immediate':
      return fillImmediate(value, record as ImmediateForm);
    case 'abortSignal':
      return fillSignal(value, record as SignalForm);
    case 'abortController':
      return fillController(value, record as AbortSignal);
    default:
      if (kind.startsWith('event ')) aim(value as Event, record as AbortSignal);
      else Object.defineProperty(value, 'stack', { value: record, writable: true, configurable: true });
  }
}
