import type { ExecutionId, Term } from '../core/ids.ts';
import type { ResourceName, ResourceVector } from '../core/resources.ts';
import { resourceNames } from '../core/resources.ts';
import type { Forecast } from '../forecasting/contract.ts';
import type { HistoryStore } from '../forecasting/history/contract.ts';
import { isSeriesKey } from '../forecasting/history/resolutions.ts';
import { latencyImpacts } from '../placement/latency-impact.ts';
import type {
  AnalyzerMessage,
  AnalyzerReply,
  ComponentForecast,
  WorkloadForecast,
} from '../protocols/messages.ts';
import { address } from './addresses.ts';
import type { Directory } from './directory.ts';
import type { SeenComponent } from './fleet-view.ts';
import { demandOf, FleetView, ownerIn } from './fleet-view.ts';
import { followLearning } from './forecaster-learning.ts';
import type { LearningMessage } from './forecaster-learning.ts';
import { ForecasterMemory } from './forecaster-memory.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { Analyst, HostPorts, SeriesAsk } from './ports.ts';

export interface AnalyzerTiming {
  /** Between two samples of the history; as often as hosts report. */
  readonly sampleMs: number;
  /** Of a forecast's grid, and between two forecasts. */
  readonly stepMs: number;
  readonly horizonMs: number;
  /** Between two saves of the history. */
  readonly saveMs: number;
  /** Between two times that the learned forecaster learns on from it. */
  readonly learnMs: number;
  /** Steps of history that a forecast is made from, at most. */
  readonly stepsMax: number;
  /** Components that are forecast, those with the most CPU demand first. */
  readonly componentsMax: number;
}

export interface AnalyzerPorts extends Pick<HostPorts, 'clock' | 'exchange' | 'vault' | 'digest' | 'events'> {
  readonly directory: Directory;
  readonly timing: AnalyzerTiming;
  readonly history: HistoryStore;
  readonly analyst: Analyst;
}

export type AnalyzerActorMessage =
  | AnalyzerMessage
  | LearningMessage
  | { readonly kind: 'loadDue' | 'loadFailed'; readonly attempt: number }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'sampleDue' }
  | { readonly kind: 'forecastDue' }
  | { readonly kind: 'forecasted'; readonly round: Round; readonly forecasts: readonly (Forecast | null)[] }
  | { readonly kind: 'forecastFailed' }
  | { readonly kind: 'saveDue' }
  | { readonly kind: 'saved' };

/** What one round asked for. */
interface Round {
  readonly atWallMs: number;
  readonly components: readonly SeenComponent[];
}

interface AnalyzerState {
  readonly view: FleetView;
  readonly memory: ForecasterMemory;
  /** Nothing is appended before what the holders before had saved is here. */
  loaded: boolean;
  forecasting: boolean;
  newest: WorkloadForecast;
  /** Components of the history, and when each was last seen. */
  readonly lastSeen: Map<ExecutionId, number>;
}

type Context = ActorContext<AnalyzerActorMessage, AnalyzerReply>;

/** Half an hour after its last report, a component has ended. */
const forgottenMs = 30 * 60_000;
/** A host that missed so many reports is silent. */
const staleReports = 4;
const loadsMax = 10;
const loadAgainMs = 1_000;
const longestName: ResourceName = 'network';
export const forecastLevels: readonly number[] = [0.1, 0.5, 0.9];

/**
 * The predictive workload analyzer: keeps the history of what the racks report, forecasts each component's demand, ranks
 * the forecasts by potential latency impact, and tells the orchestrator. The arithmetic runs on another thread.
 */
export function analyzerActor(
  term: Term,
  ports: AnalyzerPorts,
): Behaviour<AnalyzerState, AnalyzerActorMessage, AnalyzerReply> {
  return {
    init(context) {
      const { timing, directory, events } = ports;
      const memory = new ForecasterMemory(ports);
      load(1, context, ports);
      followLearning({ kind: 'recallDue', attempt: 1 }, context, { ...timing, memory, events });
      context.after(timing.sampleMs, { kind: 'sampleDue' });
      context.after(timing.stepMs, { kind: 'forecastDue' });
      context.after(timing.saveMs, { kind: 'saveDue' });
      return {
        view: new FleetView(staleReports * timing.sampleMs, ownerIn(directory)),
        memory,
        loaded: false,
        forecasting: false,
        newest: { term, atWallMs: 0, components: [] },
        lastSeen: new Map(),
      };
    },
    receive(state, message, context) {
      receive(state, message, context, ports);
      return state;
    },
    stopping(state) {
      void ports.analyst.close();
      return state;
    },
  };
}

function receive(
  state: AnalyzerState,
  message: AnalyzerActorMessage,
  context: Context,
  ports: AnalyzerPorts,
): void {
  const { clock, timing } = ports;
  switch (message.kind) {
    case 'rackUsage':
      return state.view.take(message.usage, clock.monotonicMs());
    case 'forecast':
      return void context.replyTo?.answer({ kind: 'forecast', forecast: state.newest });
    case 'loadDue':
      return load(message.attempt, context, ports);
    case 'loadFailed':
      return void context.after(loadAgainMs, { kind: 'loadDue', attempt: message.attempt + 1 });
    case 'loaded':
      state.loaded = true;
      return;
    case 'sampleDue':
      context.after(timing.sampleMs, { kind: 'sampleDue' });
      if (state.loaded) sample(state, ports);
      return;
    case 'forecastDue':
      context.after(timing.stepMs, { kind: 'forecastDue' });
      if (state.loaded && !state.forecasting) ask(state, context, ports);
      return;
    case 'forecasted':
      state.forecasting = false;
      return publish(state, message.round, message.forecasts, ports);
    case 'forecastFailed': // The next round asks again, of a thread that was started anew.
      state.forecasting = false;
      return;
    case 'saveDue':
      // What is not loaded yet would be missing in it, and taken away by it.
      if (!state.loaded) return void context.after(timing.saveMs, { kind: 'saveDue' });
      context.pipe(
        ports.history.save(clock.wallMs()),
        () => ({ kind: 'saved' }),
        () => ({ kind: 'saved' }),
      );
      return;
    case 'saved':
      context.after(timing.saveMs, { kind: 'saveDue' });
      return;
    default:
      return followLearning(message, context, { ...timing, memory: state.memory, events: ports.events });
  }
}

/** A store that is silent for a while must not cost the history; what cannot be read at all is missing, and grows anew. */
function load(attempt: number, context: Context, { history, clock }: AnalyzerPorts): void {
  context.pipe(
    history.load(clock.wallMs()),
    () => ({ kind: 'loaded' }),
    () => (attempt < loadsMax ? { kind: 'loadFailed', attempt } : { kind: 'loaded' }),
  );
}

function sample({ view, lastSeen }: AnalyzerState, { clock, history }: AnalyzerPorts): void {
  const nowMs = clock.monotonicMs();
  const atWallMs = clock.wallMs();
  const append = (key: string, amount: ResourceVector): void => {
    if (!isSeriesKey(`${key}/${longestName}`)) return;
    for (const name of resourceNames) history.append(`${key}/${name}`, atWallMs, amount[name], atWallMs);
  };
  for (const { component, demand } of view.components(nowMs)) {
    append(`component/${component}`, demand);
    lastSeen.set(component, nowMs);
  }
  for (const [component, seenMs] of lastSeen) {
    if (nowMs - seenMs <= forgottenMs) continue;
    lastSeen.delete(component);
    for (const name of resourceNames) history.forget(`component/${component}/${name}`);
  }
  const arrivals = new Map<string, number>();
  for (const { usage, wanted } of view.hosts(nowMs)) {
    append(`host/${usage.identity.name}`, wanted);
    for (const { method, perSecond } of usage.arrivals) {
      // Names of files and functions may be in any script.
      const key = `method/${method.package.slice(0, 16)}/${encodeURIComponent(method.method)}`;
      arrivals.set(key, (arrivals.get(key) ?? 0) + perSecond);
    }
  }
  for (const [rack, { used }] of view.racks(nowMs)) append(`rack/${rack}`, used);
  for (const [key, perSecond] of arrivals)
    if (isSeriesKey(key)) history.append(key, atWallMs, perSecond, atWallMs);
}

function ask(
  state: AnalyzerState,
  context: Context,
  { clock, timing, history, analyst }: AnalyzerPorts,
): void {
  const atWallMs = clock.wallMs();
  const components = state.view
    .components(clock.monotonicMs())
    .toSorted((a, b) => b.demand.cpu - a.demand.cpu)
    .slice(0, timing.componentsMax);
  if (components.length === 0) return;
  const { stepMs, stepsMax, horizonMs } = timing;
  // The step under way is not over: the forecast begins with it.
  const toMs = Math.floor(atWallMs / stepMs) * stepMs;
  const range = { fromMs: toMs - stepsMax * stepMs, toMs };
  const asks = components.flatMap(({ component }) =>
    resourceNames.map((name): SeriesAsk => {
      const key = `component/${component}/${name}`;
      return { key, series: history.read(key, range, stepMs), range: { min: 0, max: Infinity } };
    }),
  );
  state.forecasting = true;
  context.pipe(
    analyst.forecast(asks, Math.max(1, Math.round(horizonMs / stepMs)), forecastLevels),
    (forecasts) => ({ kind: 'forecasted', round: { atWallMs, components }, forecasts }),
    () => ({ kind: 'forecastFailed' }),
  );
}

function publish(
  state: AnalyzerState,
  round: Round,
  forecasts: readonly (Forecast | null)[],
  ports: AnalyzerPorts,
): void {
  const made = round.components.flatMap((component, index) => {
    const first = index * resourceNames.length;
    const own = forecasts.slice(first, first + resourceNames.length);
    return forecastOf(component, own) ?? [];
  });
  const impacts = impactsOf(state, made, ports);
  const components = made
    .map((forecast) => ({ ...forecast, latencyImpact: impacts.get(forecast.component) ?? 0 }))
    .toSorted((a, b) => b.latencyImpact - a.latencyImpact || (a.component < b.component ? -1 : 1));
  state.newest = { ...state.newest, atWallMs: round.atWallMs, components };
  const message = { kind: 'forecast', forecast: state.newest } as const;
  ports.exchange.tell(address.cluster('orchestrator'), message, 'batched');
}

function forecastOf(
  { component, rack }: SeenComponent,
  forecasts: readonly (Forecast | null)[],
): ComponentForecast | null {
  const [cpu, memory, io, network] = forecasts;
  if (!cpu || !memory || !io || !network) return null;
  const byResource = { cpu, memory, io, network };
  const at = (name: ResourceName, level: number, step: number): number => {
    // The point forecast aims at the median, and knows more of it than a handful of errors does.
    const found =
      level === 0.5 ? undefined : byResource[name].quantiles.find((quantile) => quantile.level === level);
    return (found?.values ?? byResource[name].point)[step] ?? 0;
  };
  return {
    component,
    rack,
    fromWallMs: cpu.fromMs,
    stepMs: cpu.stepMs,
    quantiles: forecastLevels.map((level) => ({
      level,
      steps: Array.from(cpu.point, (_, step) => ({
        cpu: at('cpu', level, step),
        memory: at('memory', level, step),
        io: at('io', level, step),
        network: at('network', level, step),
      })),
    })),
    latencyImpact: 0,
    models: { cpu: cpu.model, memory: memory.model, io: io.model, network: network.model },
  };
}

/** Each execution is expected to grow as its component does. */
function impactsOf(
  { view }: AnalyzerState,
  forecasts: readonly ComponentForecast[],
  { clock }: AnalyzerPorts,
): ReadonlyMap<ExecutionId, number> {
  const nowMs = clock.monotonicMs();
  const peaks = new Map(
    forecasts.map(({ component, quantiles }) => {
      const median = quantiles.find(({ level }) => level === 0.5)?.steps ?? [];
      return [component, Math.max(0, ...median.map(({ cpu }) => cpu))];
    }),
  );
  const rooms = view.hosts(nowMs).map(({ usage, wanted }) => ({
    host: usage.identity.name,
    cpuShare: usage.capacity.cpu,
    demand: wanted.cpu,
  }));
  const talking = view.components(nowMs).flatMap(({ component, demand, executions }) =>
    executions.map(({ usage, host }) => {
      const own = demandOf(usage).cpu;
      const growth = demand.cpu > 0 ? (peaks.get(component) ?? demand.cpu) / demand.cpu : 1;
      return {
        execution: usage.execution,
        component,
        host,
        demand: own,
        predictedDemand: own * growth,
        cpuCores: usage.used.cpu,
        peers: usage.peers,
      };
    }),
  );
  return latencyImpacts(rooms, talking);
}
