import * as nact from 'nact';
import type { Clock } from '../core/ports.ts';
import type { Cell, Entry } from './kernel/cell.ts';
import type { Kernel, KernelEvent } from './kernel/contract.ts';
import { Engine, type Scheduler } from './kernel/engine.ts';
import { EngineKernel } from './kernel/engine-kernel.ts';
import { EntryQueue } from './kernel/entry-queue.ts';

export * from './kernel/contract.ts';
export * from './kernel/errors.ts';
export * from './kernel/exit-reason.ts';

export interface KernelOptions {
  readonly clock: Clock;
  /** For telemetry; must not throw. */
  readonly onEvent?: (event: KernelEvent) => void;
}

/** Actors on nact: each is a nact actor, its turn is nact's, and everything that nact gets wrong is ours. */
export function createKernel(options: KernelOptions): Kernel {
  const scheduler = new NactScheduler((cell, entry) => engine.deliver(cell, entry));
  const engine = new Engine(options.clock, scheduler, options.onEvent ?? (() => undefined));
  return new EngineKernel(engine);
}

/** Entries handled in one nact turn, at most: enough to hide nact's cost per turn, few enough to stay fair. */
const entriesPerTurnMax = 64;

/** nact copies its map of children in each turn, so no nact actor gets more than twice this many. */
const placesMax = 45;

const wake = 'wake';
type NactRef = nact.Ref<typeof wake>;

/** Where the children of one nact actor are: some beside it, the others under group actors. */
class Nest {
  readonly ref: NactRef | nact.ActorSystemRef;
  places = 0;
  groups = 0;

  constructor(ref: NactRef | nact.ActorSystemRef) {
    this.ref = ref;
  }
}

/** The nests of one parent; nests with a free place, and nests that may still get groups, oldest first. */
class Nests {
  readonly free: Nest[];
  readonly growing: Nest[];

  constructor(ref: NactRef | nact.ActorSystemRef) {
    const own = new Nest(ref);
    this.free = [own];
    this.growing = [own];
  }
}

/** What the scheduler knows of one actor. */
class Seat {
  readonly ref: NactRef;
  readonly nest: Nest;
  readonly queue = new EntryQueue();
  /** Whether nact owes this actor a turn. */
  scheduled = false;
  nests: Nests | null = null;

  constructor(ref: NactRef, nest: Nest) {
    this.ref = ref;
    this.nest = nest;
  }
}

class NactScheduler implements Scheduler {
  readonly #system: nact.ActorSystemRef;
  readonly #top: Nests;
  readonly #deliver: (cell: Cell, entry: Entry) => void;
  #groups = 0;

  constructor(deliver: (cell: Cell, entry: Entry) => void) {
    this.#deliver = deliver;
    this.#system = nact.start();
    this.#top = new Nests(this.#system);
  }

  post(cell: Cell, entry: Entry, _from: Cell | null, urgent: boolean): void {
    const seat = this.#seatOf(cell);
    if (urgent) seat.queue.pushUrgent(entry);
    else seat.queue.push(entry);
    if (seat.scheduled) return;
    seat.scheduled = true;
    nact.dispatch(seat.ref, wake);
  }

  release(cell: Cell): void {
    const seat = cell.seat as Seat | null;
    if (seat === null) return;
    seat.queue.clear();
    nact.stop(seat.ref);
    const nests = this.#nestsOf(cell.parent);
    if (seat.nest.places === placesMax) nests.free.push(seat.nest);
    seat.nest.places -= 1;
  }

  close(): void {
    nact.stop(this.#system);
  }

  /** Never throws: nact's own handling of crashes is one of the things that it gets wrong. */
  #turn(cell: Cell): void {
    const seat = cell.seat as Seat;
    seat.scheduled = false;
    for (let count = 0; count < entriesPerTurnMax; count += 1) {
      const entry = seat.queue.shift();
      if (entry === undefined) return;
      // Set while delivering, so that what an actor tells itself waits for the loop and not for another turn.
      seat.scheduled = true;
      this.#deliver(cell, entry);
      seat.scheduled = false;
    }
    if (seat.queue.isEmpty) return;
    seat.scheduled = true;
    nact.dispatch(seat.ref, wake);
  }

  /** The nact actor is spawned when the first entry comes: until then there is nothing to run. */
  #seatOf(cell: Cell): Seat {
    if (cell.seat !== null) return cell.seat as Seat;
    const nests = this.#nestsOf(cell.parent);
    const nest = this.#nestWithPlace(nests);
    nest.places += 1;
    if (nest.places === placesMax) nests.free.pop();
    // The incarnation in the name: no stale nact reference ever finds a later actor of the same name.
    const name = `${cell.name}.${cell.incarnation}`;
    const turn = (): null => {
      this.#turn(cell);
      return null;
    };
    const seat = new Seat(nact.spawn(nest.ref, turn, name) as NactRef, nest);
    cell.seat = seat;
    return seat;
  }

  #nestsOf(parent: Cell | null): Nests {
    if (parent === null || parent.parent === null) return this.#top;
    const seat = this.#seatOf(parent);
    seat.nests ??= new Nests(seat.ref);
    return seat.nests;
  }

  #nestWithPlace(nests: Nests): Nest {
    const free = nests.free.at(-1);
    if (free !== undefined) return free;
    const under = nests.growing[0] as Nest;
    under.groups += 1;
    if (under.groups === placesMax) nests.growing.shift();
    this.#groups += 1;
    const group = new Nest(nact.spawn(under.ref, () => null, `group.${this.#groups}`) as NactRef);
    nests.free.push(group);
    nests.growing.push(group);
    return group;
  }
}
