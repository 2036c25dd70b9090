import type { HostIdentity } from '../core/execution.ts';
import type { IncarnationId } from '../core/ids.ts';
import type { Clock } from '../core/ports.ts';
import type { HolderState } from '../protocols/lease/holder.ts';
import { beginHolder } from '../protocols/lease/holder-step.ts';
import type { ObserverState } from '../protocols/lease/observer.ts';
import type { LeaseTiming } from '../protocols/lease/timing.ts';
import type { LeaseGate } from './ports.ts';
import { StoreClock } from './store-clock.ts';

/** What a restart of the lease actor finds: nothing that was promised to the lanes may be forgotten. */
export class LeaseCell implements LeaseGate {
  holder: HolderState;
  /** On the monotonic clock. */
  validUntilMs = 0;
  /** On the boot clock, which goes on while the machine is suspended. */
  validUntilBootMs = 0;
  ended = false;
  readonly observers = new Map<IncarnationId, ObserverState>();
  readonly storeClock = new StoreClock();
  readonly #clock: Clock;

  constructor(identity: HostIdentity, timing: LeaseTiming, clock: Clock) {
    this.holder = beginHolder(identity, timing, clock.monotonicMs(), clock.bootMs());
    this.#clock = clock;
  }

  extend(untilMs: number, untilBootMs: number): void {
    this.validUntilMs = Math.max(this.validUntilMs, untilMs);
    this.validUntilBootMs = Math.max(this.validUntilBootMs, untilBootMs);
  }

  isValid(): boolean {
    const isPast =
      this.#clock.monotonicMs() >= this.validUntilMs || this.#clock.bootMs() >= this.validUntilBootMs;
    return !this.ended && !isPast;
  }
}
