import type { ExecutionId } from '../core/ids.ts';
import type { Clock } from '../core/ports.ts';
import type { DeliveryPacket } from '../protocols/delivery/packet.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import type { Directory } from './directory.ts';
import type { LaneBoard } from './lane-board.ts';
import type { Found, Tables } from './ports.ts';

/** What the register said of somebody to whom an execution here has sent something. */
export interface ReceiverRead {
  readonly kind: 'receiverRead';
  readonly receiver: ExecutionId;
  /** Null: there is no such row; `failed`: nobody knows. */
  readonly found: Found<RegisterRow> | null | 'failed';
}

export interface ReceiversPorts {
  readonly board: LaneBoard;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly tables: Tables;
  /** How long the register must have shown no row of an execution before nobody waits for it any more, in milliseconds. */
  readonly absentMs: number;
}

/** How an answer of the registry comes back as a message. */
interface Piping {
  pipe<Value>(
    promise: PromiseLike<Value>,
    onDone: (value: Value) => ReceiverRead,
    onFailed: (error: unknown) => ReceiverRead,
  ): void;
}

/** An execution that no table has shown yet, and those here that have sent something to it. */
interface Unknown {
  readonly senders: Set<ExecutionId>;
  /** First of the reads that found nothing, one soon after the other; null before. */
  sinceMs: number | null;
  lastMs: number;
  isReading: boolean;
}

/**
 * In lease times, margin included. A child whose parent's host dies before the child's row is written is asked for again
 * once the parent is recovered, two of them later; the rest is for what a store may be away meanwhile.
 */
export const absentLeases = 8;
const readEveryMs = 1_000;
/** After a longer pause between two reads nobody knows what was between them. */
const gapMs = 5_000;
const unknownMax = 10_000;

/**
 * Tells executions here which of those that they send to are no more (promise 4): they would wait for them for ever, and
 * never end. Only the register says so: one that is quarantined, pinned, on its way or out of reach is still owed.
 */
export class Receivers {
  readonly #ports: ReceiversPorts;
  readonly #unknown = new Map<ExecutionId, Unknown>();

  constructor(ports: ReceiversPorts) {
    this.#ports = ports;
  }

  /** @returns whether somebody is there to take the packet, as far as is known */
  look(packet: DeliveryPacket, context: Piping): boolean {
    const row = this.#ports.directory.register(packet.to)?.row;
    // What ends once has ended: no read is needed to believe it.
    if (row?.standing.phase === 'settled') this.#tell(packet.from.execution, packet.to, 'ended');
    // An acknowledgement is owed to nobody: whoever misses it asks again.
    else if (row === undefined && packet.kind !== 'acknowledgement') this.#ask(packet, context);
    return row?.standing.phase !== 'settled';
  }

  read({ receiver, found }: ReceiverRead): void {
    const unknown = this.#unknown.get(receiver);
    if (unknown === undefined) return;
    unknown.isReading = false;
    if (found === 'failed') unknown.sinceMs = null;
    else if (found === null) this.#absent(receiver, unknown);
    else {
      this.#unknown.delete(receiver);
      this.#ports.directory.learn(found);
    }
  }

  #absent(receiver: ExecutionId, unknown: Unknown): void {
    const nowMs = this.#ports.clock.monotonicMs();
    if (unknown.sinceMs === null || nowMs - unknown.lastMs > gapMs) unknown.sinceMs = nowMs;
    unknown.lastMs = nowMs;
    if (nowMs - unknown.sinceMs < this.#ports.absentMs) return;
    this.#unknown.delete(receiver);
    for (const sender of unknown.senders) this.#tell(sender, receiver, 'absent');
  }

  #ask({ from, to }: DeliveryPacket, context: Piping): void {
    const nowMs = this.#ports.clock.monotonicMs();
    let unknown = this.#unknown.get(to);
    if (unknown === undefined) {
      unknown = { senders: new Set(), sinceMs: null, lastMs: -Infinity, isReading: false };
      this.#unknown.set(to, unknown);
      const [oldest] = this.#unknown.keys();
      if (this.#unknown.size > unknownMax && oldest !== undefined) this.#unknown.delete(oldest);
    }
    unknown.senders.add(from.execution);
    if (unknown.isReading || nowMs - unknown.lastMs < readEveryMs) return;
    unknown.isReading = true;
    context.pipe(
      this.#ports.tables.registers.get(to),
      (found) => ({ kind: 'receiverRead', receiver: to, found }),
      () => ({ kind: 'receiverRead', receiver: to, found: 'failed' }),
    );
  }

  #tell(execution: ExecutionId, peer: ExecutionId, gone: 'ended' | 'absent'): void {
    this.#ports.board.post(execution, { kind: 'peerGone', execution, peer, gone });
  }
}
