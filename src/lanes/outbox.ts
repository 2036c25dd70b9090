import { assertNever } from '../core/assert.ts';
import type { LaneEvent } from './contract.ts';

/** Whether an event leaves the process, or lets something leave it. Only under a valid lease may it be reported. */
function isAct(event: LaneEvent): boolean {
  switch (event.kind) {
    case 'frozen':
    case 'checkpointed':
    case 'packet':
    case 'spawn':
    case 'effectStarted':
    case 'effectOutcome':
    case 'settled':
      return true;
    case 'checkpointWanted':
      return event.capture !== null;
    case 'installed':
    case 'installFailed':
    case 'restored':
    case 'restoreFailed':
    case 'pinned':
    case 'absent':
    case 'inspected':
    case 'log':
    case 'trace':
    case 'lastTrace':
      return false;
    default:
      return assertNever(event);
  }
}

/** Events on their way to the host: gathered, then reported together; acts wait here while the lease forbids them. */
export class Outbox {
  readonly #report: (events: readonly LaneEvent[]) => void;
  #events: LaneEvent[] = [];

  constructor(report: (events: readonly LaneEvent[]) => void) {
    this.#report = report;
  }

  get holdsActs(): boolean {
    return this.#events.some(isAct);
  }

  add(event: LaneEvent): void {
    this.#events.push(event);
  }

  /** @param mayAct asked only when there is something to report */
  flush(mayAct: () => boolean): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    if (mayAct()) {
      this.#events = [];
      this.#report(events);
      return;
    }
    this.#events = events.filter(isAct);
    const others = events.filter((event) => !isAct(event));
    if (others.length > 0) this.#report(others);
  }
}
