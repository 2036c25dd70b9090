import { Children } from '../../src/actors/children.ts';
import { Obligations } from '../../src/actors/obligations.ts';
import { Receivers } from '../../src/actors/receivers.ts';
import { EffectLedger } from '../../src/protocols/effects/ledger.ts';
import { Dealer } from '../../src/simulator/cluster/dealer.ts';
import type { Sleep } from '../../src/simulator/cluster/dealer-record.ts';
import type { Scenario } from '../../src/simulator/cluster/scenario.ts';
import { drawScenario, scenarioShape } from '../../src/simulator/cluster/scenario.ts';
import type { PlantedFault } from './planted-fault.ts';

/*
 * Messages, effects and timers, each with one rule broken on purpose.
 */

/** Puts another method in the place of a sound one. @returns what puts it back */
function replaced<Prototype extends object, Name extends keyof Prototype>(
  prototype: Prototype,
  name: Name,
  broken: (sound: Prototype[Name]) => Prototype[Name],
): () => void {
  const sound = prototype[name];
  prototype[name] = broken(sound);
  return () => {
    prototype[name] = sound;
  };
}

const manyDeals = (seed: number): Scenario => drawScenario(seed, { ...scenarioShape, dealsRatio: 1 });

/** Rule 11: what a `durable` execution sends leaves when a checkpoint that covers it is taken, not when it is durable. */
const hastyRelease: PlantedFault = {
  rule: 11,
  breaks: ['messages', 'effects'],
  seeds: 100,
  draw: manyDeals,
  drivers: (sound) => ({
    ...sound,
    startLane: (host, index, listener) => {
      const lane = sound.startLane(host, index, {
        onExit: (error) => listener.onExit(error),
        onEvent: (event) => {
          listener.onEvent(event);
          if (event.kind !== 'checkpointed') return;
          const { tenure, digest } = event.capture;
          lane.post({ kind: 'covered', execution: tenure.execution, tenure, digest });
        },
      });
      return lane;
    },
  }),
};

/** Rule 11: an execution ends when its method does, with what it has sent still on its way. */
const fullOutbox: PlantedFault = {
  rule: 11,
  breaks: ['messages'],
  seeds: 50,
  draw: manyDeals,
  plant: () => {
    const sound = Object.getOwnPropertyDescriptor(Dealer.prototype, 'isIdle') as PropertyDescriptor;
    Object.defineProperty(Dealer.prototype, 'isIdle', { ...sound, get: () => true });
    return () => void Object.defineProperty(Dealer.prototype, 'isIdle', sound);
  },
};

/** Rule 11: nobody is told that a receiver has ended, so what it was sent is owed for ever. */
const untoldEnd: PlantedFault = {
  rule: 11,
  breaks: ['neverNone'],
  seeds: 50,
  draw: manyDeals,
  plant: () => replaced(Receivers.prototype, 'look', () => () => true),
};

/** Rule 12: a further attempt goes by another key. */
const keyOfAttempt: PlantedFault = {
  rule: 12,
  breaks: ['effects'],
  seeds: 100,
  draw: manyDeals,
  plant: () => {
    let attempts = 0;
    return replaced(EffectLedger.prototype, 'keyOf', (sound) => {
      return function attempted(this: EffectLedger, effect) {
        attempts += 1;
        return `${sound.call(this, effect)}#${attempts}`;
      };
    });
  },
};

/** Rule 12: an effect of a `durable` execution starts though no checkpoint holds its number. */
const unrecordedStart: PlantedFault = {
  rule: 12,
  breaks: ['effects'],
  seeds: 50,
  draw: manyDeals,
  plant: () =>
    replaced(EffectLedger.prototype, 'step', (sound) => {
      return function hasty(this: EffectLedger, event) {
        const effects = sound.call(this, event);
        if (event.kind !== 'called') return effects;
        return [...effects, ...sound.call(this, { kind: 'covered', upTo: this.sequence })];
      };
    }),
};

/** Rule 13: that a timer has fired does not travel. */
const firedTwice: PlantedFault = {
  rule: 13,
  breaks: ['timers'],
  seeds: 50,
  draw: manyDeals,
  plant: () => {
    const last = new WeakMap<Dealer, Sleep>();
    return replaced(Dealer.prototype, 'capture', (sound) => {
      return function forgetful(this: Dealer) {
        const state = sound.call(this);
        const sleep = state.sleep ?? last.get(this) ?? null;
        if (sleep !== null) last.set(this, sleep);
        return { ...state, sleep };
      };
    });
  },
};

/** Rule 13: one host takes the store's clock for half a second ahead of what it shows. */
const aheadOfTheStore: PlantedFault = {
  rule: 13,
  breaks: ['timers'],
  seeds: 50,
  draw: manyDeals,
  drivers: (sound) => ({
    ...sound,
    startLane: (host, index, listener) => {
      const lane = sound.startLane(host, index, listener);
      const post = lane.post.bind(lane);
      const aheadMs = host.config.name === 'h1' ? 500 : 0;
      lane.post = (command) =>
        post(
          command.kind === 'clock' ? { ...command, storeOffsetMs: command.storeOffsetMs + aheadMs } : command,
        );
      return lane;
    },
  }),
};

/** One execution that starts a child when it has counted to three. */
function parent(until: number | null, childUntil: number, faults: Scenario['faults']): Scenario {
  const children = { every: 3, childrenMax: 1, until: childUntil };
  const deals = { children, sendTo: [], sendEvery: 0, effectEvery: 0, sleepEvery: 0, sleepMs: 0 };
  const works = [{ atMs: 0, on: 0, until, bytes: 100, durable: false, deals }];
  return { seed: 0, hosts: 2, works, moves: [], faults, activeMs: 500 };
}

/** Rule 11: an execution ends while its host has yet to start a child of it. */
const endBeforeStart: PlantedFault = {
  rule: 11,
  breaks: ['children'],
  seeds: 100,
  // The store fails over just then, and the host is lost once the end stands.
  draw: (seed) => ({
    ...parent(3, 20, [
      { trigger: { kind: 'time', atMs: 20 }, mishap: { kind: 'storeFailover', forMs: 40 } },
      {
        trigger: { kind: 'phase', phase: 'result switching', nth: 1, afterMs: 5 },
        mishap: { kind: 'crash', host: 'self', restartMs: 200 },
      },
    ]),
    seed,
  }),
  plant: () => replaced(Obligations.prototype, 'isStarting', () => () => false),
};

/** Rule 11: a parent that was rewound waits for a last message that does not come again. */
const forgottenEnd: PlantedFault = {
  rule: 11,
  breaks: ['children'],
  seeds: 50,
  // It is rewound to a time at which its child had not ended: some seeds hit that.
  draw: (seed) => ({
    ...parent(null, 22, [
      { trigger: { kind: 'time', atMs: 260 + 3 * seed }, mishap: { kind: 'laneDeath', host: 0 } },
    ]),
    seed,
  }),
  plant: () => replaced(Children.prototype, 'tellParents', () => () => undefined),
};

export const plantedDeals: Readonly<Record<string, PlantedFault>> = {
  'a message released before its checkpoint is durable': hastyRelease,
  'an end with a full outbox': fullOutbox,
  'an end that no sender is told of': untoldEnd,
  "an effect's key that changes with the attempt": keyOfAttempt,
  'an effect of a durable execution that starts unrecorded': unrecordedStart,
  'a timer that fires twice': firedTwice,
  'a timer that fires early': aheadOfTheStore,
  'an end before the children it has started': endBeforeStart,
  "a child's end that the register does not repeat": forgottenEnd,
};
