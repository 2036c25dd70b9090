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

/** One kind of machine: its states by number, and each step taken only once. */
export class Machine<State, Event, Effect> {
  readonly states = new Interner<State>();
  readonly #taken = new Map<string, { readonly id: number; readonly effects: readonly Effect[] }>();
  readonly #step: Step<State, Event, Effect>;

  constructor(step: Step<State, Event, Effect>) {
    this.#step = step;
  }

  take(state: number, event: Event): { readonly id: number; readonly effects: readonly Effect[] } {
    const key = `${state} ${JSON.stringify(event)}`;
    const known = this.#taken.get(key);
    if (known !== undefined) return known;
    const { state: next, effects } = this.#step(this.states.value(state), event);
    const taken = { id: this.states.id(next), effects };
    this.#taken.set(key, taken);
    return taken;
  }
}
