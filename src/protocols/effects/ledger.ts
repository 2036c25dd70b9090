import { assert, assertNever } from '../../core/assert.ts';
import type { Tenure } from '../../core/execution.ts';
import type { Generation, IncarnationId } from '../../core/ids.ts';
import type { LostOutcome } from '../../core/packet.ts';

/** Where a pending effect stands. */
export type EffectStand =
  /** Of a `durable` execution: it starts once a durable checkpoint holds its number and argument hash. */
  | { readonly kind: 'recording' }
  /** Started in this incarnation, by the life of this generation: its outcome comes from there. */
  | { readonly kind: 'running'; readonly incarnation: IncarnationId; readonly life: Generation }
  /** Nobody will tell its outcome: whoever called it is to call it again. */
  | { readonly kind: 'lost' };

export interface PendingEffect {
  readonly sequence: number;
  readonly name: string;
  /** Digest of what it was called with, as far as it is data; empty where nobody needs it. */
  readonly hash: string;
  /** The generation that numbered it. */
  readonly generation: Generation;
  readonly stand: EffectStand;
  /** A durable checkpoint holds it. */
  readonly recorded: boolean;
}

/** An execution's effects, as plain data that travels with it. */
export interface EffectsState {
  readonly self: Tenure;
  readonly durable: boolean;
  /** The last number that was given. */
  readonly sequence: number;
  readonly pending: readonly PendingEffect[];
}

export type EffectsEvent =
  /** The method calls an effect; `again` is the number of one that it is to call once more. */
  | { readonly kind: 'called'; readonly name: string; readonly hash: string; readonly again: number | null }
  /** Something else that takes a number of its own: a child. */
  | { readonly kind: 'numbered' }
  /** A checkpoint that holds all numbers up to this one is durable: the register names it. */
  | { readonly kind: 'covered'; readonly upTo: number }
  /** An outcome came, from here or from where it runs. */
  | { readonly kind: 'ended'; readonly sequence: number; readonly generation: number }
  /** The lease of an incarnation has ended, or all that ran in it is gone. */
  | { readonly kind: 'incarnationEnded'; readonly incarnation: IncarnationId }
  /** The lane where it ran is gone. */
  | ({ readonly kind: 'outcomeLost' } & LostOutcome)
  /** Nobody can call it again: it will have no outcome. */
  | { readonly kind: 'abandoned'; readonly sequence: number }
  /**
   * This copy goes on here as owner. `fromSnapshot`: it was rebuilt here from bytes, and has not run since; otherwise it
   * stood here all the time.
   */
  | { readonly kind: 'claimed'; readonly tenure: Tenure; readonly fromSnapshot: boolean };

/** What the driver does, in order. Each concerns a pending effect by its number. */
export type EffectsEffect =
  /** Start it, as soon as the lease allows it. */
  | { readonly kind: 'start'; readonly sequence: number }
  /** Have a checkpoint made soon. -> covered */
  | { readonly kind: 'record'; readonly sequence: number }
  /** Have it called again (-> called), or say that nobody can (-> abandoned). */
  | { readonly kind: 'restart'; readonly sequence: number; readonly name: string }
  | { readonly kind: 'settle'; readonly sequence: number }
  /** It was called again with other arguments: it is not the same effect, and must not take its key. */
  | {
      readonly kind: 'refuse';
      readonly sequence: number;
      readonly name: string;
      readonly called: string;
    };

/** Incarnations that are to tell the outcome of any of them; each once. */
export function runningOn(pending: Iterable<PendingEffect>): readonly IncarnationId[] {
  const incarnations = new Set<IncarnationId>();
  for (const { stand } of pending) if (stand.kind === 'running') incarnations.add(stand.incarnation);
  return [...incarnations];
}

/** How an execution begins. */
export function beginEffects(self: Tenure, durable: boolean): EffectsState {
  return { self, durable, sequence: 0, pending: [] };
}

/**
 * Rule 12: (execution, sequence) for `durable` executions, since a number that an effect started under stands in every
 * later checkpoint; for others a rewind may give the same number to something else, so the generation is part of it.
 */
export function idempotencyKey({ self, durable }: EffectsState, effect: PendingEffect): string {
  return durable
    ? `${self.execution}:${effect.sequence}`
    : `${self.execution}:${effect.generation}:${effect.sequence}`;
}

/**
 * The effects of one execution (promise 5 and rule 12 of `docs/semantics.md`): which are pending, where each runs, and which have to be
 * started again. Each step changes it in place, as `Delivery` does; `capture` yields the plain data that travels, and
 * `new EffectLedger(captured)` goes on from there.
 */
export class EffectLedger {
  readonly #incarnation: IncarnationId;
  readonly #pending = new Map<number, PendingEffect>();
  readonly #durable: boolean;
  #self: Tenure;
  #sequence: number;

  constructor(state: EffectsState, incarnation: IncarnationId) {
    this.#incarnation = incarnation;
    this.#self = state.self;
    this.#durable = state.durable;
    this.#sequence = state.sequence;
    for (const effect of state.pending) this.#pending.set(effect.sequence, effect);
  }

  capture(): EffectsState {
    return {
      self: this.#self,
      durable: this.#durable,
      sequence: this.#sequence,
      pending: [...this.#pending.values()],
    };
  }

  get durable(): boolean {
    return this.#durable;
  }

  get sequence(): number {
    return this.#sequence;
  }

  pending(): IterableIterator<PendingEffect> {
    return this.#pending.values();
  }

  get(sequence: number): PendingEffect | null {
    return this.#pending.get(sequence) ?? null;
  }

  keyOf(effect: PendingEffect): string {
    return idempotencyKey(
      { self: this.#self, durable: this.#durable, sequence: this.#sequence, pending: [] },
      effect,
    );
  }

  step(event: EffectsEvent): readonly EffectsEffect[] {
    switch (event.kind) {
      case 'called':
        return this.#called(event.name, event.hash, event.again);
      case 'numbered':
        this.#sequence += 1;
        return [];
      case 'covered':
        return this.#covered(event.upTo);
      case 'ended': {
        const effect = this.#pending.get(event.sequence);
        // A life that was taken back numbered another effect like this one.
        if (effect === undefined || effect.generation !== event.generation) return [];
        // Its restart is under way: forgotten now, it would be called again as another effect, under another key.
        if (effect.stand.kind === 'lost') return [];
        this.#pending.delete(event.sequence);
        return [{ kind: 'settle', sequence: event.sequence }];
      }
      case 'incarnationEnded':
        return this.#lose(({ stand }) => stand.kind === 'running' && stand.incarnation === event.incarnation);
      case 'outcomeLost':
        // It may have been started again since, and an execution that was rewound numbers others like it.
        return this.#lose(
          ({ sequence, stand }) =>
            sequence === event.sequence &&
            stand.kind === 'running' &&
            stand.incarnation === event.incarnation &&
            stand.life === event.life,
        );
      case 'abandoned':
        this.#pending.delete(event.sequence);
        return [];
      case 'claimed':
        return this.#claimed(event.tenure, event.fromSnapshot);
      default:
        return assertNever(event);
    }
  }

  #called(name: string, hash: string, again: number | null): readonly EffectsEffect[] {
    const before = again === null ? undefined : this.#pending.get(again);
    if (before === undefined) {
      this.#sequence += 1;
      const sequence = this.#sequence;
      const { generation } = this.#self;
      const stand: EffectStand = { kind: 'recording' };
      this.#pending.set(sequence, { sequence, name, hash, generation, stand, recorded: false });
      return this.#begin(sequence);
    }
    const { sequence } = before;
    assert(
      before.stand.kind === 'lost',
      `effect ${sequence} is called again while it is ${before.stand.kind}`,
    );
    if (before.name !== name || before.hash !== hash) {
      this.#pending.delete(sequence);
      return [{ kind: 'refuse', sequence, name: before.name, called: name }];
    }
    this.#stand(before, { kind: 'recording' });
    return this.#begin(sequence);
  }

  /** Rule 12: nothing of a durable execution starts before it stands in a durable checkpoint. */
  #begin(sequence: number): readonly EffectsEffect[] {
    const effect = this.#pending.get(sequence);
    assert(effect !== undefined, `effect ${sequence} is pending`);
    if (this.#durable && !effect.recorded) return [{ kind: 'record', sequence }];
    this.#stand(effect, { kind: 'running', incarnation: this.#incarnation, life: this.#self.generation });
    return [{ kind: 'start', sequence }];
  }

  #covered(upTo: number): readonly EffectsEffect[] {
    const effects: EffectsEffect[] = [];
    for (const effect of this.#pending.values()) {
      if (effect.sequence > upTo || effect.recorded) continue;
      this.#pending.set(effect.sequence, { ...effect, recorded: true });
      if (effect.stand.kind === 'recording') effects.push(...this.#begin(effect.sequence));
    }
    return effects;
  }

  #claimed(tenure: Tenure, fromSnapshot: boolean): readonly EffectsEffect[] {
    const isRewound = tenure.generation > this.#self.generation;
    this.#self = tenure;
    if (fromSnapshot && isRewound) {
      // Only what the register names is recovered from: the snapshot itself is the durable checkpoint.
      for (const effect of this.#pending.values()) {
        this.#pending.set(effect.sequence, { ...effect, recorded: true });
      }
    }
    // What runs was started by a life that was taken back: whether its outcome came, nobody here knows. What was to be
    // recorded has its function where it was called, and only there.
    return this.#lose(
      ({ stand }) =>
        (stand.kind === 'running' && stand.life < tenure.generation) ||
        (stand.kind === 'recording' && fromSnapshot),
    );
  }

  /** One that is lost already has its restart under way: a rewind and the end of a lease may both tell of it. */
  #lose(isLost: (effect: PendingEffect) => boolean): readonly EffectsEffect[] {
    const lost = [...this.#pending.values()].filter(isLost);
    for (const effect of lost) this.#stand(effect, { kind: 'lost' });
    return lost.map(({ sequence, name }) => ({ kind: 'restart', sequence, name }));
  }

  #stand(effect: PendingEffect, stand: EffectStand): void {
    this.#pending.set(effect.sequence, { ...effect, stand });
  }
}
