import { messageOf } from '../../core/errors.ts';
import { isObject } from '../../core/is-object.ts';
import type { Generation } from '../../core/ids.ts';
import type { EffectOutcome } from '../../core/packet.ts';
import type { Cancel } from '../../core/ports.ts';
import type {
  AttemptsEffect,
  AttemptsEvent,
  AttemptsState,
  AttemptsStep,
} from '../../protocols/effects/attempts.ts';
import { begin, step } from '../../protocols/effects/attempts.ts';
import type { EffectPolicy } from '../../protocols/effects/policy.ts';
import { type EncodeOptions, encodeValue } from '../snapshot/index.ts';
import type { RuntimeOptions, RuntimePorts } from './contract.ts';
import { EffectTimeoutError } from './errors.ts';
import type { Execution } from './execution.ts';
import { $ } from './gate.ts';
import type { EffectContext } from './running.ts';
import { isNativePromise, whenSettled } from './own-record.ts';

/** An effect that is to run here, as far as its execution has a say in it. */
export interface StartedEffect {
  readonly sequence: number;
  readonly name: string;
  /** The generation that numbered it. */
  readonly generation: Generation;
  readonly key: string;
  readonly policy: EffectPolicy;
  readonly run: (context: EffectContext) => unknown;
}

/** What became of an effect that ran here. */
export type EffectEnd = (execution: Execution, effect: StartedEffect, ok: boolean, value: unknown) => void;

interface Running {
  readonly execution: Execution;
  readonly effect: StartedEffect;
  /** As they were when it started: a move does not change what it was told. */
  readonly fence: number;
  readonly epoch: number;
  state: AttemptsState;
  controller: AbortController;
  /** Of the attempt's time, or of the pause. */
  cancel: Cancel;
  outcome: unknown;
}

const nothingToCancel: Cancel = () => undefined;

/**
 * Runs effects natively, in the thread that holds the execution, and goes on to do so after the execution has left: all
 * attempts of one are made here.
 */
export class Effects {
  readonly #ports: RuntimePorts;
  readonly #between: RuntimeOptions['callEffect'];
  readonly #onEnd: EffectEnd;
  /** A pending one keeps the event loop of its lane turning. */
  readonly #running = new Set<Running>();

  constructor(ports: RuntimePorts, between: RuntimeOptions['callEffect'], onEnd: EffectEnd) {
    this.#ports = ports;
    this.#between = between;
    this.#onEnd = onEnd;
  }

  get pending(): number {
    return this.#running.size;
  }

  pendingOf(execution: Execution): number {
    let count = 0;
    for (const running of this.#running) if (running.execution === execution) count += 1;
    return count;
  }

  run(execution: Execution, effect: StartedEffect): void {
    const { tenure } = execution;
    const { sequence, name } = effect;
    this.#ports.emit({ kind: 'effectStarted', tenure, sequence, name });
    const first = begin(effect.policy);
    const running: Running = {
      execution,
      effect,
      fence: tenure.generation,
      epoch: tenure.epoch,
      state: first.state,
      controller: new AbortController(),
      cancel: nothingToCancel,
      outcome: undefined,
    };
    this.#running.add(running);
    this.#advance(running, first);
  }

  #step(running: Running, event: AttemptsEvent): void {
    this.#advance(running, step(running.state, event, running.effect.policy));
  }

  #advance(running: Running, { state, effects }: AttemptsStep): void {
    running.state = state;
    for (const effect of effects) this.#perform(running, effect);
  }

  #perform(running: Running, effect: AttemptsEffect): void {
    switch (effect.kind) {
      case 'watch': {
        const { attempt, timeoutMs } = effect;
        running.controller = new AbortController();
        running.cancel = this.#ports.after(timeoutMs, () => {
          this.#step(running, { kind: 'timedOut', attempt, chance: this.#ports.chance() });
        });
        return;
      }
      case 'call':
        return this.#call(running, effect.attempt);
      case 'abort':
        running.outcome = timeoutOf(running);
        return running.controller.abort(running.outcome);
      case 'pause':
        running.cancel();
        running.cancel = this.#ports.after(effect.delayMs, () => {
          this.#step(running, { kind: 'paused', mayAct: this.#ports.mayAct() });
        });
        return;
      case 'end':
        running.cancel();
        this.#running.delete(running);
        return this.#onEnd(running.execution, running.effect, effect.how === 'returned', running.outcome);
    }
  }

  /** What the effect calls runs natively: no fuel, no captures, no execution of its own. */
  #call(running: Running, attempt: number): void {
    const { x, n } = $;
    $.x = null;
    try {
      const context = contextOf(running, attempt);
      const { name, run } = running.effect;
      const outcome =
        this.#between === null ? run(context) : this.#between({ ...context, name }, () => run(context));
      if (!isThenable(outcome)) return this.#attempted(running, attempt, true, outcome);
      const native = isNativePromise(outcome) ? outcome : Promise.resolve(outcome);
      whenSettled(
        native,
        (value) => this.#attempted(running, attempt, true, value),
        (reason) => this.#attempted(running, attempt, false, reason),
      );
    } catch (error) {
      this.#attempted(running, attempt, false, error);
    } finally {
      $.x = x;
      $.n = n;
    }
  }

  #attempted(running: Running, attempt: number, ok: boolean, outcome: unknown): void {
    // One that was given up has no say.
    if (running.state.phase !== 'running' || running.state.attempt !== attempt) return;
    running.outcome = outcome;
    if (ok) return this.#step(running, { kind: 'returned', attempt });
    const { marks, isFinal } = judged(outcome);
    this.#step(running, { kind: 'threw', attempt, marks, isFinal, chance: this.#ports.chance() });
  }
}

function contextOf({ execution, effect, fence, epoch, controller }: Running, attempt: number): EffectContext {
  return {
    key: effect.key,
    fence,
    sequence: effect.sequence,
    execution: execution.tenure.execution,
    generation: effect.generation,
    epoch,
    attempt,
    signal: controller.signal,
  };
}

function timeoutOf({ effect, state }: Running): EffectTimeoutError {
  const { attemptsMax, timeoutMs } = effect.policy;
  return new EffectTimeoutError(effect.name, {
    sequence: effect.sequence,
    key: effect.key,
    attempt: state.attempt,
    attemptsMax,
    timeoutMs: timeoutMs ?? 0,
  });
}

/** By what an author names errors, and whether this one says itself that nothing would become of another attempt. */
function judged(thrown: unknown): { readonly marks: readonly string[]; readonly isFinal: boolean } {
  if (!isObject(thrown)) return { marks: [], isFinal: false };
  const { name, code, retryable } = thrown as Readonly<Record<string, unknown>>;
  const marks = [name, code].filter((mark) => typeof mark === 'string');
  return { marks, isFinal: retryable === false };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** How an effect ended, for an execution that has left. What cannot be encoded is told as its failure. */
export function outcomeOf(
  { name, sequence, generation }: StartedEffect,
  ok: boolean,
  value: unknown,
  encoding: EncodeOptions,
): EffectOutcome {
  try {
    return { sequence, generation, ok, value: encodeValue(value, encoding) };
  } catch (error) {
    const failure = new TypeError(`The outcome of effect '${name}' cannot move: ${messageOf(error)}`);
    return { sequence, generation, ok: false, value: encodeValue(failure, encoding) };
  }
}
