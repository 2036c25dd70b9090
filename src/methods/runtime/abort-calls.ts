import {
  abortNatively,
  aim,
  blankController,
  blankSignal,
  controllerPrototype,
  fillController,
  isAborting,
  type Listener,
  NativeController,
  NativeSignal,
  signalOf,
  signalPrototype,
  signalState,
} from './abort-signals.ts';
import { acceptFunctions, libraryMethod, nameValue } from './library.ts';
import type { AnyFunction, Frame } from './method-code.ts';
import { callerUrl } from './stack-walk.ts';
import { thread } from './thread.ts';

/** Listeners that are being called, as data. */
interface Dispatch {
  /** Signals whose listeners are to be called; those without an event yet are aborted when their turn comes. */
  readonly queue: { readonly signal: AbortSignal; event: Event | null }[];
  readonly reason: unknown;
  /** The first signal's listeners that are left. */
  pending: Listener[] | null;
  readonly answer: unknown;
}

function callListener(callback: unknown, event: Event): unknown {
  if (typeof callback === 'function') return Reflect.apply(callback as AnyFunction, event.target, [event]);
  return (callback as { handleEvent(event: Event): unknown }).handleEvent(event);
}

function walkListeners(dispatch: Dispatch): unknown {
  const { gate } = thread;
  for (let item = dispatch.queue[0]; item !== undefined; item = dispatch.queue[0]) {
    item.event ??= abortNatively(item.signal, dispatch.reason);
    dispatch.pending ??= item.event === null ? [] : listenersFor(item.signal, item.event);
    const [listener] = dispatch.pending;
    if (listener === undefined || item.event === null) {
      dispatch.queue.shift();
      dispatch.pending = null;
      continue;
    }
    try {
      if (!listener.removed) {
        if (listener.once) forget(item.signal, listener);
        callListener(listener.callback, item.event);
      }
    } catch (error) {
      if (error === gate.capture) throw gate.save(dispatching, 1, [dispatch], null, null);
      throwLater(error);
    }
    takeNext(dispatch);
  }
  return dispatch.answer;
}

/** Natively listeners are a chain: what is added to its end is called, too, unless the last one runs. */
function takeNext(dispatch: Dispatch): void {
  const [item] = dispatch.queue;
  dispatch.pending?.shift();
  const last = dispatch.pending?.at(-1);
  if (last === undefined || item === undefined || item.event === null) return;
  const listeners = listenersFor(item.signal, item.event);
  const at = listeners.indexOf(last);
  if (at >= 0) dispatch.pending?.push(...listeners.slice(at + 1));
}

function resumeListeners(frame: Frame): unknown {
  const dispatch = frame.vars[0] as Dispatch;
  try {
    thread.gate.take();
  } catch (error) {
    throwLater(error);
  }
  takeNext(dispatch);
  return walkListeners(dispatch);
}

const dispatching = libraryMethod('listeners', ['dispatch'], resumeListeners);

function throwNow(error: unknown): never {
  throw error;
}

/** An error of a listener is nobody's: it ends the program, one tick later. */
function throwLater(error: unknown): void {
  thread.gate.process.nextTick(throwNow, error);
}

function forget(signal: AbortSignal, listener: Listener): void {
  listener.removed = true;
  const state = signalState(signal);
  if (state !== null) state.listeners = state.listeners.filter((other) => other !== listener);
}

function listenersFor(signal: AbortSignal, event: Event): Listener[] {
  return (signalState(signal)?.listeners ?? []).filter(({ type }) => type === event.type);
}

/** Whether the language gives all that follow a signal their reason before the first listener of it is called. */
function abortsTogether(): boolean {
  let isAborted = false;
  const controller = new NativeController();
  const follower = NativeSignal.any([controller.signal]);
  controller.signal.addEventListener('abort', () => (isAborted = follower.aborted));
  controller.abort();
  return isAborted;
}

let together: boolean | null = null;

/** Aborts a signal and whatever follows it. */
function abortSignal(signal: AbortSignal, given: unknown): unknown {
  const event = abortNatively(signal, given);
  if (event === null) return undefined;
  const { reason } = signal as { readonly reason: unknown };
  const followers = (signalState(signal)?.followers ?? []).filter(({ aborted }) => !aborted);
  if (followers.length > 0) together ??= abortsTogether();
  const events = followers.map((follower) => ({
    signal: follower,
    event: together === true ? abortNatively(follower, reason) : null,
  }));
  return walkListeners({ queue: [{ signal, event }, ...events], reason, pending: null, answer: undefined });
}

function timedOut(signal: unknown): unknown {
  const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  return abortSignal(signal as AbortSignal, reason);
}

const controllerMembers = {
  abort(this: unknown, reason?: unknown): unknown {
    const signal = signalOf(this);
    if (signal === null) return Reflect.apply(NativeController.prototype.abort, this, [reason]);
    return abortSignal(signal, reason);
  },
  get signal(): AbortSignal {
    return signalOf(this) ?? (Reflect.get(NativeController.prototype, 'signal', this) as AbortSignal);
  },
};

const natives = EventTarget.prototype;

const signalMembers = {
  addEventListener(this: AbortSignal, type: unknown, callback: unknown, options?: unknown): void {
    const state = signalState(this);
    const isObject = typeof callback === 'object' && callback !== null;
    const { capture, once, signal, isPlain } = optionsOf(options);
    if (thread.gate.x === null || state === null || (typeof callback !== 'function' && !isObject) || !isPlain)
      return Reflect.apply(natives.addEventListener, this, [type, callback, options]);
    if (signal?.aborted === true) return;
    const found = String(type);
    if (state.listeners.some((known) => isSame(known, found, callback, capture))) return;
    const listener = { type: found, callback, capture, once, isHandler: false, removed: false };
    state.listeners.push(listener);
  },

  removeEventListener(this: AbortSignal, type: unknown, callback: unknown, options?: unknown): void {
    const { capture } = optionsOf(options);
    const known = signalState(this)?.listeners.find((one) => isSame(one, String(type), callback, capture));
    if (known !== undefined) forget(this, known);
    else Reflect.apply(natives.removeEventListener, this, [type, callback, options]);
  },

  dispatchEvent(this: AbortSignal, event: Event): unknown {
    if (isAborting() || signalState(this) === null || !(event instanceof Event))
      return Reflect.apply(natives.dispatchEvent, this, [event]);
    aim(event, this);
    const queue = [{ signal: this, event }];
    return walkListeners({ queue, reason: undefined, pending: null, answer: !event.defaultPrevented });
  },

  get onabort(): unknown {
    return handlerOf(this as unknown as AbortSignal)?.callback ?? null;
  },

  set onabort(callback: unknown) {
    const signal = this as unknown as AbortSignal;
    const known = handlerOf(signal);
    const isUsable = typeof callback === 'function' || (typeof callback === 'object' && callback !== null);
    if (known !== null && isUsable) known.callback = callback;
    else if (known !== null) forget(signal, known);
    else if (isUsable)
      signalState(signal)?.listeners.push({
        type: 'abort',
        callback,
        capture: false,
        once: false,
        isHandler: true,
        removed: false,
      });
  },
};

function handlerOf(signal: AbortSignal): Listener | null {
  return signalState(signal)?.listeners.find(({ isHandler }) => isHandler) ?? null;
}

function isSame(known: Listener, type: string, callback: unknown, capture: boolean): boolean {
  return !known.isHandler && known.type === type && known.callback === callback && known.capture === capture;
}

/** `isPlain`: without what only the language's own function knows to do. */
function optionsOf(options: unknown): {
  readonly capture: boolean;
  readonly once: boolean;
  readonly signal: AbortSignal | null;
  readonly isPlain: boolean;
} {
  if (typeof options !== 'object' || options === null)
    return { capture: Boolean(options), once: false, signal: null, isPlain: true };
  const { capture, once, signal } = options as {
    capture?: unknown;
    once?: unknown;
    signal?: AbortSignal;
  };
  return {
    capture: Boolean(capture),
    once: Boolean(once),
    signal: signal ?? null,
    isPlain: signal === undefined || signal.aborted,
  };
}

function makeController(): AbortController {
  if (thread.gate.x === null) return new NativeController();
  const controller = blankController();
  fillController(controller, blankSignal());
  return controller;
}

export const MovableController = function AbortController(): AbortController {
  if (new.target === undefined)
    return Reflect.apply(NativeController as unknown as AnyFunction, undefined, []) as AbortController;
  return makeController();
} as unknown as typeof NativeController;

export const MovableSignal = function AbortSignal(): AbortSignal {
  return new NativeSignal();
} as unknown as typeof NativeSignal;

const statics = {
  abort(reason?: unknown): AbortSignal {
    if (thread.gate.x === null) return NativeSignal.abort(reason);
    const signal = blankSignal();
    abortNatively(signal, reason);
    return signal;
  },

  timeout(delayMs: number): AbortSignal {
    const running = thread.gate.x;
    // The language refuses what is no number of milliseconds.
    if (running === null || !Number.isInteger(delayMs) || delayMs < 0 || delayMs > Number.MAX_SAFE_INTEGER)
      return NativeSignal.timeout(delayMs);
    const signal = blankSignal();
    running.timers.create(timedOut, delayMs, [signal], false).unref();
    return signal;
  },

  any(signals: Iterable<AbortSignal>): AbortSignal {
    const list = [...signals];
    if (thread.gate.x === null || list.some((signal) => signalState(signal) === null))
      return NativeSignal.any(list);
    const made = blankSignal();
    const aborted = list.find((signal) => signal.aborted);
    if (aborted !== undefined) {
      abortNatively(made, aborted.reason);
      return made;
    }
    const sources = new Set(list.flatMap((signal) => signalState(signal)?.sources ?? [signal]));
    const state = signalState(made);
    if (state !== null) state.sources = [...sources];
    for (const source of sources) signalState(source)?.followers.push(made);
    return made;
  },
};

function define(target: object, members: object): void {
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(members)))
    Object.defineProperty(target, key, { ...descriptor, enumerable: false });
}

define(controllerPrototype, controllerMembers);
define(signalPrototype, signalMembers);
define(MovableSignal, statics);
// So that `instanceof` knows signals of both kinds.
Object.defineProperty(MovableController, 'prototype', { value: NativeController.prototype, writable: false });
Object.defineProperty(MovableSignal, 'prototype', { value: NativeSignal.prototype, writable: false });
// So that the language's own functions take our signals for what they are.
Object.setPrototypeOf(MovableController, NativeController);
Object.setPrototypeOf(MovableSignal, NativeSignal);

nameValue('AbortController.abort', controllerMembers.abort);
for (const [name, value] of Object.entries({ ...statics, timedOut, throwNow }))
  nameValue(`AbortSignal.${name}`, value);
for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent'] as const)
  nameValue(`AbortSignal.${name}`, signalMembers[name]);
nameValue('AbortController', MovableController);
nameValue('AbortSignal', MovableSignal);

acceptFunctions(callerUrl(), {
  callListener: 'calls',
  walkListeners: 'walks',
  resumeListeners: 'passes',
  abortSignal: 'passes',
  timedOut: 'passes',
  abort: 'passes',
  dispatchEvent: 'passes',
});
