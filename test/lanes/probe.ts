import type { LaneEvent, LaneListener } from '../../src/lanes/contract.ts';

type Kind = LaneEvent['kind'];
type EventOf<K extends Kind> = Extract<LaneEvent, { readonly kind: K }>;

/** Takes what a lane reports, and lets a test wait for it. */
export class Probe implements LaneListener {
  /** Everything that was reported, in order. */
  readonly all: LaneEvent[] = [];
  readonly exited: Promise<Error>;
  #untaken: LaneEvent[] = [];
  #waiting: (() => void)[] = [];
  /** Why the lane ended, by itself. */
  exit: Error | null = null;
  #exitResolve: (error: Error) => void = () => undefined;

  constructor() {
    this.exited = new Promise((resolve) => (this.#exitResolve = resolve));
  }

  onEvent(event: LaneEvent): void {
    this.all.push(event);
    this.#untaken.push(event);
    this.#look();
  }

  onExit(error: Error): void {
    this.exit = error;
    this.#exitResolve(error);
    this.#look();
  }

  /** Waits for the first event of the kind that no earlier call has taken, and takes it. */
  async next<K extends Kind>(
    kind: K,
    accept: (event: EventOf<K>) => boolean = () => true,
  ): Promise<EventOf<K>> {
    for (;;) {
      const at = this.#untaken.findIndex((event) => event.kind === kind && accept(event as EventOf<K>));
      if (at >= 0) return this.#untaken.splice(at, 1)[0] as EventOf<K>;
      if (this.exit !== null) throw this.exit;
      // What would otherwise only show as a test that takes too long.
      const failed = this.#untaken.find(
        (event) => event.kind === 'installFailed' || event.kind === 'restoreFailed',
      );
      if (failed !== undefined) throw new Error(`Waiting for ${kind}: ${JSON.stringify(failed)}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  count(kind: Kind): number {
    return this.all.filter((event) => event.kind === kind).length;
  }

  #look(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Turns the event loop until the condition holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
