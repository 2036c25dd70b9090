import { isDeepStrictEqual } from 'node:util';
import { SystemClock } from '../../../src/clock.ts';
import { GodwitError, messageOf } from '../../../src/core/errors.ts';
import { asJudged, flawless } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import type { Case } from './cases.ts';
import type { Scene } from './scene.ts';
import { bringAbout, openFleet, rackSeat } from './scene.ts';
import type { StoreServers } from './servers.ts';

export interface Outcome {
  readonly case: Case;
  readonly ms: number;
  /** What was wrong; null when nothing was. */
  readonly fault: string | null;
  /** Where the trial stood, and what was seen; empty without a fault. */
  readonly trace: string;
}

const clock = new SystemClock();
/** How long a link stays cut. */
const cutMs = 10_000;
/** Several leases, recoveries and a cut, on a machine that has other work. */
const trialMaxMs = 150_000;
const startsMax = 4;
const seatMaxMs = 30_000;
const againMs = 200;

const after = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));

let trials = 0;

/** Runs one case on a cluster of its own. */
export async function runTrial(one: Case, servers: StoreServers): Promise<Outcome> {
  trials += 1;
  const name = `t${process.pid}_${trials}`;
  const fromMs = clock.monotonicMs();
  const progress = { stage: 'its hosts start' };
  let fleet: Fleet | null = null;
  let fault: string | null = null;
  let trace = '';
  try {
    const opened = await started(one, await servers.open(one.store, name));
    fleet = opened;
    const late = after(trialMaxMs).then(() => `after ${trialMaxMs} ms ${progress.stage}`);
    fault = await Promise.race([judged(one, opened, progress), late]);
  } catch (error) {
    fault = `while ${progress.stage}: ${messageOf(error)}`;
  }
  if (fault !== null) trace = fleet?.real.seen.trace() ?? '';
  await fleet?.end();
  if (fleet !== null) await servers.close(one.store, name).catch(() => undefined);
  return { case: one, ms: Math.round(clock.monotonicMs() - fromMs), fault, trace };
}

/** Nothing was struck yet: a start that a busy machine made too slow is tried again. */
async function started(one: Case, url: string | null): Promise<Fleet> {
  for (let left = startsMax - 1; ; left -= 1) {
    try {
      return await openFleet(one, url);
    } catch (error) {
      if (left === 0 || !(error instanceof GodwitError && error.retryable)) throw error;
    }
  }
}

/** @returns what is wrong; null when nothing is */
async function judged(one: Case, fleet: Fleet, progress: { stage: string }): Promise<string | null> {
  progress.stage = `nobody has come to ${one.point}`;
  const scene = await bringAbout(one, fleet);
  progress.stage = `${scene.struck} is being struck`;
  await strike(one, scene);
  progress.stage = 'not all work has ended';
  const settled = asJudged(await fleet.settled(scene.work));
  const expected = flawless(scene.work);
  if (!isDeepStrictEqual(settled, expected))
    return `found ${JSON.stringify(settled)}, expected ${JSON.stringify(expected)}`;
  progress.stage = 'nobody answers for the rack under the term of its seat';
  return one.role === 'seat' ? seatFault(fleet) : null;
}

async function strike(one: Case, scene: Scene): Promise<void> {
  const { fleet, struck, counterpart, alive } = scene;
  const letOthersGo = (): void => {
    for (const host of alive) if (host !== struck) fleet.real.letGo(host);
  };
  switch (one.strike) {
    case 'kill':
      await fleet.real.kill(struck);
      return letOthersGo();
    case 'restart': {
      const restarted = fleet.real.restart(struck, { GODWIT_HOLD_AT: '' });
      letOthersGo();
      return restarted;
    }
    case 'stop':
      return stopBeyondLease(scene, letOthersGo);
    case 'cut':
      await fleet.real.cut(struck, counterpart);
      break;
    case 'isolate':
      await fleet.real.isolate(struck);
  }
  // It goes on behind the cut, and so do the others before it.
  fleet.real.letGo(struck);
  letOthersGo();
  await after(cutMs);
  await fleet.real.heal();
}

/** It goes on in the middle of its step, and finds its lease ended. */
async function stopBeyondLease({ fleet, struck }: Scene, letOthersGo: () => void): Promise<void> {
  const started = await fleet.event('hostStarted', (_, event) => event.host === struck);
  fleet.real.stop(struck);
  fleet.real.letGo(struck);
  letOthersGo();
  const ended = fleet.event('leaseEnded', ({ of }) => of === started.event.incarnation);
  // Stopped while it had the lock of the folder, it keeps all others from writing: they freeze, and nobody can end its lease.
  const blocked = fleet.event('hostFrozen', (_, { host }) => host !== struck);
  await Promise.race([ended, blocked]);
  fleet.real.continue(struck);
}

/** Whether the rack's actor is the one that the seat's row names. */
async function seatFault(fleet: Fleet): Promise<string | null> {
  const untilMs = clock.monotonicMs() + seatMaxMs;
  for (;;) {
    const row = await fleet.seat(rackSeat, ({ standing }) => standing === 'held');
    const found = await fleet.cluster
      .actor(rackSeat)
      .ask<{ readonly term: number }>({ kind: 'candidates', limit: 8 }, { timeoutMs: 5_000 })
      .then(
        ({ term }) => `an answer under term ${term}`,
        (error: unknown) => messageOf(error),
      );
    if (found === `an answer under term ${row.term}`) return null;
    if (clock.monotonicMs() > untilMs)
      return `the rack's actor: found ${found}, expected an answer under term ${row.term}`;
    await after(againMs);
  }
}
