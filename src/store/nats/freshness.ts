import type { Cancel, Clock } from '../../core/ports.ts';
import type { Publication } from './link.ts';
import type { View } from './view.ts';

/** A barrier that was stored and is not delivered within this time has been lost on its way here. */
const deliveryMsMax = 1_000;
const retryMs = 50;
/** Behind a gap, deleted keys may have been cleared away unseen when the last proof is older than this. */
const gapMsMax = 300_000;

/** What it needs of the session. */
export interface FreshnessPorts {
  readonly clock: Clock;
  readonly view: () => View;
  /** Stores a barrier in the stream. */
  readonly send: (number: number, timeoutMs: number) => Promise<Publication>;
  /** Deliveries do not come: try another way. */
  readonly resume: () => void;
  /** Too much may have been missed: begin again with an empty view. */
  readonly restart: () => void;
  /** The servers have forgotten what they had acknowledged. */
  readonly lost: (reason: string) => void;
}

interface Waiter {
  /** The first barrier that was sent after it began to wait. */
  readonly from: number;
  readonly run: () => void;
  readonly isOver: () => boolean;
}

interface Sent {
  readonly number: number;
  readonly view: View;
  readonly gaps: number;
  readonly sentBootMs: number;
  readonly cancel: Cancel;
}

/**
 * Proves that the view is as new as a call that began to wait.
 *
 * A barrier is a message like any other: it stands behind everything that was acknowledged before it was sent. When it is
 * delivered, so was all of that, unless it was replaced or cleared away before; and what it was replaced by stands before a
 * barrier that is sent after the gap was noticed. All calls that wait share one barrier.
 */
export class Freshness {
  readonly #ports: FreshnessPorts;
  #waiters: Waiter[] = [];
  #lastNumber = 0;
  #sent: Sent | null = null;
  #exact: { readonly view: View; gaps: number; bootMs: number } | null = null;
  /** Whether the last proof counts for nothing but its age, which says what may have been cleared away since. */
  #isDoubted = false;
  /** The server's clock, as the last barrier showed it. */
  #stamp: { readonly atMs: number; readonly bootMs: number } | null = null;
  #cancelRetry: Cancel | null = null;
  #isStopped = false;
  #trouble: string | null = null;

  constructor(ports: FreshnessPorts) {
    this.#ports = ports;
  }

  /** Whether the view has missed nothing that was stored before its position. */
  get isExact(): boolean {
    const view = this.#ports.view();
    const exact = this.#isDoubted ? null : this.#exact;
    return exact !== null && exact.view === view && exact.gaps === view.gaps;
  }

  /** How long ago the last proof was begun, by the boot clock: it goes on while the machine is suspended. */
  get ageMs(): number {
    if (this.#exact === null || this.#isDoubted) return Infinity;
    return this.#ports.clock.bootMs() - this.#exact.bootMs;
  }

  /** The server's clock, in milliseconds since 1970, as far as it is known here; it may be some milliseconds ahead. */
  get serverMs(): number {
    const stamp = this.#stamp;
    return stamp === null ? 0 : stamp.atMs + this.#ports.clock.bootMs() - stamp.bootMs;
  }

  /** Why the last barrier was not stored; null when it was. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Makes the next proof begin anew. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** Calls `run` at a moment when the view is exact, and as new as now. Never after `isOver`. */
  when(run: () => void, isOver: () => boolean): void {
    this.#waiters.push({ from: this.#lastNumber + 1, run, isOver });
    this.pump();
  }

  /** Sends the next barrier if somebody waits for one. */
  pump(): void {
    if (this.#isStopped || this.#sent !== null || this.#cancelRetry !== null) return;
    this.#waiters = this.#waiters.filter((waiter) => !waiter.isOver());
    if (this.#waiters.length === 0) return;
    this.#lastNumber += 1;
    const { clock } = this.#ports;
    const view = this.#ports.view();
    const sent: Sent = {
      number: this.#lastNumber,
      view,
      gaps: view.gaps,
      sentBootMs: clock.bootMs(),
      cancel: clock.after(deliveryMsMax, () => this.#missing(sent)),
    };
    this.#sent = sent;
    void this.#ports
      .send(sent.number, deliveryMsMax)
      .then((publication) => this.#answered(sent, publication));
  }

  /** An own barrier was delivered, stamped `atMs`. */
  delivered(number: number, atMs: number): void {
    const sent = this.#sent;
    if (sent?.number !== number) return;
    this.#settle(sent);
    this.#stamp = { atMs, bootMs: sent.sentBootMs };
    const view = this.#ports.view();
    const known = this.#exact?.view === view ? this.#exact : null;
    if (sent.view === view && sent.gaps === view.gaps) {
      if (known !== null && known.gaps !== view.gaps && sent.sentBootMs - known.bootMs > gapMsMax) {
        this.#exact = null;
        this.#ports.restart();
        return this.pump();
      }
      this.#exact = { view, gaps: view.gaps, bootMs: sent.sentBootMs };
      this.#isDoubted = false;
      const ready = this.#waiters.filter(({ from }) => from <= number);
      this.#waiters = this.#waiters.filter(({ from }) => from > number);
      for (const waiter of ready) if (!waiter.isOver()) waiter.run();
    }
    this.pump();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry?.();
    this.#sent?.cancel();
    this.#waiters = [];
  }

  #answered(sent: Sent, publication: Publication): void {
    this.#trouble = troubleOf(publication);
    if (publication.kind === 'stored') {
      if (
        this.#sent === sent &&
        publication.sequence <= sent.view.position &&
        sent.view === this.#ports.view()
      ) {
        const { position } = sent.view;
        this.#ports.lost(
          `stored a message at ${publication.sequence}, behind ${position}, which it had shown before`,
        );
      }
      return;
    }
    // It may still be delivered; the next one has another number.
    if (this.#sent === sent) this.#again(sent);
  }

  #missing(sent: Sent): void {
    if (this.#sent !== sent) return;
    this.#ports.resume();
    this.#again(sent);
  }

  #again(sent: Sent): void {
    this.#settle(sent);
    if (this.#isStopped) return;
    this.#cancelRetry = this.#ports.clock.after(retryMs, () => {
      this.#cancelRetry = null;
      this.pump();
    });
  }

  #settle(sent: Sent): void {
    sent.cancel();
    this.#sent = null;
  }
}

function troubleOf(publication: Publication): string | null {
  switch (publication.kind) {
    case 'full':
      return `has no room left, not even for the message that proves a read (${publication.reason})`;
    case 'refused':
      return publication.reason;
    case 'unknown':
      // What a server said is worth telling; that none did is what the call's own message says.
      return publication.reason.startsWith('answered') ? publication.reason : null;
    default:
      return null;
  }
}
