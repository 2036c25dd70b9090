import { messageOf } from '../../core/errors.ts';
import type { EffectOutcome } from '../../core/packet.ts';
import { type EncodeOptions, encodeValue } from '../snapshot/index.ts';
import type { RuntimePorts } from './contract.ts';
import type { PendingEffect } from './dealings.ts';
import type { Execution } from './execution.ts';
import { $ } from './gate.ts';
import type { EffectContext } from './running.ts';
import { isNativePromise, whenSettled } from './own-record.ts';

/** What became of an effect that ran here. */
export type EffectEnd = (execution: Execution, effect: PendingEffect, ok: boolean, value: unknown) => void;

/** Runs effects natively, in the thread that holds the execution, and goes on to do so after the execution has left. */
export class Effects {
  readonly #ports: RuntimePorts;
  readonly #onEnd: EffectEnd;
  /** Executions of effects that are running here: a pending one keeps the event loop of its lane turning. */
  readonly #running = new Map<PendingEffect, Execution>();
  readonly #aborts = new Map<Execution, AbortController>();

  constructor(ports: RuntimePorts, onEnd: EffectEnd) {
    this.#ports = ports;
    this.#onEnd = onEnd;
  }

  get pending(): number {
    return this.#running.size;
  }

  pendingOf(execution: Execution): number {
    let count = 0;
    for (const owner of this.#running.values()) if (owner === execution) count += 1;
    return count;
  }

  /** Aborts the signals of an execution whose copy here is discarded. */
  abort(execution: Execution): void {
    this.#aborts.get(execution)?.abort();
    this.#aborts.delete(execution);
  }

  run(execution: Execution, effect: PendingEffect, run: (context: EffectContext) => unknown): void {
    const { tenure } = execution;
    const { sequence, name } = effect;
    this.#ports.emit({ kind: 'effectStarted', tenure, sequence, name });
    this.#running.set(effect, execution);
    const end = (ok: boolean, value: unknown): void => {
      if (this.#running.delete(effect)) this.#onEnd(execution, effect, ok, value);
    };
    // What the effect calls runs natively: no fuel, no captures, no execution of its own.
    const { x, n } = $;
    $.x = null;
    try {
      const outcome = run(this.#context(execution, effect));
      if (isThenable(outcome)) {
        const native = isNativePromise(outcome) ? outcome : Promise.resolve(outcome);
        whenSettled(
          native,
          (value) => end(true, value),
          (reason) => end(false, reason),
        );
      } else {
        end(true, outcome);
      }
    } catch (error) {
      end(false, error);
    } finally {
      $.x = x;
      $.n = n;
    }
  }

  #context(execution: Execution, effect: PendingEffect): EffectContext {
    const { tenure } = execution;
    const controller = this.#aborts.get(execution) ?? new AbortController();
    this.#aborts.set(execution, controller);
    return {
      key: `${tenure.execution}:${effect.generation}:${effect.sequence}`,
      fence: tenure.generation,
      sequence: effect.sequence,
      execution: tenure.execution,
      generation: effect.generation,
      epoch: tenure.epoch,
      signal: controller.signal,
    };
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** How an effect ended, for an execution that has left. What cannot be encoded is told as its failure. */
export function outcomeOf(
  { name, sequence, generation }: PendingEffect,
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
