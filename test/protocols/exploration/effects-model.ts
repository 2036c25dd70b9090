import type { EffectsEffect, EffectsEvent, EffectsState } from '../../../src/protocols/effects/ledger.ts';
import { beginEffects, EffectLedger, idempotencyKey } from '../../../src/protocols/effects/ledger.ts';
import type { Work, Copy, Started, World } from './effects-world.ts';
import {
  incarnationOf,
  tenureOf,
  silence,
  runsAt,
  isWaiting,
  canonical,
  inOrder,
  workOf,
  isSame,
  land,
  crash,
  fence,
} from './effects-world.ts';
import type { Model } from './explorer.ts';

// One execution that calls effects one after the other, on hosts that die, whose leases end, between which it moves.

/** One step of the ledger, here the real one; tests put faults into it. */
export type LedgerStep = (
  state: EffectsState,
  event: EffectsEvent,
  host: number,
) => { readonly state: EffectsState; readonly effects: readonly EffectsEffect[] };

export const realLedger: LedgerStep = (state, event, host) => {
  const ledger = new EffectLedger(state, incarnationOf(host));
  const effects = ledger.step(event);
  return { state: ledger.capture(), effects };
};

export type KeyOf = (state: EffectsState, sequence: number) => string;

export const realKey: KeyOf = (state, sequence) => {
  const effect = state.pending.find((pending) => pending.sequence === sequence);
  return effect === undefined ? '' : idempotencyKey(state, effect);
};

export interface EffectBounds {
  readonly durable: boolean;
  /** Effects that the method calls. */
  readonly calls: number;
  readonly hosts: number;
  readonly crashes: number;
  /** Leases that end while their host still runs. */
  readonly leaseEnds: number;
  readonly moves: number;
  /** Deaths of the owner's lane, which its host survives. */
  readonly laneDeaths: number;
  /** Outcomes that arrive twice. */
  readonly doubles: number;
}

type Go = (label: string, next: World, fair?: boolean) => void;

export class EffectsModel implements Model {
  readonly initial: string;
  readonly #bounds: EffectBounds;
  readonly #step: LedgerStep;
  readonly #keyOf: KeyOf;

  constructor(bounds: EffectBounds, step: LedgerStep = realLedger, keyOf: KeyOf = realKey) {
    this.#bounds = bounds;
    this.#step = step;
    this.#keyOf = keyOf;
    const { crashes, leaseEnds, moves, laneDeaths, doubles } = bounds;
    const world: World = {
      copy: { ...this.#fromArguments(1), host: 0, epoch: 1, generation: 1, told: [] },
      kept: null,
      checkpoint: null,
      row: { epoch: 1, generation: 1, point: null },
      started: [],
      outcomes: [],
      seen: [],
      dead: [],
      ended: [],
      left: { crashes, leaseEnds, moves, laneDeaths, doubles },
      broken: '',
    };
    this.initial = JSON.stringify(world);
  }

  violation(state: string): string | null {
    const { broken } = JSON.parse(state) as World;
    return broken === '' ? null : broken;
  }

  isGood(state: string): boolean {
    const { copy } = JSON.parse(state) as World;
    return copy !== null && copy.done.length === this.#bounds.calls && copy.ledger.pending.length === 0;
  }

  successors(state: string, visit: (label: string, next: string, fair: boolean) => void): void {
    const world = JSON.parse(state) as World;
    const go = (label: string, next: World, fair = true): void =>
      visit(label, JSON.stringify(canonical(next)), fair);
    this.#work(world, go);
    this.#checkpoints(world, go);
    this.#outside(world, go);
    this.#failures(world, go);
    if (world.copy === null) this.#recoveries(world, go);
  }

  #fromArguments(life: number): Work {
    const self = tenureOf({ epoch: life, generation: life });
    return { ledger: beginEffects(self, this.#bounds.durable), awaits: null, again: false, done: [] };
  }

  #work(world: World, go: Go): void {
    const { copy } = world;
    if (copy === null) return;
    if (copy.awaits === null && copy.done.length < this.#bounds.calls) {
      // A rewound life may do something else under the same number: here every one does.
      const payload = `${copy.done.length + 1} of life ${copy.generation}`;
      const awaits = { payload, sequence: copy.ledger.sequence + 1 };
      const event = { kind: 'called', name: payload, hash: payload, again: null } as const;
      go(`calls ${payload}`, this.#advance({ ...world, copy: { ...copy, awaits } }, event));
    }
    if (copy.awaits !== null && copy.again) {
      const { payload, sequence } = copy.awaits;
      const event = { kind: 'called', name: payload, hash: payload, again: sequence } as const;
      go(`calls ${payload} again`, this.#advance({ ...world, copy: { ...copy, again: false } }, event));
    }
    for (const host of world.ended) {
      if (copy.told.includes(host) || !runsAt(copy, host)) continue;
      const told = { ...world, copy: { ...copy, told: inOrder(copy.told, host) } };
      const event = { kind: 'incarnationEnded', incarnation: incarnationOf(host) } as const;
      go(`hears that host ${host} has ended`, this.#advance(told, event));
    }
  }

  #checkpoints(world: World, go: Go): void {
    const { copy, checkpoint, row } = world;
    // What waits for one has it taken again, though nothing has changed.
    const isWanted = copy !== null && (isWaiting(copy) || !isSame(copy, row.point));
    if (isWanted && checkpoint === null) {
      go('a checkpoint is taken', { ...world, checkpoint: { of: copy, named: false } });
    }
    if (checkpoint === null) return;
    const { of } = checkpoint;
    const isOwners = of.epoch === row.epoch && of.generation === row.generation;
    if (!checkpoint.named) {
      if (isOwners) {
        const named = { of, named: true };
        go('the register names it', { ...world, checkpoint: named, kept: null, row: { ...row, point: of } });
      } else go('it is fenced', { ...world, checkpoint: null });
      return;
    }
    const heard: World = { ...world, checkpoint: null };
    const isHere = copy !== null && copy.host === of.host && copy.epoch === of.epoch;
    if (!isHere) go('nobody hears of it', heard);
    else go('it is heard of', this.#advance(heard, { kind: 'covered', upTo: of.ledger.sequence }));
    go('that it was named is lost', heard, false);
  }

  #outside(world: World, go: Go): void {
    world.started.forEach((one, at) => {
      const replace = (changed: Started): World => ({ ...world, started: world.started.with(at, changed) });
      if (!one.landed) go(`${one.key} lands`, land(replace({ ...one, landed: true }), one));
      if (!one.landed || one.over || world.dead.includes(one.host)) return;
      const { sequence, numbered, payload } = one;
      const outcomes = [...world.outcomes, { sequence, numbered, payload }];
      go(`${one.key} ends`, { ...replace({ ...one, over: true }), outcomes });
    });
    world.outcomes.forEach((outcome, at) => {
      const { copy } = world;
      if (copy === null) return;
      const taken: World = { ...world, outcomes: world.outcomes.toSpliced(at, 1) };
      const event = { kind: 'ended', sequence: outcome.sequence, generation: outcome.numbered } as const;
      go(`the outcome of ${outcome.sequence} arrives`, this.#advance(taken, event, outcome.payload));
      if (world.left.doubles > 0) {
        const left = { ...world.left, doubles: world.left.doubles - 1 };
        go('it arrives, and will again', this.#advance({ ...world, left }, event, outcome.payload), false);
      }
    });
  }

  #failures(world: World, go: Go): void {
    const { left, copy } = world;
    if (left.laneDeaths > 0 && copy !== null) {
      const spent = { ...world, left: { ...left, laneDeaths: left.laneDeaths - 1 } };
      go('its lane dies', { ...silence(spent, copy.host), copy: null, checkpoint: null }, false);
    }
    for (let host = 0; host < this.#bounds.hosts; host += 1) {
      if (world.dead.includes(host) || world.ended.includes(host)) continue;
      if (left.crashes > 0)
        go(
          `host ${host} dies`,
          crash({ ...world, left: { ...left, crashes: left.crashes - 1 } }, host),
          false,
        );
      if (left.leaseEnds > 0) {
        go(
          `host ${host} loses its lease`,
          fence({ ...world, left: { ...left, leaseEnds: left.leaseEnds - 1 } }, host),
          false,
        );
      }
      if (left.moves > 0 && copy !== null && copy.host !== host) {
        const moving = { ...world, left: { ...left, moves: left.moves - 1 } };
        go(`it moves to host ${host}`, this.#move(moving, copy, host), false);
      }
    }
  }

  #move(world: World, copy: Copy, host: number): World {
    const moved: Copy = { ...copy, host, epoch: copy.epoch + 1, told: [] };
    const row = { ...world.row, epoch: moved.epoch };
    const event = { kind: 'claimed', tenure: tenureOf(moved), fromSnapshot: true } as const;
    return this.#advance({ ...world, copy: moved, kept: copy, row }, event);
  }

  /** Rules 4 and 9: by whoever lives, from the register's point, or from the kept copy while nothing is newer. */
  #recoveries(world: World, go: Go): void {
    const { row, kept } = world;
    const life = { epoch: row.epoch + 1, generation: row.generation + 1 };
    const claim = (from: Work, host: number, fromSnapshot: boolean): World => {
      const copy: Copy = { ...from, host, ...life, told: [] };
      const event = { kind: 'claimed', tenure: tenureOf(copy), fromSnapshot } as const;
      return this.#advance({ ...world, copy, kept: null, row: { ...row, ...life } }, event);
    };
    const isAlive = (host: number): boolean => !world.dead.includes(host) && !world.ended.includes(host);
    const isKept = kept !== null && isAlive(kept.host) && row.epoch === kept.epoch + 1;
    if (isKept) go('its kept copy goes on', claim(kept, kept.host, false));
    for (let host = 0; host < this.#bounds.hosts; host += 1) {
      if (!isAlive(host)) continue;
      const { point } = row;
      const work = point === null ? this.#fromArguments(life.generation) : workOf(point);
      go(`host ${host} recovers it`, claim(work, host, point !== null));
    }
  }

  /** Steps the owner's ledger, and does what it asks for. */
  #advance(world: World, event: EffectsEvent, outcome = ''): World {
    const { copy } = world;
    if (copy === null) return world;
    const { state: ledger, effects } = this.#step(copy.ledger, event, copy.host);
    let next: World = { ...world, copy: { ...copy, ledger } };
    for (const effect of effects) next = this.#perform(next, effect, outcome);
    return next;
  }

  #perform(world: World, effect: EffectsEffect, outcome: string): World {
    const { copy } = world;
    if (copy === null || copy.awaits === null) return { ...world, broken: `${effect.kind} of nothing` };
    switch (effect.kind) {
      case 'start':
        return this.#start(world, copy, copy.awaits.payload, effect.sequence);
      case 'record':
        return world;
      case 'restart':
        return copy.again
          ? { ...world, broken: `effect ${effect.sequence} is restarted twice` }
          : { ...world, copy: { ...copy, again: true } };
      case 'settle': {
        const isOwn = outcome === copy.awaits.payload;
        const settled = { ...copy, awaits: null, again: false, done: [...copy.done, outcome] };
        const broken = isOwn ? '' : `it called ${copy.awaits.payload}, and got the outcome of ${outcome}`;
        return { ...world, copy: settled, broken };
      }
      case 'refuse':
        return { ...world, broken: 'an unchanged call is refused' };
    }
  }

  #start(world: World, copy: Copy, payload: string, sequence: number): World {
    const key = this.#keyOf(copy.ledger, sequence);
    const numbered = copy.ledger.pending.find((pending) => pending.sequence === sequence)?.generation ?? 0;
    const one: Started = {
      host: copy.host,
      sequence,
      numbered,
      life: copy.generation,
      key,
      payload,
      landed: false,
      over: false,
    };
    const rival = world.started.find(
      (other) =>
        other.key === key && other.life === one.life && !other.over && !world.ended.includes(other.host),
    );
    const started = [...world.started, one];
    if (rival !== undefined) return { ...world, started, broken: `${key} is started twice by one life` };
    const point = world.row.point?.ledger;
    const isRecorded = point?.pending.some((pending) => pending.sequence === sequence) === true;
    if (this.#bounds.durable && !isRecorded) {
      return { ...world, started, broken: `${key} starts before a durable checkpoint holds it` };
    }
    return { ...world, started };
  }
}
