import type { Gate } from '../../../src/methods/runtime/gate.ts';
import { $ } from './parts.ts';

/** A fault of the compiler, planted on purpose. */
export type Fault =
  /** Generated code that is wrong. */
  | { readonly kind: 'code'; readonly name: string; readonly change: (code: string) => string }
  /** A step that generated code takes, gone wrong. */
  | { readonly kind: 'step'; readonly name: string; readonly plant: (gate: Gate) => () => void };

export const faults: readonly Fault[] = [];

/** Plants a fault that is a step. @returns what takes it away again */
export function plant(name: string | null): () => void {
  const fault = faults.find((known) => known.name === name);
  return fault?.kind === 'step' ? fault.plant($) : () => undefined;
}
