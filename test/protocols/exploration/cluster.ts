import { nonce } from '../../../src/core/ids.ts';
import type { MigrationId } from '../../../src/core/ids.ts';
import type {
  MigrationMessage,
  SourceMessage,
  TargetMessage,
} from '../../../src/protocols/migration/messages.ts';
import { answerAsUnknownSource } from '../../../src/protocols/migration/source-step.ts';
import type { SourceEffect, SourceEvent } from '../../../src/protocols/migration/source.ts';
import { answerAsUnknownTarget, beginTarget } from '../../../src/protocols/migration/target-step.ts';
import type { TargetEffect, TargetEvent } from '../../../src/protocols/migration/target.ts';
import type {
  OwnershipAsk,
  OwnershipEffect,
  OwnershipEvent,
} from '../../../src/protocols/ownership/ownership.ts';
import type { RegisterRow } from '../../../src/protocols/ownership/register.ts';
import { performInLane } from './lanes.ts';
import { at, incarnationOf, left, placeOf, shared } from './world.ts';
import type { Bounded, Bounds, LaneCopy, Numbers, StoreCall, Tables } from './world.ts';

type Job =
  | { readonly to: 'ownership'; readonly host: number; readonly event: OwnershipEvent }
  | { readonly to: 'source'; readonly host: number; readonly event: SourceEvent }
  | { readonly to: 'target'; readonly host: number; readonly event: TargetEvent };
export type Actor = Job['to'];

const sourceKinds = new Set<MigrationMessage['kind']>(['prepare', 'transfer', 'resume', 'commit', 'cancel']);

export function isFromSource(message: MigrationMessage): message is SourceMessage {
  return sourceKinds.has(message.kind);
}

function addresseeOf(message: MigrationMessage): { readonly host: number; readonly count: number } {
  return placeOf(isFromSource(message) ? message.passage.target : message.passage.source);
}

/** One world that is being changed by one step. Actors of one process answer each other within the step. */
export class Cluster {
  readonly world: Numbers;
  readonly #tables: Tables;
  readonly #bounds: Bounds;
  readonly #jobs: Job[] = [];

  constructor(world: Numbers, tables: Tables, bounds: Bounds) {
    this.world = world;
    this.#tables = tables;
    this.#bounds = bounds;
  }

  get(index: number): number {
    return this.world[index] ?? 0;
  }

  spend(name: Bounded): void {
    this.world[left(name)] = this.get(left(name)) - 1;
  }

  violate(reason: string): void {
    if (this.get(shared.violation) === 0) this.world[shared.violation] = this.#tables.texts.id(reason);
  }

  self(host: number) {
    return incarnationOf(host, this.get(at(host, 'incarnation')));
  }

  /** Whether this host's lease is surely valid in its own eyes. */
  mayAct(host: number): boolean {
    return this.get(at(host, 'up')) === 1 && this.get(at(host, 'expired')) === 0;
  }

  lane(host: number): LaneCopy | null {
    const id = this.get(at(host, 'lane'));
    return id === 0 ? null : this.#tables.lanes.value(id);
  }

  setLane(host: number, copy: LaneCopy | null): void {
    this.world[at(host, 'lane')] = copy === null ? 0 : this.#tables.lanes.id(copy);
  }

  row(): RegisterRow {
    return this.#tables.rows.value(this.get(shared.row));
  }

  ownership(host: number) {
    return this.#tables.ownership.states.value(this.get(at(host, 'ownership')));
  }

  source(host: number) {
    const id = this.get(at(host, 'source'));
    return id === 0 ? null : this.#tables.source.states.value(id);
  }

  target(host: number) {
    const id = this.get(at(host, 'target'));
    return id === 0 ? null : this.#tables.target.states.value(id);
  }

  calls(host: number): readonly StoreCall[] {
    return this.#tables.callSets.value(this.get(at(host, 'calls')));
  }

  setCalls(host: number, calls: readonly StoreCall[]): void {
    const { calls: single, callSets } = this.#tables;
    const ids = [...new Set(calls.map((call) => single.id(call)))].sort((a, b) => a - b);
    this.world[at(host, 'calls')] = callSets.id(ids.map((id) => single.value(id)));
  }

  replies(host: number): readonly OwnershipEvent[] {
    return this.#tables.replies.value(this.get(at(host, 'replies')));
  }

  setReplies(host: number, replies: readonly OwnershipEvent[]): void {
    this.world[at(host, 'replies')] = this.#tables.replies.id(replies);
  }

  messages(): readonly number[] {
    return this.#tables.networks.value(this.get(shared.network));
  }

  message(id: number): MigrationMessage {
    return this.#tables.messages.value(id);
  }

  setMessages(ids: readonly number[]): void {
    this.world[shared.network] = this.#tables.networks.id([...ids].sort((a, b) => a - b));
  }

  /** Sends: a copy that is under way already counts as this one; a full network loses it. */
  send(message: MigrationMessage): void {
    const id = this.#tables.messages.id(message);
    const ids = this.messages();
    if (!ids.includes(id) && ids.length < this.#bounds.messages) this.setMessages([...ids, id]);
  }

  /** Performs one event and everything that follows from it within the process. */
  happen(job: Job): void {
    this.#jobs.push(job);
    for (let next = this.#jobs.shift(); next !== undefined; next = this.#jobs.shift()) this.#take(next);
  }

  /** Like `happen`, but the actor dies after saving, before any other effect, and is restarted. */
  happenCut(job: Job): void {
    this.#takeOnly(job, true);
    this.restart(job.host, job.to);
  }

  /** Restarts an actor from what it saved. */
  restart(host: number, actor: Actor): void {
    if (actor === 'ownership') this.#forgetCalls(host);
    this.world[at(host, actor)] = this.get(at(host, `${actor}Saved`));
    if (this.get(at(host, actor)) !== 0) this.happen({ to: actor, host, event: { kind: 'restarted' } });
  }

  /** The process is gone, with all that it knew; what it sent to the store may still happen. */
  stop(host: number): void {
    this.#forgetCalls(host);
    this.world[at(host, 'up')] = 0;
    this.world[at(host, 'expired')] = 0;
    this.setLane(host, null);
    this.setReplies(host, []);
    for (const name of [
      'ownership',
      'ownershipSaved',
      'source',
      'sourceSaved',
      'target',
      'targetSaved',
    ] as const) {
      this.world[at(host, name)] = 0;
    }
  }

  /** Whether the incarnation that a message is for still lives. */
  isAddressed(message: MigrationMessage): boolean {
    const { host, count } = addresseeOf(message);
    return this.get(at(host, 'up')) === 1 && this.get(at(host, 'incarnation')) === count;
  }

  /** Hands a message to the actor that it is for; an incarnation that is gone gets nothing. */
  deliver(message: MigrationMessage, cut: boolean): void {
    if (!this.isAddressed(message)) return;
    const { host } = addresseeOf(message);
    if (isFromSource(message)) this.#deliverToTarget(host, message, cut);
    else this.#deliverToSource(host, message, cut);
  }

  #deliverToTarget(host: number, message: SourceMessage, cut: boolean): void {
    const target = this.target(host);
    const isKnown = target !== null && target.passage.migration === message.passage.migration;
    if (isKnown) return this.#performed({ to: 'target', host, event: { kind: 'received', message } }, cut);
    const isFree = target === null || target.phase === 'done';
    if (message.kind !== 'prepare') {
      const answer = answerAsUnknownTarget(message);
      if (answer !== null) this.send(answer);
    } else if (isFree) {
      const begun = beginTarget(message);
      this.#arrive(host, 'target', this.#tables.target.states.id(begun.state));
      for (const effect of begun.effects) this.#performTarget(host, effect);
      this.#drain();
    }
  }

  #deliverToSource(host: number, message: TargetMessage, cut: boolean): void {
    const source = this.source(host);
    const isKnown =
      source !== null && source.phase !== 'done' && source.passage.migration === message.passage.migration;
    if (isKnown) return this.#performed({ to: 'source', host, event: { kind: 'received', message } }, cut);
    const answer = answerAsUnknownSource(message);
    if (answer !== null) this.send(answer);
  }

  #performed(job: Job, cut: boolean): void {
    if (cut) this.happenCut(job);
    else this.happen(job);
  }

  #drain(): void {
    for (let next = this.#jobs.shift(); next !== undefined; next = this.#jobs.shift()) this.#take(next);
  }

  #arrive(host: number, actor: Actor, id: number): void {
    this.world[at(host, actor)] = id;
    this.world[at(host, `${actor}Saved`)] = id;
  }

  /** Puts a migration's source in place and performs its first effects. */
  beginSource(host: number, state: number, effects: readonly SourceEffect[]): void {
    this.#arrive(host, 'source', state);
    for (const effect of effects) this.#performSource(host, effect);
    this.#drain();
  }

  #take(job: Job): void {
    this.#takeOnly(job, false);
  }

  #takeOnly(job: Job, cut: boolean): void {
    const { host } = job;
    const index = at(host, job.to);
    if (this.get(index) === 0) return;
    if (job.to === 'ownership') {
      const { id, effects } = this.#tables.ownership.take(this.get(index), job.event);
      this.world[index] = id;
      for (const effect of cut ? effects.slice(0, 1) : effects) this.#performOwnership(host, effect, cut);
    } else if (job.to === 'source') {
      const { id, effects } = this.#tables.source.take(this.get(index), job.event);
      this.world[index] = id;
      for (const effect of cut ? effects.slice(0, 1) : effects) {
        if (!cut || effect.kind === 'save') this.#performSource(host, effect);
      }
    } else {
      const { id, effects } = this.#tables.target.take(this.get(index), job.event);
      this.world[index] = id;
      for (const effect of cut ? effects.slice(0, 1) : effects) {
        if (!cut || effect.kind === 'save') this.#performTarget(host, effect);
      }
    }
  }

  #performSource(host: number, effect: SourceEffect): void {
    if (effect.kind === 'save') this.world[at(host, 'sourceSaved')] = this.get(at(host, 'source'));
    if (effect.kind === 'askOwnership') this.#ask(host, effect.ask);
    if (effect.kind !== 'send') return;
    this.send(effect.message);
    if (effect.message.kind !== 'resume') return;
    const { passage, digest } = effect.message;
    const known = this.#tables.texts.value(this.get(shared.resumes));
    const named = ` ${passage.migration}/${digest}`;
    if (!known.includes(named)) this.world[shared.resumes] = this.#tables.texts.id(known + named);
  }

  #performTarget(host: number, effect: TargetEffect): void {
    switch (effect.kind) {
      case 'save':
        this.world[at(host, 'targetSaved')] = this.get(at(host, 'target'));
        break;
      case 'send':
        this.send(effect.message);
        break;
      case 'askOwnership':
        this.#ask(host, effect.ask);
        break;
      case 'admit': {
        const isFree = this.ownership(host).phase === 'absent';
        const event: TargetEvent = isFree
          ? { kind: 'admitted' }
          : { kind: 'notAdmitted', reason: 'it holds a copy' };
        this.#jobs.push({ to: 'target', host, event });
        break;
      }
      case 'fetch': {
        const { host: from, count } = placeOf(this.target(host)?.passage.source ?? this.self(host));
        // A source that is up serves whatever it captured, early attempts included.
        const isUp = this.get(at(from, 'up')) === 1 && this.get(at(from, 'incarnation')) === count;
        const { digest } = effect;
        const event: TargetEvent = isUp
          ? { kind: 'fetched', digest }
          : { kind: 'fetchFailed', digest, reason: 'the source is gone' };
        this.#jobs.push({ to: 'target', host, event });
        break;
      }
      case 'releaseReservation':
      case 'startTimer':
      case 'finish':
        break;
    }
  }

  #ask(host: number, ask: OwnershipAsk): void {
    // One incarnation claims an epoch at most once per kind of ask: that makes the nonce fresh.
    const attempt = this.source(host)?.attemptsLeft ?? 0;
    const fresh = nonce(`${this.self(host)} ${ask.kind} ${ask.migration} ${attempt}`);
    this.#jobs.push({ to: 'ownership', host, event: { kind: 'asked', ask, nonce: fresh } });
  }

  #performOwnership(host: number, effect: OwnershipEffect, savesOnly: boolean): void {
    if (savesOnly && effect.kind !== 'save') return;
    switch (effect.kind) {
      case 'save':
        this.world[at(host, 'ownershipSaved')] = this.get(at(host, 'ownership'));
        break;
      case 'read':
        this.#call(host, { kind: 'read', stage: 'sent' });
        break;
      case 'swap': {
        if (!this.mayAct(host)) {
          this.#jobs.push({ to: 'ownership', host, event: { kind: 'storeFailed' } });
          break;
        }
        const { token, expectedRevision } = effect;
        const row = this.#tables.rows.id(effect.row);
        this.#call(host, { kind: 'swap', stage: 'sent', token, expected: expectedRevision ?? 0, row });
        break;
      }
      case 'answer':
        this.#answer(host, effect.migration, effect);
        break;
      case 'retryLater':
      case 'checkpointSoon':
      case 'recovered':
      case 'quarantined':
      case 'started':
      case 'changed':
        break;
      default:
        performInLane(this, this.#tables, host, effect, (event) => this.#hear(host, event));
    }
  }

  #hear(host: number, event: OwnershipEvent): void {
    const replies = this.replies(host);
    // A repeated request adds nothing to an answer that is under way already.
    const isQueued = replies.some((reply) => JSON.stringify(reply) === JSON.stringify(event));
    if (this.#bounds.slowLanes) this.setReplies(host, isQueued ? replies : [...replies, event]);
    else this.#jobs.push({ to: 'ownership', host, event });
  }

  #answer(host: number, migration: MigrationId, effect: Extract<OwnershipEffect, { kind: 'answer' }>): void {
    const event = { kind: 'answered', answer: effect.answer } as const;
    if (this.source(host)?.passage.migration === migration) this.#jobs.push({ to: 'source', host, event });
    if (this.target(host)?.passage.migration === migration) this.#jobs.push({ to: 'target', host, event });
  }

  #call(host: number, call: StoreCall): void {
    this.setCalls(host, [...this.calls(host), call]);
  }

  #forgetCalls(host: number): void {
    const ghosts: StoreCall[] = [];
    for (const call of this.calls(host)) {
      if (call.kind === 'swap' && (call.stage === 'sent' || call.stage === 'ghost')) {
        ghosts.push({ ...call, stage: 'ghost' });
      }
    }
    this.setCalls(host, ghosts);
  }
}
