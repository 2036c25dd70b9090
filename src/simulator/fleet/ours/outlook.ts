import type { Fleet } from '../../../placement/orchestration/fleet.ts';
import type { FleetShape, FleetView, Prophet } from '../policy.ts';

/** What a planner believes of the demand to come: it fills the planner's columns at each round. */
export interface Outlook {
  /** Steps of the horizon; each counts alike. */
  readonly steps: number;
  fill(view: FleetView, fleet: Fleet): void;
}

/** As if demand stayed what monitors saw last, without a doubt: the reactive form of a policy. */
export function presentOutlook(): Outlook {
  return {
    steps: 1,
    fill: (view, fleet) => {
      for (let component = 0; component < view.shape.components; component += 1)
        fleet.mean[component] = view.latestCores[component] ?? 0;
    },
  };
}

/** The true demand of each tick to come: the oracle's. */
export function trueOutlook(prophet: Prophet, ticks: number): Outlook {
  return {
    steps: ticks,
    fill: (view, fleet) => {
      for (let component = 0; component < view.shape.components; component += 1) {
        const future = prophet.futureCores(component, view.tick, ticks);
        const last = future.at(-1) ?? 0;
        for (let step = 0; step < ticks; step += 1)
          fleet.mean[component * ticks + step] = future[step] ?? last;
      }
    },
  };
}

/** Makes the outlook of one simulation. */
export type OutlookPlan = (shape: FleetShape, prophet: Prophet) => Outlook;
