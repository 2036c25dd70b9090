import type { HostDrivers } from '../../src/simulator/cluster/host.ts';
import { Machine } from '../../src/simulator/cluster/machine.ts';
import { StoreSession } from '../../src/simulator/cluster/store.ts';
import type { World } from '../../src/simulator/cluster/world.ts';
import { vaultHistory } from '../../src/store/history.ts';
import { scriptedDrivers } from '../../src/testing/simulated-drivers.ts';
import { inlineAnalyst } from './inline-analyst.ts';
import type { LaneVoices } from './lane-voices.ts';

/** Hosts whose lanes run scripts, and which forecast from a history that outlives them. */
export function deciderDrivers(world: World, voices: LaneVoices): HostDrivers {
  const scripted = scriptedDrivers(world);
  const machine = new Machine(world.clock, world.clock.monotonicMs());
  const { vault } = new StoreSession(world.store, machine, 'seats', null);
  return {
    ...scripted,
    openAnalyst: inlineAnalyst,
    openHistory: (term) => vaultHistory(vault, { term }),
    startLane: (host, index, listener) => voices.start(scripted.startLane, host, index, listener),
  };
}
