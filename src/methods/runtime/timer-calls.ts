import { nameValue } from './library.ts';
import type { AnyFunction } from './method-code.ts';
import { immediateState, timeoutNames, timeoutState } from './timeouts.ts';
import { thread } from './thread.ts';

/** What stands on the global object now; tests and tools may have put something else there. */
function native(name: string, args: readonly unknown[]): unknown {
  return Reflect.apply(Reflect.get(globalThis, name) as AnyFunction, globalThis, args);
}

/** Whoever is no function is refused by the native function, in its words. */
function isCallable(callback: unknown): callback is AnyFunction {
  return typeof callback === 'function';
}

function startTimer(name: 'setTimeout' | 'setInterval'): AnyFunction {
  const named = {
    [name]: (callback: unknown, delay: unknown, ...args: readonly unknown[]) => {
      const running = thread.gate.x;
      if (running === null || !isCallable(callback)) return native(name, [callback, delay, ...args]);
      return running.timers.create(callback, delay, args, name === 'setInterval');
    },
  };
  return named[name] as AnyFunction;
}

function clearTimer(name: 'clearTimeout' | 'clearInterval'): AnyFunction {
  const named = {
    [name]: (handle: unknown) => {
      const running = thread.gate.x;
      const isNumber = typeof handle === 'number' || typeof handle === 'string';
      if (running !== null && (isNumber || timeoutState(handle) !== null)) running.timers.clear(handle);
      else native(name, [handle]);
    },
  };
  return named[name] as AnyFunction;
}

export const timerCalls = {
  setTimeout: startTimer('setTimeout'),
  clearTimeout: clearTimer('clearTimeout'),
  setInterval: startTimer('setInterval'),
  clearInterval: clearTimer('clearInterval'),

  setImmediate(callback: unknown, ...args: readonly unknown[]): unknown {
    const running = thread.gate.x;
    if (running === null || !isCallable(callback)) return native('setImmediate', [callback, ...args]);
    return running.turns.immediate(callback, args);
  },

  clearImmediate(handle: unknown): void {
    const state = immediateState(handle);
    if (state === null) native('clearImmediate', [handle]);
    else {
      state.callback = null;
      state.holds = false;
    }
  },

  queueMicrotask(callback: unknown): void {
    const running = thread.gate.x;
    if (running === null || !isCallable(callback)) native('queueMicrotask', [callback]);
    else running.promises.jobs.push({ kind: 'callback', callback, args: [], self: undefined });
  },

  nextTick(callback: unknown, ...args: readonly unknown[]): void {
    const running = thread.gate.x;
    if (running === null || !isCallable(callback))
      Reflect.apply(process.nextTick, process, [callback as () => void, ...args]);
    else running.turns.ticks.push({ kind: 'callback', callback, args, self: undefined });
  },
};

for (const [name, value] of [...Object.entries(timerCalls), ...timeoutNames]) nameValue(name, value);
