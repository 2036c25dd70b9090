import type { SnapshotDigest } from '../../core/ids.ts';
import type { Delivery } from './delivery.ts';
import type { DeliveryPacket } from './packet.ts';

/** A snapshot, and what it covers. */
interface Covering {
  readonly digest: SnapshotDigest;
  /** Acts from the beginning that had been asked for when it was taken. */
  readonly acts: number;
  /** The last number of an effect or child by then. */
  readonly sequence: number;
}

/** A checkpoint follows another; only the copies that migrations take come in between. */
const coveringsMax = 16;

/**
 * What a `durable` execution does to the outside (messages, acknowledgements, children, its end) waits here until a
 * checkpoint that covers it is durable, and is then done in order (rule 11, for promise 4). So nobody has ever seen anything of it that
 * a recovery would take back.
 */
export class HeldActs {
  readonly #checkpointSoon: () => void;
  #acts: (() => void)[] = [];
  /** Released since the beginning. */
  #released = 0;
  #coverings: Covering[] = [];
  #isAsked = false;
  #holdsRepeats = false;

  /** @param checkpointSoon asks for a checkpoint; called once until one is taken */
  constructor(checkpointSoon: () => void) {
    this.#checkpointSoon = checkpointSoon;
  }

  get isEmpty(): boolean {
    return this.#acts.length === 0;
  }

  /** Whether a snapshot was taken that no checkpoint has covered yet. */
  get awaitsCovering(): boolean {
    return this.#coverings.length > 0;
  }

  hold(act: () => void): void {
    this.#acts.push(act);
    this.ask();
  }

  /**
   * Sends again what nobody has acknowledged: no earlier than what is held, so that one that acts all the time, and is never
   * covered altogether, repeats what was lost all the same. What waits here to be sent again is not asked for twice.
   */
  repeat(isCovered: boolean, delivery: Delivery, send: (packet: DeliveryPacket) => void): void {
    if (!isCovered) this.#askAgain();
    if (this.#holdsRepeats) return;
    const effects = delivery.step({ kind: 'retransmitted', peer: null });
    const packets = effects.flatMap((effect) => (effect.kind === 'transmit' ? [effect.packet] : []));
    const repeat = (): void => {
      this.#holdsRepeats = false;
      for (const packet of packets) send(packet);
    };
    if (isCovered) return repeat();
    if (packets.length === 0) return;
    this.#holdsRepeats = true;
    this.hold(repeat);
  }

  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#checkpointSoon();
  }

  /** The last request may have come to nothing: the execution was pinned, or whoever took it is gone. */
  #askAgain(): void {
    this.#isAsked = true;
    this.#checkpointSoon();
  }

  taken(digest: SnapshotDigest, sequence: number): void {
    this.#isAsked = false;
    this.#coverings.push({ digest, acts: this.#released + this.#acts.length, sequence });
    if (this.#coverings.length > coveringsMax) this.#coverings.shift();
  }

  /**
   * A checkpoint is durable.
   *
   * @returns the acts that it covers, in order, and the last number that it holds; null when it is none of this copy's
   */
  covered(
    digest: SnapshotDigest,
  ): { readonly acts: readonly (() => void)[]; readonly sequence: number } | null {
    const at = this.#coverings.findLastIndex((covering) => covering.digest === digest);
    const covering = this.#coverings[at];
    if (covering === undefined) return null;
    this.#coverings = this.#coverings.slice(at + 1);
    const acts = this.#acts.splice(0, Math.max(0, covering.acts - this.#released));
    this.#released += acts.length;
    return { acts, sequence: covering.sequence };
  }
}
