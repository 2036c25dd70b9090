import { epoch, incarnationId } from '../../src/core/ids.ts';
import { claimWith, recoveryClaim } from '../../src/protocols/ownership/claiming.ts';
import type { OwnershipState } from '../../src/protocols/ownership/ownership.ts';
import { discardBeforeRead, skipFence } from '../protocols/ownership/planted-steps.ts';
import type { PlantedFault } from './planted-fault.ts';
import { plantedDeals } from './planted-deals.ts';
import { plantedMoves } from './planted-moves.ts';
import type { MishapKind } from '../../src/simulator/cluster/faults.ts';
import type { Scenario } from '../../src/simulator/cluster/scenario.ts';
import { drawScenario, scenarioShape } from '../../src/simulator/cluster/scenario.ts';

/*
 * The product's machines, each with one rule broken on purpose. The test that runs them puts the broken one in the place of
 * the sound one, for all hosts of a simulated cluster.
 */

/** Scenarios with some kinds of faults only. */
function drawOf(mishaps: readonly MishapKind[]): (seed: number) => Scenario {
  const shape = { ...scenarioShape, mishaps, faults: [1, 5], aims: [0, 0], dealsRatio: 0 } as const;
  return (seed) => drawScenario(seed, shape);
}

const skippedFence: PlantedFault = {
  rule: 1,
  breaks: ['neverTwo', 'onceInOrder', 'checkpointed', 'messages', 'effects', 'timers'],
  seeds: 150,
  ownership: skipFence,
};

const renewalAfterTheEnd: PlantedFault = {
  rule: 2,
  breaks: ['neverTwo', 'onceInOrder'],
  seeds: 200,
  draw: drawOf(['pause', 'isolate', 'cutStore']),
  holder: (sound) => (state, event) => {
    const isSeen = event.kind === 'found' && event.row?.phase === 'ended' && state.phase === 'holding';
    return isSeen ? sound(state, { ...event, row: { ...event.row, phase: 'live' } }) : sound(state, event);
  },
};

const hastyObserver: PlantedFault = {
  rule: 2,
  breaks: ['neverTwo'],
  seeds: 100,
  observer: (sound) => (state, event) => {
    const hasty = { ...state, timing: { ...state.timing, termMs: 300, marginMs: 0 } };
    return sound(hasty, event);
  },
};

const farMs = 1e9;

/** Rule 3: the lanes believe in a lease that never ends. */
const blindLanes: PlantedFault = {
  rule: 3,
  breaks: ['neverTwo', 'onceInOrder'],
  seeds: 150,
  draw: drawOf(['isolate', 'cutStore', 'stall']),
  drivers: (sound) => ({
    ...sound,
    startLane: (host, index, listener) => {
      const lane = sound.startLane(host, index, listener);
      const extend = lane.extendLease.bind(lane);
      lane.extendLease = () => extend(farMs, farMs);
      return lane;
    },
  }),
};

/** Rule 5: a copy that is to be dropped claims the execution instead, though no `resume` names it. */
const staleCopyClaims: PlantedFault = {
  rule: 5,
  breaks: ['neverTwo', 'onceInOrder'],
  seeds: 200,
  draw: drawOf(['loss', 'cut', 'stall', 'crash']),
  ownership: (sound) => (state, event) => {
    const isDropped = state.phase === 'received' && event.kind === 'asked' && event.ask.kind === 'drop';
    if (!isDropped) return sound(state, event);
    const { migration, digest } = state.copy;
    return sound(state, { ...event, ask: { kind: 'claim', migration, digest } });
  },
};

/** One execution moves from one host to another, and just this goes wrong. */
function oneMove(activeMs: number, faults: Scenario['faults']): (seed: number) => Scenario {
  return (seed) => ({
    seed,
    hosts: 2,
    works: [{ atMs: 0, on: 0, until: null, bytes: 100, durable: false, deals: null }],
    moves: [{ atMs: 300, work: 0, to: 1 }],
    faults,
    activeMs,
  });
}

/** The copy stands at the target, the source does not hear of it, goes on by itself, and dies later. */
const returnedAndDied = oneMove(1_900, [
  {
    trigger: { kind: 'phase', phase: 'target rebuilding', nth: 1, afterMs: 0 },
    mishap: { kind: 'cut', host: 0, other: 1, oneWay: false, forMs: 4_000 },
  },
  { trigger: { kind: 'time', atMs: 1_800 }, mishap: { kind: 'crash', host: 0, restartMs: 4_000 } },
]);

/** Rules 4 and 5: a transferred copy is taken for what a recovery goes on from. */
const staleCopyRecovers: PlantedFault = {
  rule: 4,
  breaks: ['checkpointed', 'neverTwo', 'onceInOrder'],
  seeds: 5,
  draw: returnedAndDied,
  ownership: (sound) => (state, event) => {
    if (state.phase !== 'received' || event.kind !== 'ownerEnded') return sound(state, event);
    const { copy } = state;
    return claimWith(state, recoveryClaim(event, event.nonce), { kind: 'received', copy }, copy.migration);
  },
};

/** Rule 5: the target runs as soon as it is told to resume, and claims while it runs. */
const claimAfterRunning: PlantedFault = {
  rule: 7,
  breaks: ['neverTwo', 'onceInOrder', 'messages', 'effects', 'timers'],
  seeds: 400,
  ownership: (sound) => (state, event) => {
    const step = sound(state, event);
    const isClaimed =
      state.phase === 'received' &&
      event.kind === 'asked' &&
      event.ask.kind === 'claim' &&
      step.state.phase === 'claiming';
    if (!isClaimed) return step;
    const { epoch: from, generation } = state.copy;
    const tenure = { execution: state.execution, epoch: epoch(from + 1), generation };
    return { ...step, effects: [{ kind: 'run', tenure }, ...step.effects] };
  },
};

/** Rule 6: after `resume` the source goes on without a claim. */
const freeReturn: PlantedFault = {
  rule: 6,
  breaks: ['neverTwo', 'onceInOrder', 'messages', 'effects', 'timers'],
  seeds: 200,
  ownership: (sound) => (state, event) => {
    const isDoubt = state.phase === 'released' && event.kind === 'asked' && event.ask.kind === 'unfreeze';
    return isDoubt ? sound({ ...state, phase: 'frozen', sizeBytes: 0 }, event) : sound(state, event);
  },
};

/** The ownership actor is started again just after `resume` was sent. */
const restartedInDoubt = oneMove(600, [
  {
    trigger: { kind: 'phase', phase: 'source resuming', nth: 1, afterMs: 0 },
    mishap: { kind: 'actorCrash', host: 'self', role: 'ownership' },
  },
]);

/** Rule 6, persist before send: a restarted ownership actor finds an earlier phase, and runs freely. */
const unsavedPhase: PlantedFault = {
  rule: 6,
  breaks: ['neverTwo', 'onceInOrder'],
  seeds: 10,
  draw: restartedInDoubt,
  ownership: (sound) => (state, event) => {
    const isLost =
      state.phase === 'released' && (event.kind === 'restarted' || event.kind === 'migrationFailed');
    if (!isLost) return sound(state, event);
    const { execution, self, tenure } = state;
    const running: OwnershipState = {
      execution,
      self,
      phase: 'running',
      tenure,
      arrival: null,
      change: null,
    };
    return sound(running, { kind: 'restarted' });
  },
};

/** Rule 7: a claim of which nobody knows whether it stands is taken for won. */
const ambiguityIsSuccess: PlantedFault = {
  rule: 7,
  breaks: ['neverTwo', 'onceInOrder', 'checkpointed', 'neverNone', 'messages', 'effects', 'timers'],
  seeds: 200,
  ownership: (sound) => (state, event) =>
    state.phase === 'claiming' && event.kind === 'storeFailed' && state.copy.kind !== 'none'
      ? sound(state, { kind: 'swapped', token: state.claim.nonce })
      : sound(state, event),
};

/** A write that is carried out late, when its host has handed the execution on; the new owner is lost after that. */
function lateWrites(seed: number): Scenario {
  const moves = [500, 700, 900].map((atMs) => ({ atMs, work: 0, to: 1 }));
  return { ...lateWritesOfOne(seed), moves };
}

const lateWritesOfOne = oneMove(3_300, [
  // While a checkpoint is stored and named.
  { trigger: { kind: 'time', atMs: 440 }, mishap: { kind: 'storeFailover', forMs: 5 } },
  { trigger: { kind: 'time', atMs: 1_000 }, mishap: { kind: 'fullDisk', forMs: 2_600 } },
  { trigger: { kind: 'time', atMs: 3_200 }, mishap: { kind: 'crash', host: 1, restartMs: 200 } },
]);

/** The fence of every checkpoint: a late write of an old owner puts its recovery point over a newer one's. */
const oldCheckpoint: PlantedFault = {
  rule: 1,
  breaks: ['checkpointed', 'neverNone'],
  seeds: 60,
  draw: lateWrites,
  world: ({ store: { registers } }) => {
    const swap = registers.swap.bind(registers);
    registers.swap = (id, expected, row) => {
      const now = registers.rows.get(id);
      if (now === undefined || row.epoch >= now.row.epoch || row.recovery === now.row.recovery)
        return swap(id, expected, row);
      return swap(id, now.revision, { ...now.row, recovery: row.recovery });
    };
  },
};

/** Values first, then the pointer: a checkpoint is said to be stored, and is not. */
const emptyPromise: PlantedFault = {
  rule: 14,
  breaks: ['neverNone', 'messages', 'effects', 'timers'],
  seeds: 300,
  world: ({ store: { values } }) => {
    const set = values.set.bind(values);
    values.set = (key, bytes) => (key.startsWith('snapshot/') ? values : set(key, bytes));
  },
};

/** Rule 1: a recovery goes on under the generation that it found. */
const sameGeneration: PlantedFault = {
  rule: 1,
  breaks: ['onceInOrder', 'neverTwo', 'messages', 'effects', 'timers'],
  seeds: 200,
  ownership: (sound) => (state, event) => {
    const step = sound(state, event);
    return {
      ...step,
      effects: step.effects.map((effect) => {
        if (effect.kind !== 'run' || effect.tenure.generation === 1) return effect;
        return { ...effect, tenure: { ...effect.tenure, generation: 1 as typeof effect.tenure.generation } };
      }),
    };
  },
};

/** The link breaks when `resume` is on its way. */
const cutInDoubt = oneMove(1_900, [
  {
    trigger: { kind: 'phase', phase: 'source resuming', nth: 1, afterMs: 0 },
    mishap: { kind: 'cut', host: 0, other: 1, oneWay: false, forMs: 4_000 },
  },
]);

/** Rule 7: a source that hears nothing after `resume` takes the target for the owner, without asking the register. */
const unreadDiscard: PlantedFault = {
  rule: 7,
  breaks: ['neverNone'],
  seeds: 10,
  draw: cutInDoubt,
  ownership: (sound) => discardBeforeRead(sound, incarnationId('somebody')),
};

export const plantedFaults: Readonly<Record<string, PlantedFault>> = {
  ...plantedDeals,
  ...plantedMoves,
  'a skipped fence': skippedFence,
  'a renewal after the end of the lease': renewalAfterTheEnd,
  'an observer that ends a lease too soon': hastyObserver,
  'lanes that do not look at the deadline': blindLanes,
  'a stale transferred copy that claims': staleCopyClaims,
  'a stale transferred copy that a recovery goes on from': staleCopyRecovers,
  'a claim after running': claimAfterRunning,
  'a return without a claim': freeReturn,
  'a discard before the read': unreadDiscard,
  'an unsaved phase': unsavedPhase,
  'an ambiguous claim that is taken for won': ambiguityIsSuccess,
  'a checkpoint with an old epoch': oldCheckpoint,
  'a checkpoint that is confirmed and not there': emptyPromise,
  'a recovery under the same generation': sameGeneration,
};
