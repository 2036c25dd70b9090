import { resourceNames } from '../../core/resources.ts';
import type { ResourceName, ResourceVector } from '../../core/resources.ts';
import type { DemandForecast, Movable, OrchestrationPolicy, OrchestrationProblem, Site } from './contract.ts';
import { Fleet, siteFlag } from './fleet.ts';
import { layLatencies, layTraffic } from './fleet-traffic.ts';
import { momentsOf } from './overload-risk.ts';
import { unknownPower } from './power.ts';
import { Ignored, isFigure } from './soundness.ts';

/** Quantiles around the median that are taken, where several are given: further out, they are guessed worse. */
const outerLevelMax = 0.96;

/** A problem in columns, with the names that its numbers stand for. */
export interface NamedFleet {
  readonly fleet: Fleet;
  readonly sites: readonly Site[];
  readonly components: readonly Movable[];
  readonly ignored: readonly string[];
}

/**
 * Puts a problem into columns. What cannot be true is ignored, never guessed at in favour of a move: nothing comes to
 * a site with impossible figures, and a component with impossible figures stays where it is, unless its site drains.
 */
export function fleetOf(problem: OrchestrationProblem): NamedFleet {
  const ignored = new Ignored();
  const sites = distinct(problem.sites, 'site', ignored);
  const siteAt = new Map(sites.map((site, at) => [site.id, at]));
  const components = distinct(problem.components, 'component', ignored).filter((component) => {
    if (siteAt.has(component.site)) return true;
    ignored.say(`Component ${component.id} is at ${component.site}, which is not among the sites.`);
    return false;
  });
  const racks = [...new Set(sites.map(({ rack }) => rack))];
  const steps = Math.max(1, ...components.map(({ demand }) => demand.steps.length));
  const fleet = new Fleet({
    sites: sites.length,
    components: components.length,
    racks: racks.length,
    resources: resourceNames,
    steps,
  });
  sites.forEach((site, at) => laySite(fleet, at, site, racks.indexOf(site.rack), ignored));
  const classes = new Map<string, number>();
  const words = new Map<string, number>();
  const heaviest = Math.max(
    0,
    ...components.map(({ stateBytes }) => (isFigure(stateBytes) ? stateBytes : 0)),
  );
  const draining = new Set(sites.filter((site) => site.draining).map(({ id }) => id));
  components.forEach((component, i) => {
    fleet.siteOf[i] = siteAt.get(component.site) ?? -1;
    layComponent(fleet, i, component, { policy: problem.policy, draining, heaviestBytes: heaviest, ignored });
    fleet.classOf[i] = classOf(fleet, component.labels, sites, classes);
    if (component.apart.length > 0)
      fleet.apartOf.set(
        i,
        component.apart.map((word) => numberOf(words, word)),
      );
  });
  layLatencies(fleet, racks, problem, ignored);
  layTraffic(fleet, components, problem, ignored);
  fleet.refresh();
  return { fleet, sites, components, ignored: ignored.sentences };
}

/** In the order of their ids, so that plans do not depend on the order of the input. Of two with one id, neither is right: the first is kept. */
function distinct<T extends { readonly id: string }>(all: readonly T[], what: string, ignored: Ignored): T[] {
  const byId = new Map<string, T>();
  for (const one of all) {
    if (byId.has(one.id)) ignored.say(`There are two of ${what} ${one.id}; the second was ignored.`);
    else byId.set(one.id, one);
  }
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function laySite(fleet: Fleet, at: number, site: Site, rack: number, ignored: Ignored): void {
  let sound = isFigure(site.pricePerHour);
  resourceNames.forEach((name, r) => {
    const capacity = site.capacity[name];
    const base = site.base[name];
    if (!isFigure(capacity) || !isFigure(base)) sound = false;
    fleet.capacity[at * resourceNames.length + r] = isFigure(capacity) && capacity > 0 ? capacity : Infinity;
    fleet.base[at * resourceNames.length + r] = isFigure(base) ? base : 0;
  });
  if (!(site.capacity.cpu > 0)) sound = false;
  if (!sound) ignored.say(`Site ${site.id} reports impossible figures: nothing is moved to it.`);
  fleet.rackOf[at] = rack;
  fleet.pricePerHour[at] = isFigure(site.pricePerHour) ? site.pricePerHour : 0;
  const { power } = site;
  const watts = power.kind === 'linear' ? [power.idleW, power.peakW] : power.readingsW;
  const isKnown = watts.length >= 2 && watts.every(isFigure);
  if (!isKnown) ignored.say(`The power model of site ${site.id} has impossible figures.`);
  fleet.powerOf[at] = isKnown ? power : unknownPower;
  fleet.siteFlags[at] =
    (site.accepting && sound ? siteFlag.accepting : 0) |
    (site.draining ? siteFlag.draining : 0) |
    (site.sleeps ? siteFlag.sleeps : 0);
}

/** What is the same for all components of a problem. */
interface Surroundings {
  readonly policy: OrchestrationPolicy;
  readonly draining: ReadonlySet<string>;
  readonly heaviestBytes: number;
  readonly ignored: Ignored;
}

function layComponent(
  fleet: Fleet,
  i: number,
  component: Movable,
  { policy, draining, heaviestBytes, ignored }: Surroundings,
): void {
  const sound = layDemand(fleet, i, component.demand);
  if (!sound) ignored.say(`The forecast of component ${component.id} has impossible figures: it stays.`);
  const { movedAgoMs, remainingMs, stateBytes } = component;
  const cool = movedAgoMs === null || movedAgoMs >= policy.coolDownMs;
  fleet.movable[i] = component.movable && ((sound && cool) || draining.has(component.site)) ? 1 : 0;
  fleet.remainingMs[i] = remainingMs !== null && isFigure(remainingMs) ? remainingMs : Infinity;
  // A size that cannot be true might be any: the largest of the others is as safe as a guess can be.
  fleet.stateBytes[i] = isFigure(stateBytes) ? stateBytes : heaviestBytes;
}

/** @returns whether all figures can be true; those that cannot are taken as 0 */
function layDemand(fleet: Fleet, i: number, { levels, steps }: DemandForecast): boolean {
  let sound = steps.length === fleet.shape.steps && levels.includes(0.5);
  const outer = outerLevel(levels);
  const level = outer ?? 0.5;
  const [lowAt, medianAt, highAt] = [
    positionOf(levels, 1 - level),
    positionOf(levels, 0.5),
    positionOf(levels, level),
  ];
  let skewness = 0;
  const figure = (vectors: readonly ResourceVector[] | undefined, at: number, name: ResourceName) => {
    const value = vectors?.[at]?.[name] ?? 0;
    if (isFigure(value)) return value;
    sound = false;
    return 0;
  };
  for (let step = 0; step < fleet.shape.steps; step += 1) {
    const vectors = steps[step];
    resourceNames.forEach((name, r) => {
      const median = figure(vectors, medianAt, name);
      const low = figure(vectors, lowAt, name);
      const high = figure(vectors, highAt, name);
      // Quantiles that cross say the same when they are sorted.
      const least = Math.min(low, median, high);
      const most = Math.max(low, median, high);
      const moments = momentsOf(least, low + median + high - least - most, most, outer ?? 0.9);
      const cell = i * fleet.cells + step * fleet.resources + r;
      fleet.mean[cell] = moments.mean;
      fleet.deviation[cell] = moments.deviation;
      if (name === 'cpu') skewness = Math.max(skewness, moments.skewness);
    });
  }
  fleet.skewness[i] = skewness;
  return sound;
}

function positionOf(levels: readonly number[], level: number): number {
  return levels.findIndex((known) => Math.abs(known - level) < 1e-6);
}

/** The outermost level that has its mirror below the median, as 0.9 has 0.1. */
function outerLevel(levels: readonly number[]): number | null {
  const paired = levels.filter(
    (level) =>
      level > 0.5 && level <= outerLevelMax && levels.some((other) => Math.abs(1 - level - other) < 1e-6),
  );
  return paired.length === 0 ? null : Math.max(...paired);
}

/** Which row of site classes allows exactly the sites with these labels. */
function classOf(
  fleet: Fleet,
  labels: readonly string[],
  sites: readonly Site[],
  classes: Map<string, number>,
): number {
  if (labels.length === 0) return 0;
  const key = JSON.stringify(labels.toSorted());
  const known = classes.get(key);
  if (known !== undefined) return known;
  const row = fleet.siteClasses.length;
  fleet.siteClasses.push(
    Uint8Array.from(sites, (site) => (labels.every((label) => site.labels.includes(label)) ? 1 : 0)),
  );
  classes.set(key, row);
  return row;
}

function numberOf(words: Map<string, number>, word: string): number {
  const known = words.get(word) ?? words.size;
  words.set(word, known);
  return known;
}
