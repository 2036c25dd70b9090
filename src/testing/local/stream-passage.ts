import type { Socket } from 'node:net';
import type { Cancel, Clock, Random } from '../../core/ports.ts';
import type { LinkRule, LinkRules } from './link-rules.ts';
import { stallMs } from './link-rules.ts';

/** As much as a connection holds on its way; then the sender has to wait, as with a full window. */
const heldMaxBytes = 1024 * 1024;

export interface PassagePorts {
  readonly rules: LinkRules;
  readonly clock: Clock;
  readonly random: Random;
}

interface Parcel {
  readonly dueMs: number;
  readonly bytes: number;
  readonly deliver: () => boolean;
}

/** One direction of one connection: bytes arrive in their order, as late as the link's rule has it. */
export class StreamPassage {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #rule: () => LinkRule;
  readonly #ports: PassagePorts;
  readonly #parcels: Parcel[] = [];
  readonly #unlisten: () => void;
  #heldBytes = 0;
  #waits = false;
  #cancel: Cancel = () => undefined;

  /** @param ends names of who sends and who receives */
  constructor(
    from: Socket,
    to: Socket,
    ends: { readonly from: string; readonly to: string },
    ports: PassagePorts,
  ) {
    this.#from = from;
    this.#to = to;
    this.#ports = ports;
    this.#rule = () => ports.rules.of(ends.from, ends.to);
    this.#unlisten = ports.rules.onChange(() => this.#pump());
    from.on('data', (chunk: Buffer) => this.take(chunk));
    from.on('end', () => this.#add(0, () => (to.end(), true)));
    // A reset travels like everything else; what was sent before an orderly end still has to arrive.
    from.on('close', () => this.#add(0, () => (from.readableEnded || to.resetAndDestroy(), true)));
    from.on('error', () => undefined);
    to.on('close', () => this.#end());
    to.on('drain', () => {
      this.#waits = false;
      this.#pump();
    });
  }

  /** Takes bytes that were read from the sender before this passage stood. */
  take(chunk: Buffer): void {
    this.#heldBytes += chunk.byteLength;
    if (this.#heldBytes > heldMaxBytes) this.#from.pause();
    this.#add(chunk.byteLength, () => this.#to.write(chunk));
  }

  #add(bytes: number, deliver: () => boolean): void {
    const rule = this.#rule();
    const lateMs = rule.delayMs + (bytes > 0 ? stallMs(rule, () => this.#ports.random.next()) : 0);
    const earliestMs = this.#parcels.at(-1)?.dueMs ?? 0;
    const dueMs = Math.max(earliestMs, this.#ports.clock.monotonicMs() + lateMs);
    this.#parcels.push({ dueMs, bytes, deliver });
    this.#pump();
  }

  #pump(): void {
    this.#cancel();
    while (!this.#waits && !this.#rule().cut) {
      const [first] = this.#parcels;
      if (first === undefined) return;
      const leftMs = first.dueMs - this.#ports.clock.monotonicMs();
      if (leftMs > 0) {
        this.#cancel = this.#ports.clock.after(leftMs, () => this.#pump());
        return;
      }
      this.#parcels.shift();
      this.#heldBytes -= first.bytes;
      if (this.#heldBytes <= heldMaxBytes) this.#from.resume();
      if (!first.deliver() && !this.#to.destroyed) this.#waits = true;
    }
  }

  #end(): void {
    this.#cancel();
    this.#unlisten();
    this.#parcels.length = 0;
    // Nobody is there to read it any more; the sender learns that over the other direction.
    this.#from.resume();
  }
}
