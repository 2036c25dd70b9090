import type { HolderEvent, HolderState, HolderStep } from '../../src/protocols/lease/holder.ts';
import type { ObserverEvent, ObserverState, ObserverStep } from '../../src/protocols/lease/observer.ts';
import type { HostDrivers } from '../../src/simulator/cluster/host.ts';
import type { Scenario } from '../../src/simulator/cluster/scenario.ts';
import type { Violation } from '../../src/simulator/cluster/witness.ts';
import type { World } from '../../src/simulator/cluster/world.ts';
import type { Own } from '../protocols/ownership/planted-steps.ts';

type Holder = (state: HolderState, event: HolderEvent) => HolderStep;
type Observer = (state: ObserverState, event: ObserverEvent) => ObserverStep;

/** What is broken; each takes the sound one and gives the broken one. */
export interface PlantedFault {
  readonly ownership?: (sound: Own) => Own;
  readonly holder?: (sound: Holder) => Holder;
  readonly observer?: (sound: Observer) => Observer;
  readonly drivers?: (sound: HostDrivers) => HostDrivers;
  readonly world?: (world: World) => void;
  /** Breaks it in place. @returns what puts it right again */
  readonly plant?: () => () => void;
  /** Of docs/semantics.md. */
  readonly rule: number;
  /** Runs that it is looked for in, where not all of them. */
  readonly draw?: (seed: number) => Scenario;
  /** What may show outside. */
  readonly breaks: readonly Violation['promise'][];
  /** Seeds within which it has to show. */
  readonly seeds: number;
}
