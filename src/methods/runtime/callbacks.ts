import { arrayCallback } from './array-callbacks.ts';
import { bindMovably, nativeBind } from './bound.ts';
import type { AnyFunction } from './method-code.ts';
import { otherCallback } from './other-callbacks.ts';
import { sortCallback } from './sort-callbacks.ts';
import { thread } from './thread.ts';

/** See `Movables.callback`. The language's own function says by itself which one it is: no receiver has to be asked. */
export function callback(object: unknown, name: string): unknown {
  const found = (object as Record<string, unknown>)[name];
  if (thread.gate.x === null || typeof found !== 'function') return found;
  return arrayCallback(found) ?? sortCallback(found) ?? otherCallback(found) ?? found;
}

/** See `Movables.bind`. */
export function bind(f: unknown): unknown {
  const found = (f as { bind?: unknown }).bind;
  return thread.gate.x === null || found !== nativeBind ? found : (bindMovably as AnyFunction);
}
