'use movable';

// A small operating system, after the idea of Martin Richards' benchmark for BCPL: tasks of different priority
// pass parcels to each other through queues, block, and wake each other up.

interface Parcel {
  next: Parcel | null;
  readonly kind: 'work' | 'device';
  /** Who gets it next. */
  address: number;
  position: number;
  readonly cells: number[];
}

function parcel(kind: Parcel['kind'], address: number): Parcel {
  return { next: null, kind, address, position: 0, cells: [0, 0, 0, 0] };
}

/** Parcels in order of arrival. */
class Queue {
  #first: Parcel | null = null;
  #last: Parcel | null = null;

  get isEmpty(): boolean {
    return this.#first === null;
  }

  add(one: Parcel): void {
    one.next = null;
    if (this.#last === null) this.#first = one;
    else this.#last.next = one;
    this.#last = one;
  }

  take(): Parcel | null {
    const taken = this.#first;
    if (taken === null) return null;
    this.#first = taken.next;
    if (this.#first === null) this.#last = null;
    taken.next = null;
    return taken;
  }
}

/** A waiting task is woken by a parcel, and then receives it; a held one is released by another task. */
type State = 'ready' | 'waiting' | 'woken' | 'held';

abstract class Task {
  readonly id: number;
  readonly priority: number;
  readonly inbox = new Queue();
  state: State = 'ready';

  constructor(id: number, priority: number) {
    this.id = id;
    this.priority = priority;
  }

  /** Runs until it blocks, or gives way to the task that it returns. */
  abstract run(machine: Machine, received: Parcel | null): Task | null;
}

function canRun({ state }: Task): boolean {
  return state === 'ready' || state === 'woken';
}

class Machine {
  readonly #byPriority: Task[] = [];
  readonly #byId = new Map<number, Task>();
  #current: Task | null = null;
  queued = 0;
  held = 0;
  switches = 0;

  install(task: Task): void {
    this.#byId.set(task.id, task);
    this.#byPriority.push(task);
    this.#byPriority.sort((a, b) => b.priority - a.priority);
  }

  schedule(): void {
    for (let task = this.#ready(); task !== null;) {
      this.#current = task;
      this.switches++;
      const received: Parcel | null = task.state === 'woken' ? task.inbox.take() : null;
      task.state = 'ready';
      task = task.run(this, received) ?? this.#ready();
    }
  }

  wait(): Task | null {
    const task = this.#now();
    task.state = task.inbox.isEmpty ? 'waiting' : 'woken';
    return null;
  }

  hold(): Task | null {
    this.held++;
    this.#now().state = 'held';
    return null;
  }

  release(id: number): Task | null {
    const task = this.#find(id);
    if (task.state === 'held') task.state = 'ready';
    return this.#precedes(task) ? task : this.#now();
  }

  /** @returns who runs next: the receiver, if it matters more */
  post(one: Parcel): Task | null {
    const receiver = this.#find(one.address);
    this.queued++;
    one.address = this.#now().id;
    receiver.inbox.add(one);
    if (receiver.state === 'waiting') receiver.state = 'woken';
    return this.#precedes(receiver) ? receiver : this.#now();
  }

  #ready(): Task | null {
    for (const task of this.#byPriority) if (canRun(task)) return task;
    return null;
  }

  #precedes(task: Task): boolean {
    return canRun(task) && task.priority > this.#now().priority;
  }

  #now(): Task {
    if (this.#current === null) throw new Error('No task runs.');
    return this.#current;
  }

  #find(id: number): Task {
    const task = this.#byId.get(id);
    if (task === undefined) throw new Error(`There is no task ${id}.`);
    return task;
  }
}

/** Wakes one of the two devices, by the low bit of a shift register. */
class Idle extends Task {
  #left: number;
  #bits = 1;

  constructor(rounds: number) {
    super(1, 0);
    this.#left = rounds;
  }

  override run(machine: Machine): Task | null {
    this.#left--;
    if (this.#left === 0) return machine.hold();
    const odd = (this.#bits & 1) === 1;
    this.#bits = odd ? (this.#bits >>> 1) ^ 0xd008 : this.#bits >>> 1;
    return machine.release(odd ? 6 : 5);
  }
}

/** Fills work parcels with letters, and sends them to one handler and the other by turns. */
class Worker extends Task {
  #handler = 3;
  #letter = 0;

  constructor() {
    super(2, 1000);
  }

  override run(machine: Machine, received: Parcel | null): Task | null {
    if (received === null) return machine.wait();
    this.#handler = 7 - this.#handler;
    received.address = this.#handler;
    received.position = 0;
    for (let i = 0; i < received.cells.length; i++) {
      this.#letter = (this.#letter % 26) + 1;
      received.cells[i] = 64 + this.#letter;
    }
    return machine.post(received);
  }
}

/** Copies work, cell by cell, into device parcels. */
class Handler extends Task {
  readonly #work = new Queue();
  readonly #devices = new Queue();
  #open: Parcel | null = null;
  readonly #device: number;

  constructor(id: number, device: number) {
    super(id, 1000 * id);
    this.#device = device;
  }

  override run(machine: Machine, received: Parcel | null): Task | null {
    if (received !== null) (received.kind === 'work' ? this.#work : this.#devices).add(received);
    this.#open ??= this.#work.take();
    const work = this.#open;
    if (work === null) return machine.wait();
    if (work.position >= work.cells.length) {
      this.#open = null;
      work.address = 2;
      return machine.post(work);
    }
    const device = this.#devices.take();
    if (device === null) return machine.wait();
    device.position = work.cells[work.position]!;
    work.position++;
    device.address = this.#device;
    return machine.post(device);
  }
}

/** Takes a parcel, is held until somebody wakes it, and sends the parcel back. */
class Device extends Task {
  #pending: Parcel | null = null;
  sum = 0;

  constructor(id: number) {
    super(id, 1000 * id);
  }

  override run(machine: Machine, received: Parcel | null): Task | null {
    if (received !== null) {
      this.#pending = received;
      this.sum = (Math.imul(this.sum, 31) + received.position) | 0;
      return machine.hold();
    }
    const done = this.#pending;
    if (done === null) return machine.wait();
    this.#pending = null;
    return machine.post(done);
  }
}

/** Runs the system for n rounds of its idle task. */
export function main(n: number): number {
  const machine = new Machine();
  const devices = [new Device(5), new Device(6)];
  const worker = new Worker();
  const handlers = [new Handler(3, 5), new Handler(4, 6)];
  for (const task of [new Idle(n), worker, ...handlers, ...devices]) machine.install(task);
  for (let i = 0; i < 2; i++) worker.inbox.add(parcel('work', 0));
  for (const handler of handlers) {
    for (let i = 0; i < 3; i++) handler.inbox.add(parcel('device', handler.id));
  }
  machine.schedule();
  let hash = machine.queued * 3 + machine.held * 5 + machine.switches;
  for (const device of devices) hash = (hash ^ device.sum) | 0;
  return hash;
}
