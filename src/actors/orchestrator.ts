import { assertNever } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { ExecutionId, HostName, RackName, Term } from '../core/ids.ts';
import type { Random } from '../core/ports.ts';
import type { OrchestrationRecord } from '../placement/decision-record.ts';
import type {
  EngineReply,
  LMSMeasurements,
  MigrationDirective,
  MigrationStrategy,
  OrchestratorMessage,
  OrchestratorReply,
  WorkloadForecast,
} from '../protocols/messages.ts';
import type { LatencyMatrix } from '../protocols/probing/matrix.ts';
import { MatrixRows } from '../protocols/probing/matrix-rows.ts';
import { address } from './addresses.ts';
import type { DecisionLog } from './decisions.ts';
import type { Directory } from './directory.ts';
import type { SeenComponent } from './fleet-view.ts';
import { FleetView, ownerIn } from './fleet-view.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { Order } from './orders.ts';
import { Orders } from './orders.ts';
import type { EventSink, HostPorts } from './ports.ts';

/** All that a round decides from. */
export interface Situation {
  readonly view: FleetView;
  readonly nowMs: number;
  readonly nowWallMs: number;
  readonly latencies: LMSMeasurements;
  readonly forecast: WorkloadForecast;
  /** Of which an order is under way, or still binds. */
  readonly busy: ReadonlySet<ExecutionId>;
  /** Orders that the reports do not show yet. */
  readonly unseen: readonly Order[];
}

/** What a round orders. */
export interface Ordering {
  readonly component: SeenComponent;
  readonly parts: readonly ExecutionId[];
  /** Of each part. */
  readonly demand: Order['demand'];
  readonly targetRack: RackName;
  /** Empty where the rack's actor chooses. */
  readonly targetHosts: Readonly<Record<ExecutionId, HostName>>;
  readonly strategy: MigrationStrategy;
  readonly startInMs: number;
  readonly horizonMs: number;
  readonly text: string;
  readonly record: Omit<OrchestrationRecord, 'decider' | 'atWallMs' | 'subject'>;
}

/** Decides a round, and learns from what became of earlier ones. Its memory is JSON, for the next holder. */
export interface OrchestrationRounds {
  readonly policy: string;
  decide(situation: Situation): readonly Ordering[];
  /** An order is over; null where nobody told what became of it. */
  learn(order: Order, situation: Situation): void;
  /** What the planner is asked; null for a policy without one. */
  problem(situation: Situation): unknown;
  /** @returns null when it weighs so from now on, else why not */
  weigh(weights: Readonly<Record<string, number>>): string | null;
  memory(): unknown;
  recall(memory: unknown): void;
}

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
  | { readonly kind: 'recalled'; readonly bytes: Uint8Array | null }
  | { readonly kind: 'roundDue' }
  | { readonly kind: 'answered'; readonly directive: string; readonly refusal: string; readonly by: HostName }
  | { readonly kind: 'saved'; readonly failure: string };

interface OrchestratorState {
  readonly view: FleetView;
  readonly since: number;
  readonly rows: MatrixRows;
  forecast: WorkloadForecast;
  orders: Orders;
  recalled: boolean;
  changed: boolean;
  saving: boolean;
  /** Hosts that refused to carry an order out. */
  readonly refusals: Map<string, Set<HostName>>;
}

type Context = ActorContext<OrchestratorActorMessage, OrchestratorReply>;

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
      context.pipe(
        ports.vault.get(memoryKey),
        (bytes) => ({ kind: 'recalled', bytes }),
        (error) => {
          ports.events.emit({ kind: 'orchestratorFailed', reason: messageOf(error) });
          return { kind: 'recalled', bytes: null };
        },
      );
      context.after(ports.everyMs, { kind: 'roundDue' });
      return {
        view: new FleetView(staleReports * ports.usageMs, ownerIn(ports.directory)),
        since: ports.clock.monotonicMs(),
        rows: new MatrixRows(),
        forecast: { term, atWallMs: 0, components: [] },
        orders: new Orders([]),
        recalled: false,
        changed: false,
        saving: false,
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
      state.forecast = message.forecast;
      return;
    case 'outcome':
      ended(state, state.orders.end(message.outcome, ports.clock.wallMs()), ports);
      return void context.replyTo?.answer({ kind: 'noted' });
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
    case 'weigh': {
      const refusal = ports.rounds.weigh(message.weights);
      if (refusal === null) state.changed = true;
      return void context.replyTo?.answer(
        refusal === null ? { kind: 'noted' } : { kind: 'refused', reason: refusal },
      );
    }
    case 'recalled':
      return recall(state, message.bytes, ports);
    case 'roundDue':
      context.after(ports.everyMs, { kind: 'roundDue' });
      return round(state, term, context, ports);
    case 'answered':
      return answered(state, message, context, ports);
    case 'saved':
      state.saving = false;
      if (message.failure !== '') {
        state.changed = true;
        ports.events.emit({ kind: 'orchestratorFailed', reason: message.failure });
      }
      return;
    default:
      return assertNever(message);
  }
}

function recall(
  state: OrchestratorState,
  bytes: Uint8Array | null,
  { rounds, events }: OrchestratorPorts,
): void {
  state.recalled = true;
  if (bytes === null) return;
  try {
    const { orders, memory } = JSON.parse(new TextDecoder().decode(bytes)) as {
      readonly orders: readonly Order[];
      readonly memory: unknown;
    };
    state.orders = new Orders(orders);
    rounds.recall(memory);
  } catch (error) {
    // Written by another release: what it ordered ends by itself, and what it learned is learned again.
    const reason = `what the orchestrator before remembered cannot be read: ${messageOf(error)}`;
    events.emit({ kind: 'orchestratorFailed', reason });
  }
}

function round(state: OrchestratorState, term: Term, context: Context, ports: OrchestratorPorts): void {
  const { clock, usageMs, rounds, enabled } = ports;
  const nowWallMs = clock.wallMs();
  for (const order of state.orders.expire(nowWallMs)) ended(state, order, ports);
  bind(state, term, ports);
  const lookedOn = clock.monotonicMs() - state.since >= lookOnReports * usageMs;
  if (state.recalled && lookedOn && enabled) {
    for (const ordering of rounds.decide(situation(state, ports)))
      order(state, ordering, term, context, ports);
  }
  save(state, context, ports);
}

function situation(state: OrchestratorState, { clock, usageMs }: OrchestratorPorts): Situation {
  const nowWallMs = clock.wallMs();
  return {
    view: state.view,
    nowMs: clock.monotonicMs(),
    nowWallMs,
    latencies: matrix(state, clock.monotonicMs()).measurements,
    forecast: state.forecast,
    busy: state.orders.busy(nowWallMs),
    unseen: state.orders.unseen(nowWallMs, settleReports * usageMs),
  };
}

function matrix({ rows, view }: OrchestratorState, nowMs: number): LatencyMatrix {
  const racks = view.racks(nowMs);
  return rows.read(nowMs, (rack) => racks.has(rack));
}

function order(
  state: OrchestratorState,
  ordering: Ordering,
  term: Term,
  context: Context,
  ports: OrchestratorPorts,
): void {
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
  state.orders.add(directive, ordering.demand, atWallMs);
  ports.events.emit({ kind: 'ordered', directive });
  state.changed = true;
  handOver(state, directive, context, ports);
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
  const seen = state.view.executions(clock.monotonicMs());
  const carriers = directive.parts.flatMap((part) => seen.get(part)?.host ?? []);
  const hosts = state.view.hosts(clock.monotonicMs()).map(({ usage }) => usage.identity.name);
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
    const bindings = state.orders.bindings(rack, clock.wallMs());
    exchange.tell(address.rack(rack), { kind: 'bindings', term, bindings }, 'batched');
  }
}

function save(state: OrchestratorState, context: Context, { vault, rounds }: OrchestratorPorts): void {
  if (!state.changed || state.saving || !state.recalled) return;
  state.changed = false;
  state.saving = true;
  const memory = JSON.stringify({ orders: state.orders.all(), memory: rounds.memory() });
  context.pipe(
    vault.put(memoryKey, new TextEncoder().encode(memory)),
    () => ({ kind: 'saved', failure: '' }),
    (error) => ({ kind: 'saved', failure: messageOf(error) }),
  );
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
