import { assert } from '../../core/assert.ts';
import type { Tenure } from '../../core/execution.ts';
import type { ExecutionId, IncarnationId, SnapshotDigest } from '../../core/ids.ts';
import type { EffectOutcome, LostOutcome } from '../../core/packet.ts';
import type { LaneEvent, Settlement } from '../../lanes/contract.ts';
import { beginDelivery, Delivery } from '../../protocols/delivery/delivery.ts';
import { HeldActs } from '../../protocols/delivery/held-acts.ts';
import type { DeliveryPacket } from '../../protocols/delivery/packet.ts';
import type { DeliveryEffect } from '../../protocols/delivery/state.ts';
import type { EffectsEffect, EffectsEvent } from '../../protocols/effects/ledger.ts';
import { beginEffects, EffectLedger, runningOn } from '../../protocols/effects/ledger.ts';
import type { Correspondences, DealerState, Sleep } from './dealer-record.ts';
import { bodyOf, extended, readBody, shortened, skipped } from './dealer-record.ts';
import type { DealsWitness } from './deals-witness.ts';
import { ScriptedChildren } from './offspring.ts';
import type { Deals } from './script.ts';

/** What a dealer needs of its lane. */
export interface DealerPorts {
  readonly incarnation: IncarnationId;
  readonly witness: DealsWitness;
  readonly tell: (event: LaneEvent) => void;
  readonly wantCheckpoint: (tenure: Tenure) => void;
  readonly storeNowMs: () => number;
  /** Starts an effect here; `ended` once it has an outcome. */
  readonly runEffect: (sequence: number, count: number, ended: (value: number) => void) => void;
}

const mailboxMax = 1_000;

/**
 * All that an execution of a scripted lane has to do with others: messages, effects, timers, and what of them waits for a
 * checkpoint. The delivery, the ledger and the held acts are those of the real runtime, in the order in which it uses them.
 */
export class Dealer {
  tenure: Tenure;
  frozen = true;
  readonly durable: boolean;
  readonly #deals: Deals;
  readonly #ports: DealerPorts;
  readonly #held: HeldActs;
  #delivery: Delivery;
  #ledger: EffectLedger;
  #sent: Correspondences = {};
  #taken: Correspondences = {};
  #sleep: Sleep | null = null;
  #awaited: DealerState['awaited'] = null;
  /** Came while it was frozen: a frozen copy may be somebody else's by now. */
  #late: (() => void)[] = [];
  /** Rebuilt from a snapshot, and not run since. */
  #isFresh: boolean;
  /** Effects that run here and were started by this copy. */
  #running = 0;
  readonly #children: ScriptedChildren | null;
  #isOver = false;
  /** What its script came to; null before, and once it was told. */
  #outcome: Settlement | null = null;

  constructor(tenure: Tenure, deals: Deals, from: DealerState | boolean, ports: DealerPorts) {
    this.tenure = tenure;
    this.#deals = deals;
    this.#ports = ports;
    this.#held = new HeldActs(() => ports.wantCheckpoint(this.tenure));
    this.#isFresh = typeof from !== 'boolean';
    const ledger = typeof from === 'boolean' ? beginEffects(tenure, from) : from.ledger;
    this.#ledger = new EffectLedger(ledger, ports.incarnation);
    this.#delivery = new Delivery(typeof from === 'boolean' ? beginDelivery(tenure) : from.delivery);
    this.durable = ledger.durable;
    const known = typeof from === 'boolean' ? [] : from.children;
    this.#children =
      deals.children === null
        ? null
        : new ScriptedChildren(deals.children, this.durable, known, {
            witness: ports.witness,
            tell: ports.tell,
            act: (act) => this.#act(act),
          });
    if (typeof from === 'boolean') return;
    this.#isOver = from.isOver;
    this.#sent = { ...from.sent };
    this.#taken = { ...from.taken };
    this.#sleep = from.sleep;
    this.#awaited = from.awaited;
  }

  get effectsPending(): number {
    return this.#running;
  }

  get effectsOn(): readonly IncarnationId[] {
    return runningOn(this.#ledger.pending());
  }

  get effectSequence(): number {
    return this.#ledger.sequence;
  }

  capture(): DealerState {
    return {
      sent: { ...this.#sent },
      taken: { ...this.#taken },
      sleep: this.#sleep,
      awaited: this.#awaited,
      children: this.#children?.all ?? [],
      isOver: this.#isOver,
      ledger: this.#ledger.capture(),
      delivery: this.#delivery.capture(),
    };
  }

  /** A capture was taken that may still become durable. */
  get awaitsCovering(): boolean {
    return this.#held.awaitsCovering;
  }

  /** It was captured under this digest. */
  taken(digest: SnapshotDigest): void {
    if (this.durable) this.#held.taken(digest, this.#ledger.sequence);
  }

  /** It goes on here, as owner. */
  run(tenure: Tenure): void {
    this.tenure = tenure;
    this.frozen = false;
    for (const late of this.#late.splice(0)) late();
    this.#exchange(this.#delivery.step({ kind: 'claimed', tenure }));
    this.#step({ kind: 'claimed', tenure, fromSnapshot: this.#isFresh });
    this.#isFresh = false;
    this.#children?.claimed(tenure);
    this.#endIfIdle();
  }

  /** @returns whether it counts at this step, or waits for something */
  mayCount(): boolean {
    if (this.#sleep !== null) {
      if (this.#ports.storeNowMs() < this.#sleep.untilMs) return false;
      this.#ports.witness.fired(this.tenure, this.#ports.incarnation, this.#sleep);
      this.#sleep = null;
    }
    return this.#awaited === null;
  }

  /** Does what its script has for this count. */
  counted(count: number): void {
    const { sendTo, sendEvery, effectEvery, sleepEvery, sleepMs } = this.#deals;
    if (sendEvery > 0 && count % sendEvery === 0) for (const peer of sendTo) this.#send(peer);
    if (sleepEvery > 0 && count % sleepEvery === 0) {
      const untilMs = this.#ports.storeNowMs() + sleepMs;
      const notBeforeMs = this.#ports.witness.mayFireAtMs(this.#ports.incarnation, sleepMs);
      this.#sleep = { id: count, untilMs, notBeforeMs };
    }
    if (effectEvery > 0 && count % effectEvery === 0) this.#call(count, null);
    if (this.#children?.isDue(count) === true) {
      this.#step({ kind: 'numbered' });
      this.#children.start(this.tenure, count, this.#ledger.sequence);
    }
    const { tenure, durable } = this;
    const children = this.#children?.all ?? [];
    this.#ports.witness.counted(tenure, { count, durable, sent: this.#sent, taken: this.#taken, children });
  }

  /** Its end leaves once all that it has sent was taken, and nothing before it is held back any more. */
  end(settlement: Settlement, count: number): void {
    this.#outcome = settlement;
    const { parent } = this.#deals;
    const isTold = this.#isOver;
    this.#isOver = true;
    if (parent !== null && !isTold) {
      const body = bytesOf(count);
      this.#exchange(this.#delivery.step({ kind: 'sent', to: parent, subject: 'childSettled', body }));
    }
    this.#ports.witness.accepted(this.tenure, this.#taken);
    this.#endIfIdle();
  }

  deliver(packet: DeliveryPacket): void {
    this.#whenRunning(() => {
      this.#exchange(this.#delivery.step({ kind: 'received', packet, room: mailboxMax }));
      // It counts no more, and still takes what comes.
      if (this.#isOver) this.#ports.witness.accepted(this.tenure, this.#taken);
      this.#endIfIdle();
    });
  }

  peerGone(peer: ExecutionId, gone: 'ended' | 'absent'): void {
    this.#whenRunning(() => {
      this.#exchange(this.#delivery.step({ kind: gone, peer }));
      this.#endIfIdle();
    });
  }

  /** The register shows that a child has ended. */
  settleChild(child: ExecutionId, value: number): void {
    this.#whenRunning(() => this.#childEnded(child, value, 'register'));
  }

  settleEffect({ sequence, generation, value }: EffectOutcome): void {
    this.#whenRunning(() => this.#settle(sequence, generation, numberOf(value)));
  }

  effectsLost(incarnation: IncarnationId): void {
    this.#whenRunning(() => this.#step({ kind: 'incarnationEnded', incarnation }));
  }

  effectLost(effect: LostOutcome): void {
    this.#whenRunning(() => this.#step({ kind: 'outcomeLost', ...effect }));
  }

  covered(generation: number, digest: SnapshotDigest): void {
    this.#whenRunning(() => {
      if (this.tenure.generation !== generation) return;
      const covered = this.#held.covered(digest);
      if (covered === null) return;
      this.#step({ kind: 'covered', upTo: covered.sequence });
      for (const act of covered.acts) act();
      if (!this.#isCovered) this.#held.ask();
    });
  }

  retransmit(): void {
    if (this.frozen) return;
    this.#held.repeat(this.#isCovered, this.#delivery, (packet) =>
      this.#ports.tell({ kind: 'packet', packet }),
    );
  }

  get #isCovered(): boolean {
    return this.#held.isEmpty && ![...this.#ledger.pending()].some(({ stand }) => stand.kind === 'recording');
  }

  /** Whether others have taken all that it has sent, or are no more. */
  get isIdle(): boolean {
    return this.#delivery.idle;
  }

  #endIfIdle(): void {
    const settlement = this.#outcome;
    if (settlement === null || !this.isIdle) return;
    this.#outcome = null;
    const tell = (): void => this.#ports.tell({ kind: 'settled', tenure: this.tenure, settlement });
    if (this.#isCovered) tell();
    else this.#act(tell);
  }

  #whenRunning(task: () => void): void {
    if (this.frozen) this.#late.push(task);
    else task();
  }

  /** Something that leaves the execution: at once, or once a checkpoint covers it. */
  #act(act: () => void): void {
    if (this.durable) this.#held.hold(act);
    else act();
  }

  #send(to: ExecutionId): void {
    const { generation } = this.tenure;
    const next = extended(this.#sent[to], generation);
    const body = bodyOf(next.upTo, generation);
    const effects = this.#delivery.step({ kind: 'sent', to, subject: 'user', body });
    if (effects.some(({ kind }) => kind === 'refuse')) return;
    this.#sent = { ...this.#sent, [to]: next };
    this.#exchange(effects);
  }

  #exchange(effects: readonly DeliveryEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'transmit': {
          const { packet } = effect;
          this.#act(() => this.#ports.tell({ kind: 'packet', packet }));
          break;
        }
        case 'deliver':
          if (effect.subject === 'user') this.#accept(effect.from, effect.body);
          else this.#childEnded(effect.from, numberOf(effect.body), 'message');
          break;
        case 'notifyRewound':
          this.#rewound(effect.peer, effect.takenBack);
          break;
        case 'notifyMissed':
          this.#taken = { ...this.#taken, [effect.peer]: skipped(this.#taken[effect.peer], effect.count) };
          this.#ports.witness.missed(this.tenure, effect.peer, effect.count, this.durable);
          break;
        case 'refuse':
        case 'free':
        case 'notifyUndelivered':
          break;
      }
    }
  }

  #accept(from: ExecutionId, body: Uint8Array): void {
    const { number, generation } = readBody(body);
    const before = this.#taken[from];
    this.#ports.witness.took(this.tenure, from, { number, expected: (before?.upTo ?? 0) + 1 });
    this.#taken = { ...this.#taken, [from]: extended(before, generation) };
  }

  #childEnded(child: ExecutionId, value: number, by: 'message' | 'register'): void {
    const isKnown = this.#children?.ended(this.tenure, child, value, by) === true;
    if (isKnown) this.#exchange(this.#delivery.step({ kind: 'ended', peer: child }));
  }

  #rewound(peer: ExecutionId, takenBack: number): void {
    const before = this.#taken[peer];
    if (takenBack === 0 || before === undefined) return;
    this.#taken = { ...this.#taken, [peer]: shortened(before, takenBack) };
    this.#ports.witness.takenBack(this.tenure, peer, takenBack);
  }

  #call(count: number, again: number | null): void {
    this.#awaited = { sequence: again ?? this.#ledger.sequence + 1, count };
    this.#step({ kind: 'called', name: 'step', hash: String(count), again });
  }

  #settle(sequence: number, generation: number, value: number): void {
    for (const { kind } of this.#ledger.step({ kind: 'ended', sequence, generation })) {
      if (kind !== 'settle' || this.#awaited?.sequence !== sequence) continue;
      this.#ports.witness.outcome(this.tenure, { called: this.#awaited.count, got: value });
      this.#awaited = null;
    }
  }

  #step(event: EffectsEvent): void {
    for (const effect of this.#ledger.step(event)) this.#perform(effect);
  }

  #perform(effect: EffectsEffect): void {
    const { sequence } = effect;
    switch (effect.kind) {
      case 'start':
        return this.#start(sequence);
      case 'record':
        return this.#held.ask();
      case 'restart':
        assert(this.#awaited?.sequence === sequence, `effect ${sequence} is the one that is awaited`);
        return this.#call(this.#awaited.count, sequence);
      case 'refuse':
        return this.#ports.witness.outcome(this.tenure, { called: this.#awaited?.count ?? 0, got: null });
      case 'settle':
        assert(false, 'only an outcome settles an effect');
    }
  }

  #start(sequence: number): void {
    const effect = this.#ledger.get(sequence);
    if (effect === null || this.#awaited === null) return;
    const { tenure, durable } = this;
    const { count } = this.#awaited;
    this.#ports.tell({ kind: 'effectStarted', tenure, sequence, name: effect.name });
    const key = this.#ledger.keyOf(effect);
    const by = this.#ports.incarnation;
    this.#ports.witness.started({ tenure, by, key, sequence, numberedIn: effect.generation, count, durable });
    this.#running += 1;
    this.#ports.runEffect(sequence, count, (value) => {
      this.#running -= 1;
      if (!this.frozen) return this.#settle(sequence, effect.generation, value);
      this.#late.push(() => this.#settle(sequence, effect.generation, value));
      this.#leftBehind(sequence, effect.generation, value);
    });
  }

  /** Its execution may have left: the outcome goes to wherever it is. */
  #leftBehind(sequence: number, generation: number, value: number): void {
    const outcome: EffectOutcome = { sequence, generation, ok: true, value: bytesOf(value) };
    this.#ports.tell({ kind: 'effectOutcome', execution: this.tenure.execution, outcome });
  }
}

function bytesOf(number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.slice().buffer).getUint32(0);
}
