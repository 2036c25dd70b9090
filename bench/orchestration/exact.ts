import { assert } from '../../src/core/assert.ts';
import type {
  Movable,
  OrchestrationProblem,
  Site,
  TrafficEdge,
} from '../../src/placement/orchestration/contract.ts';

/*
 * A problem of certain demand as a mixed-integer linear program in CPLEX's LP format, term by term what the planner
 * minimises. Demand has two resources, `cpu` and `memory`; sites are linear in power, sleep while empty, and have no
 * base use; all racks' latencies are given.
 */

/** A component's arrival at another site may not overfill it; one that nothing came to may stay as full as it is. */
const plenty = 1_000;

interface Terms {
  /** By variable: the reader of the format keeps only one term of each. */
  readonly objective: Map<string, number>;
  readonly rows: string[];
  readonly binaries: string[];
  readonly continuous: string[];
}

export function program(asked: OrchestrationProblem): string {
  const terms: Terms = { objective: new Map(), rows: [], binaries: [], continuous: [] };
  asked.components.forEach((component, i) => placed(asked, component, i, terms));
  asked.sites.forEach((site, s) => loaded(asked, site, s, terms));
  asked.traffic.forEach((edge, e) => talking(asked, edge, e, terms));
  const away = asked.components.flatMap((component, i) =>
    asked.sites.flatMap((site, s) => (site.id === component.site ? [] : [`x${i}_${s}`])),
  );
  terms.rows.push(`${away.join(' + ')} <= ${asked.policy.movesMax}`);
  const bounds = [...terms.continuous].map((name) => `${name} >= 0`);
  return [
    'Minimize',
    ` obj: ${[...terms.objective].map(([name, factor]) => `${factor < 0 ? '-' : '+'} ${Math.abs(factor)} ${name}`).join('\n ')}`,
    'Subject To',
    ...terms.rows.map((row, k) => ` c${k}: ${row.replaceAll(' + ', '\n + ')}`),
    'Bounds',
    ...bounds.map((bound) => ` ${bound}`),
    'Binary',
    ...terms.binaries.map((name) => ` ${name}`),
    'End',
  ].join('\n');
}

function add({ objective }: Terms, factor: number, name: string): void {
  objective.set(name, (objective.get(name) ?? 0) + factor);
}

function placed({ sites, policy }: OrchestrationProblem, component: Movable, i: number, terms: Terms): void {
  const { moveCosts, weights, payOffMs } = policy;
  const transferS = component.stateBytes / moveCosts.bytesPerSecond;
  const onceMs = moveCosts.perMoveMs + moveCosts.pauseMs + transferS * moveCosts.perTransferSecondMs;
  const servesMs = Math.min(payOffMs, component.remainingMs ?? Infinity);
  sites.forEach((site, s) => {
    terms.binaries.push(`x${i}_${s}`);
    terms.rows.push(`x${i}_${s} - w${s} <= 0`);
    if (site.id === component.site) return;
    terms.rows.push(`x${i}_${s} - r${s} <= 0`);
    add(terms, ((weights.churn * onceMs) / servesMs) * 1_000, `x${i}_${s}`);
  });
  terms.rows.push(`${sites.map((_, s) => `x${i}_${s}`).join(' + ')} = 1`);
}

function demandOf({ demand }: Movable, step: number, resource: 'cpu' | 'memory'): number {
  return demand.steps[step]?.[0]?.[resource] ?? 0;
}

function loaded({ components, policy }: OrchestrationProblem, site: Site, s: number, terms: Terms): void {
  const { weights } = policy;
  assert(site.power.kind === 'linear', 'The program knows linear power only.');
  const range = site.power.peakW - site.power.idleW;
  terms.binaries.push(`w${s}`, `r${s}`);
  add(terms, weights.cost * site.pricePerHour + weights.energy * site.power.idleW, `w${s}`);
  const steps = components[0]?.demand.steps.length ?? 0;
  for (let step = 0; step < steps; step += 1) {
    terms.binaries.push(`o${s}_${step}`);
    add(terms, (weights.latency * policy.overloadMsPerSite) / steps, `o${s}_${step}`);
    for (const resource of ['cpu', 'memory'] as const) {
      const room = site.capacity[resource];
      const excess = `u${s}_${step}_${resource}`;
      terms.continuous.push(excess);
      const cores = resource === 'cpu' ? 1 : site.capacity.cpu / room;
      add(terms, (weights.latency * policy.unservedMsPerCore * cores) / steps, excess);
      const sum = components.map((one, i) => `${demandOf(one, step, resource)} x${i}_${s}`).join(' + ');
      terms.rows.push(`${sum} - ${excess} <= ${room}`);
      terms.rows.push(`${sum} - ${plenty} o${s}_${step} <= ${room}`);
      terms.rows.push(`${sum} + ${plenty} r${s} <= ${room + plenty}`);
      if (resource === 'memory') continue;
      // A site draws no more than at full load: what is in excess draws nothing.
      const perCore = (weights.energy * range) / (room * steps);
      components.forEach((one, i) => add(terms, perCore * demandOf(one, step, 'cpu'), `x${i}_${s}`));
      add(terms, -perCore, excess);
    }
  }
}

/** z is 1 for the pair of sites at which the two ends are: a flow from the one's place to the other's. */
function talking(asked: OrchestrationProblem, edge: TrafficEdge, e: number, terms: Terms): void {
  const { sites, components, policy } = asked;
  const a = components.findIndex(({ id }) => id === edge.a);
  const b = components.findIndex(({ id }) => id === edge.b);
  const gb = (edge.bytesPerSecond * 3_600) / 1e9;
  sites.forEach((from, s) => {
    sites.forEach((to, t) => {
      const name = `z${e}_${s}_${t}`;
      terms.continuous.push(name);
      const wait = edge.messagesPerSecond * wayMs(asked, from, to);
      const cost = from.rack === to.rack ? 0 : gb * policy.pricePerCrossRackGb;
      add(terms, policy.weights.latency * wait + policy.weights.cost * cost, name);
    });
    terms.rows.push(`${sites.map((_, t) => `z${e}_${s}_${t}`).join(' + ')} - x${a}_${s} = 0`);
    terms.rows.push(`${sites.map((_, t) => `z${e}_${t}_${s}`).join(' + ')} - x${b}_${s} = 0`);
  });
}

function wayMs({ latencies, policy }: OrchestrationProblem, from: Site, to: Site): number {
  if (from.id === to.id) return policy.localMs / 2;
  const found = latencies.find((one) => one.from === from.rack && one.to === to.rack);
  assert(found !== undefined && found.p50Ms === found.p95Ms, 'Every pair of racks has a certain latency.');
  return found.p50Ms / 2;
}
