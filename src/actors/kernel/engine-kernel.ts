import type { ActorAddress } from '../../core/ids.ts';
import { PendingAsk } from './ask.ts';
import { cellOf } from './cell.ts';
import type { ActorRef, AnyBehaviour, AnyRef, Behaviour, Kernel, SpawnOptions } from './contract.ts';
import type { Engine } from './engine.ts';
import { ActorGoneError } from './errors.ts';
import type { ExitReason } from './exit-reason.ts';
import { shutdown } from './exit-reason.ts';

/** The kernel as the world outside of actors sees it, whatever schedules it. */
export class EngineKernel implements Kernel {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  spawn<State, Message, Reply>(
    name: string,
    behaviour: Behaviour<State, Message, Reply>,
    options: SpawnOptions = {},
  ): ActorRef<Message, Reply> {
    const root = this.#engine.root;
    if (root.ended) throw new ActorGoneError('/', `spawning '${name}'`, root.exitReason ?? shutdown);
    const cell = this.#engine.spawn(root, name, behaviour as unknown as AnyBehaviour, options);
    return cell as ActorRef<unknown, unknown> as ActorRef<Message, Reply>;
  }

  lookup<Message = unknown, Reply = unknown>(address: ActorAddress): ActorRef<Message, Reply> | null {
    return this.#engine.lookup(address) as ActorRef<Message, Reply> | null;
  }

  ask<Message, Reply>(actor: ActorRef<Message, Reply>, message: Message, timeoutMs: number): Promise<Reply> {
    const target = cellOf(actor);
    return new Promise<Reply>((resolve, reject) => {
      const ask = new PendingAsk(target, null, (outcome) => {
        if (outcome.kind === 'replied') resolve(outcome.reply as Reply);
        else reject(outcome.error);
      });
      this.#engine.ask(target, ask, message, timeoutMs);
    });
  }

  exit(actor: AnyRef, reason: ExitReason): void {
    this.#engine.exit(cellOf(actor), null, reason, false);
  }

  kill(actor: AnyRef): void {
    this.#engine.post(cellOf(actor), { kind: 'kill' }, true);
  }

  stop(actor: AnyRef, graceMs: number): Promise<ExitReason> {
    return this.#engine.stop(cellOf(actor), graceMs);
  }

  shutdown(graceMs: number): Promise<void> {
    return this.#engine.shutdown(graceMs);
  }
}
