import type { Analyst } from '../actors/ports.ts';
import { SystemDigest } from '../digest.ts';
import type { HostDrivers } from '../simulator/cluster/host.ts';
import { resourceSample } from '../simulator/cluster/resource-sample.ts';
import { scriptMethod } from '../simulator/cluster/script.ts';
import { ScriptedLane } from '../simulator/cluster/scripted-lane.ts';
import type { World } from '../simulator/cluster/world.ts';
import { vaultHistory } from '../store/history.ts';

/** Forecasts nothing: a simulated fault takes seconds, a forecast is about minutes. */
export const noAnalyst: Analyst = {
  forecast: (asks) => Promise.resolve(asks.map(() => null)),
  learn: () => Promise.resolve({ kind: 'kept', reason: 'tooLittleHistory' }),
  teach: () => Promise.resolve({ kind: 'taught' }),
  close: () => Promise.resolve(),
};

/** Hosts whose lanes run scripts that count and act. */
export function scriptedDrivers(world: World): HostDrivers {
  const digest = new SystemDigest();
  return {
    digest,
    packages: {
      ensure: () => Promise.resolve({ hash: scriptMethod.package, folder: '' }),
      refusal: () => null,
      affinityOf: () => Promise.resolve(null),
    },
    openAnalyst: () => noAnalyst,
    openHistory: (term) => vaultHistory(emptyVault, { term }),
    sample: (executions) => resourceSample(Math.min(1, executions)),
    startLane: (host, index, listener) => {
      const { machine } = host;
      return new ScriptedLane(
        index,
        {
          clock: machine.laneClock,
          main: machine.main,
          digest,
          carry: (delayMs, task) => void world.clock.after(delayMs, () => machine.main.pass(task)),
          onAct: (tenure, count) => world.act(host, tenure, count),
          incarnation: host.identity.incarnation,
          deals: world.deals,
          tracePeriodMs: host.config.monitor.traceMs,
        },
        listener,
      );
    },
  };
}

/** What seats remember is no matter of these runs. */
export const emptyVault = {
  put: () => Promise.resolve(),
  get: () => Promise.resolve(null),
  delete: () => Promise.resolve(),
  list: () => Promise.resolve([]),
};
