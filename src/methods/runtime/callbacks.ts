import './array-callbacks.ts';
import './other-callbacks.ts';
import './sort-callbacks.ts';
import { bindMovably, nativeBind } from './bound.ts';
import { movableOf } from './library.ts';
import { thread } from './thread.ts';

/** See `Movables.callback`. The language's own function says by itself which one it is: no receiver has to be asked. */
export function callback(object: unknown, name: string): unknown {
  const found = (object as Record<string, unknown>)[name];
  return thread.gate.x === null ? found : movableOf(found);
}

/** See `Movables.bind`. */
export function bind(f: unknown): unknown {
  const found = (f as { bind?: unknown }).bind;
  return thread.gate.x === null || found !== nativeBind ? found : bindMovably;
}
