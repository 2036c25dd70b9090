import * as nact from 'nact';
import { createKernel, type ActorRef, type Behaviour, type Kernel } from '../src/actors/kernel.ts';
import { SystemClock } from '../src/clock.ts';
import type { Figure } from './figure.ts';

const rounds = 9;
const tells = 100_000;
const roundTrips = 20_000;
const spawns = 10_000;
/** Of nact's own throughput. */
const ratioTarget = 0.7;

const clock = new SystemClock();

/** @returns operations per second */
async function rate(operations: number, run: () => Promise<void>): Promise<number> {
  const startMs = clock.monotonicMs();
  await run();
  return (operations / (clock.monotonicMs() - startMs)) * 1000;
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}

// Ours. Each actor has its own turn, as in a real cluster; mailboxes are at their default bound.

/** 1 → 1: a sender that goes on only as far as the receiver's mailbox takes it, as every real sender must. */
function tellOurs(kernel: Kernel, name: string): Promise<number> {
  return rate(
    tells,
    () =>
      new Promise((resolve) => {
        let received = 0;
        const receiver = kernel.spawn<null, number, never>(`${name}-receiver`, {
          init: () => null,
          receive: (state, _message, context) => {
            received += 1;
            if (received === tells) {
              resolve();
              context.exit({ kind: 'normal' });
            }
            return state;
          },
        });
        const sender = kernel.spawn<number, 'go', never>(`${name}-sender`, {
          init: () => 0,
          receive: (sent, _message, context) => {
            let next = sent;
            while (next < tells && receiver.tell(next)) next += 1;
            if (next < tells) context.self.tell('go');
            else context.exit({ kind: 'normal' });
            return next;
          },
        });
        sender.tell('go');
      }),
  );
}

function pingPongOurs(kernel: Kernel, name: string): Promise<number> {
  return rate(
    roundTrips,
    () =>
      new Promise((resolve) => {
        type Ball = { readonly from: ActorRef<Ball>; readonly left: number };
        const player = (playerName: string): ActorRef<Ball> =>
          kernel.spawn<null, Ball, never>(playerName, {
            init: () => null,
            receive: (state, ball, context) => {
              if (ball.left > 0) ball.from.tell({ from: context.self, left: ball.left - 1 });
              else resolve();
              return state;
            },
          });
        const one = player(`${name}-one`);
        player(`${name}-other`).tell({ from: one, left: roundTrips * 2 });
      }),
  );
}

/** @param greeted whether each child also gets a message, and all are waited for: its first turn is counted too */
function spawnOurs(kernel: Kernel, name: string, greeted: boolean): Promise<number> {
  const measured = (done: () => void): ActorRef<'spawn'> => {
    let greetings = 0;
    const child: Behaviour<null, 'hello', never> = {
      init: () => null,
      receive: (state) => {
        greetings += 1;
        if (greetings === spawns) done();
        return state;
      },
    };
    return kernel.spawn<null, 'spawn', never>(`${name}-parent`, {
      init: () => null,
      receive: (state, _message, context) => {
        for (let count = 0; count < spawns; count += 1) {
          const ref = context.spawn(`child-${count}`, child);
          if (greeted) ref.tell('hello');
        }
        if (!greeted) done();
        return state;
      },
    });
  };
  return spawnRate(
    measured,
    (parent) => parent.tell('spawn'),
    (parent) => kernel.stop(parent, 1_000),
  );
}

/** Stopping the parent, and with it the children, is not measured. */
async function spawnRate<Parent>(
  start: (done: () => void) => Parent,
  go: (parent: Parent) => unknown,
  stop: (parent: Parent) => unknown,
): Promise<number> {
  let done = (): void => undefined;
  const parent = start(() => done());
  const measured = await rate(spawns, () => {
    return new Promise((resolve) => {
      done = resolve;
      go(parent);
    });
  });
  await stop(parent);
  return measured;
}

// Bare nact, doing the same.

function tellNact(system: nact.ActorSystemRef, name: string): Promise<number> {
  return rate(
    tells,
    () =>
      new Promise((resolve) => {
        let received = 0;
        const receiver = nact.spawn(
          system,
          (state: null, _message: number) => {
            received += 1;
            if (received === tells) resolve();
            return state;
          },
          `${name}-receiver`,
        );
        const sender = nact.spawn(
          system,
          (state: null, _message: 'go') => {
            for (let sent = 0; sent < tells; sent += 1) nact.dispatch(receiver, sent);
            return state;
          },
          `${name}-sender`,
        );
        nact.dispatch(sender, 'go');
      }),
  );
}

function pingPongNact(system: nact.ActorSystemRef, name: string): Promise<number> {
  return rate(
    roundTrips,
    () =>
      new Promise((resolve) => {
        type Ball = { readonly from: nact.Ref<Ball>; readonly left: number };
        const player = (playerName: string): nact.Ref<Ball> =>
          nact.spawn(
            system,
            (state: null, ball: Ball, context: { readonly self: nact.Ref<Ball> }) => {
              if (ball.left > 0) nact.dispatch(ball.from, { from: context.self, left: ball.left - 1 });
              else resolve();
              return state;
            },
            playerName,
          );
        const one = player(`${name}-one`);
        nact.dispatch(player(`${name}-other`), { from: one, left: roundTrips * 2 });
      }),
  );
}

function spawnNact(system: nact.ActorSystemRef, name: string, greeted: boolean): Promise<number> {
  const measured = (done: () => void): nact.Ref<'spawn'> => {
    let greetings = 0;
    const child = (state: null, _message: 'hello'): null => {
      greetings += 1;
      if (greetings === spawns) done();
      return state;
    };
    return nact.spawn(
      system,
      (state: null, _message: 'spawn', context: { readonly self: nact.Ref<'spawn'> }) => {
        for (let count = 0; count < spawns; count += 1) {
          const ref = nact.spawn(context.self, child, `child-${count}`, { initialState: null });
          if (greeted) nact.dispatch(ref, 'hello');
        }
        if (!greeted) done();
        return state;
      },
      `${name}-parent`,
    );
  };
  return spawnRate(measured, (parent) => nact.dispatch(parent, 'spawn'), nact.stop);
}

interface Contest {
  readonly name: string;
  readonly ours: (name: string) => Promise<number>;
  readonly theirs: (name: string) => Promise<number>;
}

/** Our kernel against bare nact, in turns, so that both see the same machine. */
export async function bench(): Promise<{ figures: Figure[] }> {
  const kernel = createKernel({ clock });
  const system = nact.start();
  const contests: readonly Contest[] = [
    { name: 'tell 1 to 1', ours: (name) => tellOurs(kernel, name), theirs: (name) => tellNact(system, name) },
    {
      name: 'ping-pong',
      ours: (name) => pingPongOurs(kernel, name),
      theirs: (name) => pingPongNact(system, name),
    },
    {
      name: 'spawn',
      ours: (name) => spawnOurs(kernel, name, false),
      theirs: (name) => spawnNact(system, name, false),
    },
    {
      name: 'spawn and greet',
      ours: (name) => spawnOurs(kernel, name, true),
      theirs: (name) => spawnNact(system, name, true),
    },
  ];
  const figures: Figure[] = [];
  for (const contest of contests) {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const name = `${contest.name.replaceAll(' ', '-')}-${round}`;
      ours.push(await contest.ours(name));
      theirs.push(await contest.theirs(name));
    }
    const ratio = medianOf(ours) / medianOf(theirs);
    figures.push(
      {
        name: `${contest.name}, ours to nact`,
        value: ratio,
        unit: 'ratio',
        target: ratioTarget,
        met: ratio >= ratioTarget,
      },
      { name: `${contest.name}, ours`, value: medianOf(ours), unit: '1/s', target: null, met: null },
      { name: `${contest.name}, nact`, value: medianOf(theirs), unit: '1/s', target: null, met: null },
    );
  }
  await kernel.shutdown(1_000);
  nact.stop(system);
  return { figures };
}
