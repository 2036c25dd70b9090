import type { ExecutionId } from '../core/ids.ts';
import type { Clock } from '../core/ports.ts';
import type { ExecutionMessage } from '../protocols/messages.ts';

/** A message between executions, which its sender repeats until it is acknowledged. */
export type Stray = Extract<ExecutionMessage, { kind: 'packet' }>;

interface Held {
  readonly stray: Stray;
  readonly atMs: number;
}

const bytesMax = 1024 * 1024;
/** What one costs besides its body. */
const overheadBytes = 200;
/** By then its sender has sent it again. */
const heldMaxMs = 1_000;

/**
 * Messages that met an execution on its way between two hosts. They wait here until it is known where it is, since their
 * senders repeat them only a second later. Nothing depends on it: what is too much is forgotten, and so is what is too old.
 */
export class Strays {
  readonly #clock: Clock;
  readonly #held = new Map<ExecutionId, Held[]>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those for whom something is held. */
  get receivers(): readonly ExecutionId[] {
    return [...this.#held.keys()];
  }

  hold(stray: Stray): void {
    const { to } = stray.packet;
    const held = this.#held.get(to) ?? [];
    this.#held.set(to, held);
    held.push({ stray, atMs: this.#clock.monotonicMs() });
    this.#bytes += bytesOf(stray);
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= bytesMax) return;
      this.take(oldest);
    }
  }

  /** In the order in which they came. */
  take(receiver: ExecutionId): readonly Stray[] {
    const held = this.#held.get(receiver) ?? [];
    this.#held.delete(receiver);
    for (const { stray } of held) this.#bytes -= bytesOf(stray);
    const sinceMs = this.#clock.monotonicMs() - heldMaxMs;
    return held.flatMap(({ stray, atMs }) => (atMs >= sinceMs ? [stray] : []));
  }
}

function bytesOf({ packet }: Stray): number {
  return overheadBytes + ('body' in packet ? packet.body.byteLength : 0);
}
