import { epoch, executionId, generation, incarnationId } from '../../../src/core/ids.ts';
import type { EffectsEffect, EffectsEvent, EffectsState } from '../../../src/protocols/effects/ledger.ts';
import { beginEffects, EffectLedger, idempotencyKey } from '../../../src/protocols/effects/ledger.ts';
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

/** The method and its ledger, as a snapshot holds them. */
interface Work {
  readonly ledger: EffectsState;
  /** What the effect that it awaits does, which it decided when it called it; and the effect's number. */
  readonly awaits: { readonly payload: string; readonly sequence: number } | null;
  /** The awaited effect is to be called again. */
  readonly again: boolean;
  readonly done: readonly string[];
}

interface Copy extends Work {
  readonly host: number;
  readonly epoch: number;
  readonly generation: number;
  /** Ended incarnations that it was told of. */
  readonly told: readonly number[];
}

/** An effect that was started. */
interface Started {
  readonly host: number;
  readonly sequence: number;
  readonly numbered: number;
  readonly life: number;
  readonly key: string;
  readonly payload: string;
  readonly landed: boolean;
  /** Its outcome left the host, or never will. */
  readonly over: boolean;
}

type Failure = 'crashes' | 'leaseEnds' | 'moves' | 'laneDeaths' | 'doubles';

interface World {
  /** The owner's; null when its host is dead or has lost its lease. */
  readonly copy: Copy | null;
  /** The frozen copy that the source of the last move keeps (rule 9). */
  readonly kept: Copy | null;
  /** A checkpoint on its way: taken, then named by the register, then heard of. */
  readonly checkpoint: { readonly of: Copy; readonly named: boolean } | null;
  readonly row: { readonly epoch: number; readonly generation: number; readonly point: Copy | null };
  readonly started: readonly Started[];
  readonly outcomes: readonly Pick<Started, 'sequence' | 'numbered' | 'payload'>[];
  /** What the target of the effects has seen, by key. */
  readonly seen: readonly (readonly [key: string, payload: string])[];
  readonly dead: readonly number[];
  readonly ended: readonly number[];
  readonly left: { readonly [failure in Failure]: number };
  readonly broken: string;
}

const execution = executionId('x');
const incarnationOf = (host: number) => incarnationId(`h${host}.1`);
const tenureOf = (copy: { readonly epoch: number; readonly generation: number }) => ({
  execution,
  epoch: epoch(copy.epoch),
  generation: generation(copy.generation),
});

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
      const told = { ...world, copy: { ...copy, told: [...copy.told, host].toSorted() } };
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

/** No outcome comes from there any more; what was started may still land. */
function silence(world: World, host: number): World {
  const started = world.started.map((one) => (one.host === host ? { ...one, over: true } : one));
  return { ...world, started };
}

function runsAt({ ledger }: Copy, host: number): boolean {
  return ledger.pending.some(
    ({ stand }) => stand.kind === 'running' && stand.incarnation === incarnationOf(host),
  );
}

function isWaiting({ ledger }: Copy): boolean {
  return ledger.pending.some(({ stand }) => stand.kind === 'recording');
}

/** Orders in which things were begun do not matter, nor does what can do nothing any more. */
function canonical(world: World): World {
  const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  const started = world.started.filter(({ landed, over }) => !landed || !over).toSorted(byText);
  return { ...world, started, outcomes: world.outcomes.toSorted(byText) };
}

type Go = (label: string, next: World, fair?: boolean) => void;

function workOf({ ledger, awaits, again, done }: Work): Work {
  return { ledger, awaits, again, done };
}

function isSame(copy: Copy, point: Copy | null): boolean {
  return (
    point !== null &&
    copy.epoch === point.epoch &&
    JSON.stringify(workOf(copy)) === JSON.stringify(workOf(point))
  );
}

/** Its target sees it: under one key it always asks for the same. */
function land(world: World, { key, payload }: Started): World {
  const known = world.seen.find(([seen]) => seen === key);
  if (known === undefined) return { ...world, seen: [...world.seen, [key, payload] as const].toSorted() };
  return known[1] === payload
    ? world
    : { ...world, broken: `${key} stands for ${known[1]} and for ${payload}` };
}

/** Everything of it is gone; what was on its way to the target may still land. Its lease is ended. */
function crash(world: World, host: number): World {
  const gone = fence(world, host);
  const started = gone.started.filter((one) => one.host !== host || !one.landed);
  const kept = gone.kept?.host === host ? null : gone.kept;
  return { ...gone, started, kept, dead: [...gone.dead, host].toSorted() };
}

/** It acts no more, and no outcome of it is taken; what it has started may still land. */
function fence(world: World, host: number): World {
  const { started } = silence(world, host);
  const copy = world.copy?.host === host ? null : world.copy;
  const checkpoint = world.checkpoint?.of.host === host && !world.checkpoint.named ? null : world.checkpoint;
  return { ...world, started, copy, checkpoint, ended: [...world.ended, host].toSorted() };
}
