import { assert } from '../../core/assert.ts';
import type { Tenure } from '../../core/execution.ts';
import type { Pin } from '../../core/inspection.ts';
import type { IncarnationId } from '../../core/ids.ts';
import type { LostOutcome } from '../../core/packet.ts';
import { beginEffects, EffectLedger, runningOn } from '../../protocols/effects/ledger.ts';
import type {
  EffectsEffect,
  EffectsEvent,
  EffectsState,
  PendingEffect,
} from '../../protocols/effects/ledger.ts';
import { type EffectPolicy, readOptions } from '../../protocols/effects/policy.ts';
import { EffectChangedError, EffectLostError } from './errors.ts';
import type { StartedEffect } from './effects.ts';
import type { Execution } from './execution.ts';
import type { Frame, PromiseRecord } from './method-code.ts';
import type { EffectContext } from './running.ts';
import { thread } from './thread.ts';

/** What pending effects need of the runtime. */
export interface PendingEffectsHost {
  readonly incarnation: IncarnationId;
  /** Does it now if the lease allows, or as soon as it does. */
  act(execution: Execution, act: () => void): void;
  runEffect(execution: Execution, effect: StartedEffect): void;
  /** Of plain values. */
  hashOf(value: unknown): string;
}

/** What travels: the ledger, and the promises of what is pending. */
export interface PendingEffectsState {
  readonly ledger: EffectsState;
  readonly awaited: readonly { readonly sequence: number; readonly record: PromiseRecord }[];
}

/** What only the copy has in which the effect was called. */
interface Call {
  readonly policy: EffectPolicy;
  readonly key: string | null;
  readonly run: (context: EffectContext) => unknown;
}

/** The effects of one execution: performs what their ledger decides. */
export class PendingEffects {
  readonly #execution: Execution;
  readonly #host: PendingEffectsHost;
  readonly #checkpointSoon: () => void;
  readonly #records = new Map<number, PromiseRecord>();
  readonly #calls = new Map<number, Call>();
  #ledger: EffectLedger;

  /** @param checkpointSoon has a checkpoint made that holds what is to be recorded */
  constructor(
    execution: Execution,
    host: PendingEffectsHost,
    options: { readonly durable: boolean; readonly checkpointSoon: () => void },
  ) {
    this.#execution = execution;
    this.#host = host;
    this.#checkpointSoon = options.checkpointSoon;
    const { durable } = options;
    this.#ledger = new EffectLedger(beginEffects(execution.tenure, durable), host.incarnation);
  }

  capture(): PendingEffectsState {
    return {
      ledger: this.#ledger.capture(),
      awaited: [...this.#records].map(([sequence, record]) => ({ sequence, record })),
    };
  }

  restore({ ledger, awaited }: PendingEffectsState): void {
    this.#ledger = new EffectLedger(ledger, this.#host.incarnation);
    for (const { sequence, record } of awaited) this.#records.set(sequence, record);
  }

  get durable(): boolean {
    return this.#ledger.durable;
  }

  /** The last number that was given. */
  get sequence(): number {
    return this.#ledger.sequence;
  }

  get pending(): readonly PendingEffect[] {
    return [...this.#ledger.pending()];
  }

  /** Incarnations where they run, as far as this copy knows. */
  get runningOn(): readonly IncarnationId[] {
    return runningOn(this.pending);
  }

  get isRecording(): boolean {
    return this.pending.some(({ stand }) => stand.kind === 'recording');
  }

  /** One that waits for its checkpoint, and can be called only from here: nobody awaits it in the expression that calls it. */
  get rooted(): PendingEffect | null {
    const { pending } = this;
    return (
      pending.find(({ sequence, stand }) => stand.kind === 'recording' && this.#frameOf(sequence) === null) ??
      null
    );
  }

  /** A number for something else. */
  number(): number {
    this.#perform({ kind: 'numbered' });
    return this.#ledger.sequence;
  }

  /** @throws {EffectOptionsError} */
  call(name: string, options: object, run: (context: EffectContext) => unknown): Promise<unknown> {
    const again = this.#execution.rerunning;
    this.#execution.rerunning = null;
    const { policy, key } = readOptions(name, options);
    const isAgain = again !== null && this.#ledger.get(again) !== null;
    const sequence = isAgain ? again : this.#ledger.sequence + 1;
    const known = isAgain ? this.#records.get(sequence) : undefined;
    const record = known ?? this.#execution.promises.create(`effect '${name}'`);
    this.#records.set(sequence, record);
    this.#calls.set(sequence, { policy, key, run });
    this.#execution.effects += 1;
    // What it does may take any time: the clock is looked at as soon as its outcome is awaited.
    thread.gate.n = -1;
    const hash = this.durable ? this.#host.hashOf([name, options]) : '';
    this.#perform({ kind: 'called', name, hash, again: isAgain ? again : null });
    return record.promise;
  }

  /** An effect has ended, here or elsewhere. Later reports of the same one are dropped. */
  settle(
    sequence: number,
    generation: number,
    outcome: () => { readonly ok: boolean; readonly value: unknown },
  ): void {
    for (const effect of this.#ledger.step({ kind: 'ended', sequence, generation })) {
      const { ok, value } = outcome();
      this.#settled(effect.sequence, ok, value);
    }
  }

  /** Effects that ran in an incarnation that is gone: called again where they are awaited directly, lost otherwise. */
  incarnationEnded(incarnation: IncarnationId): void {
    this.#perform({ kind: 'incarnationEnded', incarnation });
  }

  /** The same of one whose lane is gone. */
  lost(effect: LostOutcome): void {
    this.#perform({ kind: 'outcomeLost', ...effect });
  }

  /** All numbers up to this one stand in a durable checkpoint. */
  covered(upTo: number): void {
    this.#perform({ kind: 'covered', upTo });
  }

  claimed(tenure: Tenure, fromSnapshot: boolean): void {
    this.#perform({ kind: 'claimed', tenure, fromSnapshot });
  }

  #perform(event: EffectsEvent): void {
    for (const effect of this.#ledger.step(event)) this.#do(effect);
  }

  #do(effect: EffectsEffect): void {
    const { sequence } = effect;
    switch (effect.kind) {
      case 'start':
        return this.#start(sequence);
      case 'record':
        return this.#checkpointSoon();
      case 'restart':
        return this.#restart(sequence, effect.name);
      case 'refuse': {
        const { name, called } = effect;
        return this.#settled(sequence, false, new EffectChangedError(sequence, name, called));
      }
      case 'settle':
        assert(false, 'only an outcome settles an effect');
    }
  }

  #start(sequence: number): void {
    const effect = this.#ledger.get(sequence);
    const call = this.#calls.get(sequence);
    if (effect === null || call === undefined) return;
    this.#calls.delete(sequence);
    const { name, generation } = effect;
    const { policy, run } = call;
    const key = call.key ?? this.#ledger.keyOf(effect);
    const started: StartedEffect = { sequence, name, generation, key, policy, run };
    this.#host.act(this.#execution, () => this.#host.runEffect(this.#execution, started));
  }

  #restart(sequence: number, name: string): void {
    const frame = this.#frameOf(sequence);
    const record = this.#records.get(sequence);
    if (frame === null || record === undefined) {
      this.#ledger.step({ kind: 'abandoned', sequence });
      return this.#settled(sequence, false, new EffectLostError(name, sequence));
    }
    record.reactions = record.reactions.filter(
      (reaction) => reaction.kind !== 'resume' || reaction.frame !== frame,
    );
    this.#execution.promises.jobs.push({ kind: 'again', frame, sequence });
  }

  #settled(sequence: number, ok: boolean, value: unknown): void {
    const record = this.#records.get(sequence);
    this.#records.delete(sequence);
    this.#calls.delete(sequence);
    if (record !== undefined) this.#execution.promises.settle(record, ok, value);
  }

  #frameOf(sequence: number): Frame | null {
    const record = this.#records.get(sequence);
    return record === undefined ? null : repeatableFrame(record);
  }
}

/** The frame that awaits an effect in the very expression that starts it. */
function repeatableFrame(record: PromiseRecord): Frame | null {
  const reaction = record.reactions.find((candidate) => candidate.kind === 'resume');
  if (reaction?.kind !== 'resume') return null;
  const kind = reaction.frame.method.meta.sites[reaction.frame.pc - 1]?.[0];
  return kind === 'effect' ? reaction.frame : null;
}

/** Only where it was called stands the function that it is to call. */
export function pinOfEffect(execution: Execution, { name }: PendingEffect): Pin {
  const { meta } = execution.method;
  const reason =
    `pinned: ${meta.path}:${meta.line} effect '${name}' waits for its checkpoint, which takes some milliseconds. ` +
    `Ask again; or write await effect('${name}', …) in one expression`;
  return { reason, method: meta.id, line: meta.line, path: '' };
}
