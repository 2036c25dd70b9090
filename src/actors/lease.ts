import { assertNever } from '../core/assert.ts';
import type { HostIdentity } from '../core/execution.ts';
import type { IncarnationId, LaneIndex } from '../core/ids.ts';
import type { Cancel, Clock } from '../core/ports.ts';
import type { HolderEffect, HolderEvent, LeaseEnd } from '../protocols/lease/holder.ts';
import { stepHolder } from '../protocols/lease/holder-step.ts';
import { runsOutInMs, stepObserver } from '../protocols/lease/observer-step.ts';
import type { LeaseRow } from '../protocols/lease/row.ts';
import type { LeaseTiming } from '../protocols/lease/timing.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { LaneBoard } from './lane-board.ts';
import type { LeaseCell } from './lease-cell.ts';
import type { Instant } from './store-clock.ts';
import type { Found, Table } from './ports.ts';

/** What the store's clock showed when it answered, and when it was called. */
interface StoreStamp {
  readonly storeTimeMs: number;
  readonly sentAt: Instant;
}

export type LeaseMessage =
  | { readonly kind: 'tick' }
  | { readonly kind: 'observe' }
  | { readonly kind: 'holder'; readonly event: HolderEvent; readonly stamp: StoreStamp | null }
  | { readonly kind: 'listed'; readonly rows: readonly Found<LeaseRow>[]; readonly sentAtMs: number }
  /** This host has ended another one's lease. */
  | { readonly kind: 'peerEnded'; readonly row: LeaseRow; readonly revision: number }
  | { readonly kind: 'noted' }
  /** Gives the lease up. */
  | { readonly kind: 'end' }
  /** The session with the store is over. */
  | { readonly kind: 'storeLost' };

/** What the rest of the host must know of its lease. Called in order; must not throw. */
export interface LeaseListener {
  onHeld(): void;
  onFrozen(): void;
  onThawed(): void;
  onEnded(reason: LeaseEnd): void;
  /** @param wasLive whether this host had seen it live: not one of the past that a new host finds */
  onPeerEnded(incarnation: IncarnationId, wasLive: boolean): void;
}

export interface LeasePorts {
  readonly identity: HostIdentity;
  readonly clock: Clock;
  readonly timing: LeaseTiming;
  readonly leases: Table<LeaseRow>;
  readonly cell: LeaseCell;
  readonly board: LaneBoard;
  readonly listener: LeaseListener;
  /** Ends a lane at once; its supervisor starts another. */
  readonly endLane: (lane: LaneIndex, why: string) => void;
}

/** A lane that reaches no tick for so long, with the end of the lease near, is ended: it cannot be frozen (rule 3). */
const silenceMaxMs = 250;

type Context = ActorContext<LeaseMessage>;

/** Keeps this incarnation's lease and watches the others'. Both by the pure machines of `protocols/lease`. */
export function leaseActor(ports: LeasePorts): Behaviour<LeaseSession, LeaseMessage> {
  return {
    init(context) {
      const session = new LeaseSession(ports);
      session.resume(context);
      session.receive({ kind: 'tick' }, context);
      session.receive({ kind: 'observe' }, context);
      return session;
    },
    receive(session, message, context) {
      session.receive(message, context);
      return session;
    },
  };
}

class LeaseSession {
  readonly #ports: LeasePorts;
  #nextLook: Cancel = () => undefined;

  constructor(ports: LeasePorts) {
    this.#ports = ports;
  }

  /** After a crash: the answer that was awaited will not come. */
  resume(context: Context): void {
    const { holder: state } = this.#ports.cell;
    if (state.phase !== 'ended' && state.awaitingSinceMs !== null)
      this.#advance({ kind: 'restarted' }, context);
  }

  receive(message: LeaseMessage, context: Context): void {
    const { clock, timing, cell } = this.#ports;
    switch (message.kind) {
      case 'tick':
        this.#tick(context);
        this.#endStuckLanes();
        if (!cell.ended) context.after(timing.tickEveryMs, { kind: 'tick' });
        return;
      case 'observe':
        this.#observe(context);
        return;
      case 'holder':
        this.#setClock(message.stamp);
        return this.#advance(message.event, context);
      case 'listed':
        this.#listed(message, context);
        this.#nextLook();
        this.#nextLook = context.after(this.#lookInMs(), { kind: 'observe' });
        return;
      case 'peerEnded': {
        const nowMs = clock.monotonicMs();
        return this.#seen(message, { sentAtMs: nowMs, nowMs }, context);
      }
      case 'noted':
        return;
      case 'end':
        return this.#advance({ kind: 'endAsked' }, context);
      case 'storeLost':
        return this.#advance(message, context);
      default:
        return assertNever(message);
    }
  }

  #tick(context: Context): void {
    const now = this.#now();
    this.#goBy(this.#ports.cell.storeClock.looked(now));
    this.#advance({ kind: 'ticked', nowMs: now.monotonicMs, bootMs: now.bootMs }, context);
  }

  #advance(event: HolderEvent, context: Context): void {
    const { cell } = this.#ports;
    const before = cell.holder.phase;
    const { state, effects } = stepHolder(cell.holder, event);
    cell.holder = state;
    for (const effect of effects) this.#perform(effect, context);
    if (before === 'acquiring' && state.phase === 'holding') this.#ports.listener.onHeld();
  }

  #perform(effect: HolderEffect, context: Context): void {
    const { cell, board, listener, leases, identity } = this.#ports;
    const sentAt = this.#now();
    switch (effect.kind) {
      case 'swap':
        context.pipe(
          leases.cas(identity.incarnation, effect.expectedRevision, effect.row),
          ({ storeTimeMs, ...answer }) =>
            answer.kind === 'done'
              ? holder(
                  { kind: 'swapped', row: effect.row, revision: answer.revision },
                  { storeTimeMs, sentAt },
                )
              : holder({ kind: 'refused' }, { storeTimeMs, sentAt }),
          () => holder({ kind: 'storeFailed' }, null),
        );
        return;
      case 'read':
        context.pipe(
          leases.get(identity.incarnation),
          (found) => holder({ kind: 'found', row: found?.row ?? null, revision: found?.revision ?? 0 }, null),
          () => holder({ kind: 'storeFailed' }, null),
        );
        return;
      case 'extend':
        cell.extend(effect.validUntilMs, effect.validUntilBootMs);
        board.extendLease(effect.validUntilMs, effect.validUntilBootMs);
        return;
      case 'freeze':
        return listener.onFrozen();
      case 'thaw':
        return listener.onThawed();
      case 'ended':
        cell.ended = true;
        board.endLease();
        return listener.onEnded(effect.reason);
      default:
        return assertNever(effect);
    }
  }

  #setClock(stamp: StoreStamp | null): void {
    if (stamp === null) return;
    this.#goBy(this.#ports.cell.storeClock.answered(stamp.storeTimeMs, stamp.sentAt, this.#now()));
  }

  #goBy(storeOffsetMs: number | null): void {
    if (storeOffsetMs !== null) this.#ports.board.setClock(storeOffsetMs);
  }

  #now(): Instant {
    const { clock } = this.#ports;
    return { monotonicMs: clock.monotonicMs(), bootMs: clock.bootMs() };
  }

  #endStuckLanes(): void {
    const { cell, clock, board, timing } = this.#ports;
    const nowMs = clock.monotonicMs();
    if (cell.holder.phase === 'acquiring' || cell.validUntilMs - nowMs > timing.freezeLeadMs) return;
    for (const lane of board.lanes()) {
      const silentSinceMs = lane.silentSinceMs();
      if (silentSinceMs === null || nowMs - silentSinceMs < silenceMaxMs) continue;
      this.#ports.endLane(
        lane.index,
        `it reached no safe point for ${Math.round(nowMs - silentSinceMs)} ms, and the lease is about to end`,
      );
    }
  }

  #observe(context: Context): void {
    const sentAtMs = this.#ports.clock.monotonicMs();
    context.pipe(
      this.#ports.leases.list(),
      (rows) => ({ kind: 'listed', rows, sentAtMs }),
      () => ({ kind: 'listed', rows: [], sentAtMs }),
    );
  }

  /** Regularly, and just when a lease may have run out. */
  #lookInMs(): number {
    const { cell, clock, timing } = this.#ports;
    const nowMs = clock.monotonicMs();
    const dueMs = [...cell.observers.values()].flatMap((state) => runsOutInMs(state, nowMs) ?? []);
    return Math.ceil(Math.min(timing.observeEveryMs, ...dueMs));
  }

  #listed({ rows, sentAtMs }: Extract<LeaseMessage, { kind: 'listed' }>, context: Context): void {
    const { clock, identity } = this.#ports;
    const times = { sentAtMs, nowMs: clock.monotonicMs() };
    for (const found of rows) {
      if (found.row.host.incarnation !== identity.incarnation) this.#seen(found, times, context);
    }
    if (rows.length > 0) this.#forget(new Set(rows.map(({ row }) => row.host.incarnation)));
  }

  /** Only the row of a lease that has ended is ever swept. */
  #forget(listed: ReadonlySet<IncarnationId>): void {
    const { cell, listener } = this.#ports;
    for (const [incarnation, { phase }] of cell.observers) {
      if (listed.has(incarnation)) continue;
      cell.observers.delete(incarnation);
      if (phase === 'watching') listener.onPeerEnded(incarnation, true);
    }
  }

  #seen(
    { row, revision }: Found<LeaseRow>,
    times: { readonly sentAtMs: number; readonly nowMs: number },
    context: Context,
  ): void {
    const { cell, timing, leases, listener } = this.#ports;
    const { incarnation } = row.host;
    const state = cell.observers.get(incarnation) ?? { incarnation, timing, phase: 'unseen' };
    const stepped = stepObserver(state, { kind: 'found', row, revision, ...times });
    cell.observers.set(incarnation, stepped.state);
    for (const effect of stepped.effects) {
      if (effect.kind === 'leaseEnded') listener.onPeerEnded(effect.incarnation, state.phase === 'watching');
      else {
        // Any other answer does not matter: the next read shows what became of it.
        context.pipe(
          leases.cas(incarnation, effect.expectedRevision, effect.row),
          (answer) =>
            answer.kind === 'done'
              ? { kind: 'peerEnded', row: effect.row, revision: answer.revision }
              : { kind: 'noted' },
          () => ({ kind: 'noted' }),
        );
      }
    }
  }
}

function holder(event: HolderEvent, stamp: StoreStamp | null): LeaseMessage {
  return { kind: 'holder', event, stamp };
}
