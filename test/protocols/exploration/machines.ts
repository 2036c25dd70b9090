import { stepSource } from '../../../src/protocols/migration/source-step.ts';
import type { SourceEffect, SourceEvent, SourceState } from '../../../src/protocols/migration/source.ts';
import { stepTarget } from '../../../src/protocols/migration/target-step.ts';
import type { TargetEffect, TargetEvent, TargetState } from '../../../src/protocols/migration/target.ts';
import type {
  OwnershipEffect,
  OwnershipEvent,
  OwnershipState,
} from '../../../src/protocols/ownership/ownership.ts';
import { step as stepOwnership } from '../../../src/protocols/ownership/step.ts';
import { Interner } from './interner.ts';

export interface Stepped<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}
export type Step<State, Event, Effect> = (state: State, event: Event) => Stepped<State, Effect>;

/** The step functions of the product; a planted fault wraps one of them. */
export interface Steps {
  readonly ownership: Step<OwnershipState, OwnershipEvent, OwnershipEffect>;
  readonly source: Step<SourceState, SourceEvent, SourceEffect>;
  readonly target: Step<TargetState, TargetEvent, TargetEffect>;
}

export const realSteps: Steps = { ownership: stepOwnership, source: stepSource, target: stepTarget };

/**
 * Numbers objects by identity. Messages, rows, asks and answers come from steps that were remembered, so that equal
 * ones are nearly always the same object.
 */
class Identities {
  readonly #ids = new WeakMap<object, number>();
  #count = 0;

  of(value: object): number {
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    this.#count += 1;
    this.#ids.set(value, this.#count);
    return this.#count;
  }
}

const identities = new Identities();
const quick = new Set(['found', 'received', 'answered', 'asked']);

function keyOf(event: object & { readonly kind: string }): string {
  if (!quick.has(event.kind)) return JSON.stringify(event);
  let key = '';
  for (const part of Object.values(event) as unknown[]) {
    key += typeof part === 'object' && part !== null ? ` #${identities.of(part)}` : ` ${String(part)}`;
  }
  return key;
}

/** One kind of machine: its states by number, and each step taken only once. */
export class Machine<State, Event extends { readonly kind: string }, Effect> {
  readonly states = new Interner<State>();
  readonly #taken = new Map<string, { readonly id: number; readonly effects: readonly Effect[] }>();
  readonly #step: Step<State, Event, Effect>;

  constructor(step: Step<State, Event, Effect>) {
    this.#step = step;
  }

  take(state: number, event: Event): { readonly id: number; readonly effects: readonly Effect[] } {
    const key = `${state} ${keyOf(event)}`;
    const known = this.#taken.get(key);
    if (known !== undefined) return known;
    const { state: next, effects } = this.#step(this.states.value(state), event);
    const taken = { id: this.states.id(next), effects };
    this.#taken.set(key, taken);
    return taken;
  }
}
