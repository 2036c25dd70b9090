import type { Fault, Phase, Trigger } from './faults.ts';
import type { SimulatedHost } from './host.ts';
import { PhaseWatch } from './phases.ts';

export interface PhaseTriggerPorts {
  /** @param by the host that entered the phase */
  strike(fault: Fault, by: SimulatedHost): void;
  /** Calls `task` in `inMs`, unless the run's faults are over by then. */
  later(inMs: number, task: () => void): void;
  /** Each phase that a host enters, before what it triggers strikes. */
  readonly onEntered?: (phase: Phase, host: SimulatedHost) => void;
}

interface Awaited {
  readonly fault: Fault;
  readonly trigger: Extract<Trigger, { kind: 'phase' }>;
  /** How often its phase is to be entered before it strikes. */
  left: number;
}

/** Faults that wait until hosts are in the middle of something; each strikes once. */
export class PhaseTriggers {
  readonly #ports: PhaseTriggerPorts;
  readonly #watches = new Map<SimulatedHost, PhaseWatch>();
  #awaited: readonly Awaited[] = [];

  constructor(ports: PhaseTriggerPorts) {
    this.#ports = ports;
  }

  await(fault: Fault, trigger: Awaited['trigger']): void {
    this.#awaited = [...this.#awaited, { fault, trigger, left: trigger.nth }];
  }

  /** What waits never strikes. */
  clear(): void {
    this.#awaited = [];
  }

  /** Of each host that was looked at: what it was in the middle of then. */
  *now(): Iterable<readonly [SimulatedHost, readonly Phase[]]> {
    for (const [host, watch] of this.#watches) yield [host, watch.now];
  }

  /** Sees what the host has entered since the last look. Costs nothing while nobody asks for it. */
  look(host: SimulatedHost): void {
    const { onEntered } = this.#ports;
    if (onEntered === undefined && this.#awaited.length === 0) return;
    let watch = this.#watches.get(host);
    if (watch === undefined) this.#watches.set(host, (watch = new PhaseWatch(host)));
    for (const phase of watch.look()) {
      onEntered?.(phase, host);
      this.#entered(phase, host);
    }
  }

  #entered(phase: Phase, host: SimulatedHost): void {
    for (const awaited of this.#awaited) {
      const { fault, trigger } = awaited;
      if (trigger.phase !== phase) continue;
      awaited.left -= 1;
      if (awaited.left > 0) continue;
      this.#awaited = this.#awaited.filter((other) => other !== awaited);
      if (trigger.afterMs === 0) this.#ports.strike(fault, host);
      else this.#ports.later(trigger.afterMs, () => this.#ports.strike(fault, host));
    }
  }
}
