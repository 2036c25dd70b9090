import { assertNever } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { HostName, Term } from '../core/ids.ts';
import type { Random } from '../core/ports.ts';
import type {
  DirectiveOutcome,
  EngineReply,
  MigrationDirective,
  OrchestratorMessage,
  OrchestratorReply,
  WorkloadForecast,
} from '../protocols/messages.ts';
import type { LatencyMatrix } from '../protocols/probing/matrix.ts';
import { MatrixRows } from '../protocols/probing/matrix-rows.ts';
import { address } from './addresses.ts';
import type { DecisionLog } from './decisions.ts';
import type { Directory } from './directory.ts';
import { FleetView, ownerIn } from './fleet-view.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { OrchestrationRounds, Ordering, Situation } from './orchestration-rounds.ts';
import { encodeMemory, recallMemory } from './orchestrator-memory.ts';
import type { IsIn, Order } from './orders.ts';
import { Orders } from './orders.ts';
import type { EventSink, HostPorts } from './ports.ts';
import { SeatTime } from './seat-time.ts';

export interface OrchestratorPorts extends Pick<HostPorts, 'clock' | 'exchange' | 'vault' | 'identity'> {
  readonly random: Random;
  readonly decisions: DecisionLog;
  readonly directory: Directory;
  readonly rounds: OrchestrationRounds;
  readonly usageMs: number;
  readonly everyMs: number;
  /** False: it measures and answers, and orders nothing. */
  readonly enabled: boolean;
  readonly events: EventSink;
}

export type OrchestratorActorMessage =
  | OrchestratorMessage
  | { readonly kind: 'recallDue' | 'recallFailed'; readonly attempt: number; readonly failure: string }
  | { readonly kind: 'recalled'; readonly bytes: Uint8Array | null }
  | { readonly kind: 'roundDue' }
  | { readonly kind: 'answered'; readonly directive: string; readonly refusal: string; readonly by: HostName }
  | {
      readonly kind: 'saved';
      readonly failure: string;
      /** That are remembered now, and may be given. */
      readonly directives: readonly MigrationDirective[];
    };

interface OrchestratorState {
  readonly view: FleetView;
  readonly since: number;
  readonly time: SeatTime;
  readonly rows: MatrixRows;
  forecast: WorkloadForecast;
  /** When it came, in monotonic milliseconds. */
  forecastAtMs: number;
  orders: Orders;
  recalled: boolean;
  changed: boolean;
  saving: boolean;
  /** Decided, and given once they are remembered: whoever follows a lost holder must know of them. */
  unsaved: MigrationDirective[];
  /** Hosts that refused to carry an order out. */
  readonly refusals: Map<string, Set<HostName>>;
}

type Context = ActorContext<OrchestratorActorMessage, OrchestratorReply>;

const recallsMax = 10;
const recallAgainMs = 1_000;
const memoryKey = 'orchestrator/memory';
const staleReports = 4;
/** A new holder looks on for so many reports before it decides: it has not heard from every rack before. */
const lookOnReports = 2;
/** Reports that pass until a move surely shows in both hosts'. */
export const settleReports = 3;
const askMs = 5_000;
const carriersMax = 3;

/**
 * The resource orchestrator: decides on components that their rack will not serve, orders them to another one, follows
 * what becomes of it, and corrects what it expects. What it has ordered outlives it in the vault.
 */
export function orchestratorActor(
  term: Term,
  ports: OrchestratorPorts,
): Behaviour<OrchestratorState, OrchestratorActorMessage, OrchestratorReply> {
  return {
    init(context) {
      fetchMemory(1, context, ports);
      context.after(ports.everyMs, { kind: 'roundDue' });
      return {
        view: new FleetView(staleReports * ports.usageMs, ownerIn(ports.directory)),
        since: ports.clock.monotonicMs(),
        time: new SeatTime(ports.clock),
        rows: new MatrixRows(),
        forecast: { term, atWallMs: 0, components: [] },
        forecastAtMs: -Infinity,
        orders: new Orders([]),
        recalled: false,
        changed: false,
        saving: false,
        unsaved: [],
        refusals: new Map(),
      };
    },
    receive(state, message, context) {
      receive(state, message, term, context, ports);
      return state;
    },
  };
}

function receive(
  state: OrchestratorState,
  message: OrchestratorActorMessage,
  term: Term,
  context: Context,
  ports: OrchestratorPorts,
): void {
  const nowMs = ports.clock.monotonicMs();
  switch (message.kind) {
    case 'rackUsage':
      return state.view.take(message.usage, nowMs);
    case 'rackLatencies':
      return state.rows.take(message.latencies, nowMs);
    case 'forecast':
      // The analyzer of a former term may speak once more.
      if (message.forecast.term < term) return;
      state.forecast = message.forecast;
      state.forecastAtMs = nowMs;
      return;
    case 'outcome':
      return noteOutcome(state, message.outcome, term, context, ports);
    case 'standing':
      return void context.replyTo?.answer({ kind: 'standing', standing: standing(state, term, ports) });
    case 'problem': {
      const problem = ports.rounds.problem(situation(state, ports));
      const reason = `its policy is ${ports.rounds.policy}, which weighs nothing (orchestrator.policy)`;
      return void context.replyTo?.answer(
        problem === null
          ? { kind: 'refused', reason }
          : { kind: 'problem', problem: JSON.stringify(problem) },
      );
    }
    case 'weigh':
      return weigh(state, message.weights, context, ports);
    case 'recallFailed':
      ports.events.emit({ kind: 'orchestratorFailed', reason: message.failure });
      context.after(recallAgainMs, { ...message, kind: 'recallDue', attempt: message.attempt + 1 });
      return;
    case 'recallDue':
      return fetchMemory(message.attempt, context, ports);
    case 'recalled':
      return recall(state, message.bytes, ports);
    case 'roundDue':
      context.after(ports.everyMs, { kind: 'roundDue' });
      return round(state, term, context, ports);
    case 'answered':
      return answered(state, message, context, ports);
    case 'saved':
      return saved(state, message, context, ports);
    default:
      return assertNever(message);
  }
}

function weigh(
  state: OrchestratorState,
  weights: Readonly<Record<string, number>>,
  context: Context,
  { rounds }: OrchestratorPorts,
): void {
  const refusal = rounds.weigh(weights);
  if (refusal === null) state.changed = true;
  context.replyTo?.answer(refusal === null ? { kind: 'noted' } : { kind: 'refused', reason: refusal });
}

function noteOutcome(
  state: OrchestratorState,
  outcome: DirectiveOutcome,
  term: Term,
  context: Context,
  ports: OrchestratorPorts,
): void {
  // Of orders that are not known yet nothing could be noted: whoever gets no answer says it again.
  if (!state.recalled) return;
  ended(state, state.orders.end(outcome, state.time.nowMs(), isIn(ports)), ports);
  bind(state, term, ports);
  context.replyTo?.answer({ kind: 'noted' });
}

/** A store that is silent for a while must not cost what was ordered; what nobody can read is given up. */
function fetchMemory(attempt: number, context: Context, { vault }: OrchestratorPorts): void {
  context.pipe(
    vault.get(memoryKey),
    (bytes) => ({ kind: 'recalled', bytes }),
    (error) =>
      attempt < recallsMax
        ? { kind: 'recallFailed', attempt, failure: messageOf(error) }
        : { kind: 'recalled', bytes: null },
  );
}

function recall(
  state: OrchestratorState,
  bytes: Uint8Array | null,
  { rounds, events }: OrchestratorPorts,
): void {
  state.recalled = true;
  if (bytes === null) return;
  const { orders, failure } = recallMemory(bytes, rounds, state.time);
  state.orders = orders;
  if (failure !== '') events.emit({ kind: 'orchestratorFailed', reason: failure });
}

/** Where the registry shows it. */
function isIn({ directory }: OrchestratorPorts): IsIn {
  const ownerOf = ownerIn(directory);
  return (execution, rack) => ownerOf(execution)?.rack === rack;
}

function round(state: OrchestratorState, term: Term, context: Context, ports: OrchestratorPorts): void {
  const { clock, usageMs, rounds, enabled } = ports;
  for (const order of state.orders.expire(state.time.nowMs(), isIn(ports))) ended(state, order, ports);
  bind(state, term, ports);
  const lookedOn = clock.monotonicMs() - state.since >= lookOnReports * usageMs;
  if (state.recalled && lookedOn && enabled) {
    for (const ordering of rounds.decide(situation(state, ports))) order(state, ordering, term, ports);
  }
  save(state, context, ports);
}

function situation(state: OrchestratorState, { clock, usageMs }: OrchestratorPorts): Situation {
  const nowMs = clock.monotonicMs();
  const seatMs = state.time.nowMs();
  return {
    view: state.view,
    nowMs,
    nowWallMs: clock.wallMs(),
    seatMs,
    latencies: matrix(state, nowMs).measurements,
    forecast: state.forecast,
    forecastAgeMs: nowMs - state.forecastAtMs,
    busy: state.orders.busy(seatMs),
    unseen: state.orders.unseen(seatMs, settleReports * usageMs),
  };
}

function matrix({ rows, view }: OrchestratorState, nowMs: number): LatencyMatrix {
  const racks = view.racks(nowMs);
  return rows.read(nowMs, (rack) => racks.has(rack));
}

function order(state: OrchestratorState, ordering: Ordering, term: Term, ports: OrchestratorPorts): void {
  const { clock, decisions, identity, random } = ports;
  const { component, parts, targetRack, targetHosts, strategy, startInMs, horizonMs, text } = ordering;
  const atWallMs = clock.wallMs();
  const decider = `${address.cluster('orchestrator')} at ${identity.name}, term ${term}`;
  const decision = decisions.note({ ...ordering.record, decider, atWallMs, subject: component.component });
  const directive: MigrationDirective = {
    directive: `d-${random.hex(8)}`,
    term,
    componentId: component.component,
    targetRack,
    migrationStrategy: strategy,
    parts,
    targetHosts,
    startInMs,
    horizonMs,
    decision,
    text,
  };
  state.orders.add(directive, ordering.demand, state.time.nowMs());
  ports.events.emit({ kind: 'ordered', directive });
  state.changed = true;
  state.unsaved.push(directive);
}

/** To the host that carries a part: the nearest to what is to be moved. Any host could. */
function handOver(
  state: OrchestratorState,
  directive: MigrationDirective,
  context: Context,
  { clock, exchange }: OrchestratorPorts,
): void {
  const id = directive.directive;
  const refused = state.refusals.get(id) ?? new Set();
  const nowMs = clock.monotonicMs();
  const seen = state.view.executions(nowMs);
  const carriers = directive.parts.flatMap((part) => seen.get(part)?.host ?? []);
  const hosts = state.view.hosts(nowMs).map(({ usage }) => usage.identity.name);
  const by = [...carriers, ...hosts].find((host) => !refused.has(host));
  if (by === undefined || refused.size >= carriersMax) {
    const reason = 'no host takes the order';
    const failed = directive.parts.map((execution) => ({ execution, reason }));
    context.self.tell({
      kind: 'outcome',
      outcome: { directive: id, componentId: directive.componentId, moved: [], failed },
    });
    return;
  }
  context.pipe(
    exchange.ask<EngineReply>(address.role(by, 'engine'), { kind: 'carryOut', directive }, askMs),
    (reply) => ({
      kind: 'answered',
      directive: id,
      refusal: reply.kind === 'refused' ? reply.reason : '',
      by,
    }),
    (error) => ({ kind: 'answered', directive: id, refusal: messageOf(error), by }),
  );
}

function answered(
  state: OrchestratorState,
  { directive: id, refusal, by }: Extract<OrchestratorActorMessage, { kind: 'answered' }>,
  context: Context,
  ports: OrchestratorPorts,
): void {
  const found = state.orders.get(id);
  if (refusal === '' || found === null || found.phase !== 'ordered') return void state.refusals.delete(id);
  const refused = state.refusals.get(id) ?? new Set();
  state.refusals.set(id, refused.add(by));
  handOver(state, found.directive, context, ports);
}

function ended(state: OrchestratorState, over: Order | null, ports: OrchestratorPorts): void {
  if (over === null) return;
  state.refusals.delete(over.directive.directive);
  state.changed = true;
  if (over.outcome !== null) ports.events.emit({ kind: 'orderEnded', outcome: over.outcome });
  ports.rounds.learn(over, situation(state, ports));
}

/** Again and again: a rack's actor forgets when its seat changes hands. */
function bind(state: OrchestratorState, term: Term, { clock, exchange }: OrchestratorPorts): void {
  for (const rack of state.view.racks(clock.monotonicMs()).keys()) {
    const bindings = state.orders.bindings(rack, state.time.nowMs());
    exchange.tell(address.rack(rack), { kind: 'bindings', term, bindings }, 'batched');
  }
}

function save(state: OrchestratorState, context: Context, { vault, rounds }: OrchestratorPorts): void {
  if (!state.changed || state.saving || !state.recalled) return;
  state.changed = false;
  state.saving = true;
  const directives = state.unsaved;
  state.unsaved = [];
  context.pipe(
    vault.put(memoryKey, encodeMemory(state.orders, rounds, state.time)),
    () => ({ kind: 'saved', failure: '', directives }),
    (error) => ({ kind: 'saved', failure: messageOf(error), directives }),
  );
}

function saved(
  state: OrchestratorState,
  { failure, directives }: Extract<OrchestratorActorMessage, { kind: 'saved' }>,
  context: Context,
  ports: OrchestratorPorts,
): void {
  state.saving = false;
  const waiting = directives.filter(({ directive }) => state.orders.get(directive)?.phase === 'ordered');
  if (failure !== '') {
    state.changed = true;
    state.unsaved = [...waiting, ...state.unsaved];
    ports.events.emit({ kind: 'orchestratorFailed', reason: failure });
    return;
  }
  for (const directive of waiting) handOver(state, directive, context, ports);
  save(state, context, ports);
}

function standing(
  state: OrchestratorState,
  term: Term,
  { identity, clock, rounds }: OrchestratorPorts,
): Extract<OrchestratorReply, { kind: 'standing' }>['standing'] {
  const nowMs = clock.monotonicMs();
  const { measurements, score } = matrix(state, nowMs);
  return {
    holder: identity.name,
    term,
    policy: rounds.policy,
    latencies: measurements,
    learned: score,
    utilization: state.view.utilization(nowMs),
    directives: state.orders.all().map(({ directive, phase, outcome }) => ({ directive, phase, outcome })),
  };
}
