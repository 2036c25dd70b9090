import type { HostIdentity } from '../src/core/execution.ts';
import { hostName, incarnationId, rackName } from '../src/core/ids.ts';
import { mapCluster, planRound } from '../src/protocols/probing/sampling.ts';
import { probingDefaults } from '../src/protocols/probing/settings.ts';
import type { Figure } from './figure.ts';
import { costOfProbe, flood } from './latency/flood.ts';
import { loadNetworks } from './latency/networks.ts';
import { costOfMatrix, costOfRound } from './latency/upkeep.ts';
import { type Input, tryNetwork } from './latency/trial.ts';

const seed = 20_040_830;
const rounds = { planned: 64, allPairs: 688 } as const;
const hostsPerRack = 40;
const packetsTarget = 64;
const stormCpuTarget = 0.25;

/** @throws Error when no folder of recorded round trips is named */
export async function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  return { figures: [...packets(), ...learned(), ...(await costs())] };
}

/** Datagrams that a host sends in a second, probes and answers; from the plans of all hosts. */
function packets(): readonly Figure[] {
  return [10, 100, 1_000, 10_000].flatMap((hosts): readonly Figure[] => {
    const map = mapCluster(cluster(hosts));
    const sent = new Map<HostIdentity, number>();
    let planMs = 0;
    for (const self of map.hosts) {
      const startMs = performance.now();
      const plan = planRound(map, self, 0, probingDefaults);
      planMs = Math.max(planMs, performance.now() - startMs);
      for (const end of [self, ...plan]) {
        const own = end === self ? plan.length : 1;
        sent.set(end, (sent.get(end) ?? 0) + own);
      }
    }
    const all = [...sent.values()];
    const most = Math.max(...all);
    const name = `${hosts} hosts: packets sent by one host`;
    return [
      {
        name: `${name}, mean`,
        value: all.reduce((sum, one) => sum + one, 0) / hosts,
        unit: '/s',
        target: null,
        met: null,
      },
      {
        name: `${name}, at most`,
        value: most,
        unit: '/s',
        target: packetsTarget,
        met: most <= packetsTarget,
      },
    ];
  });
}

function cluster(hosts: number): readonly HostIdentity[] {
  return Array.from({ length: hosts }, (_, index) => ({
    name: hostName(`h${index}`),
    incarnation: incarnationId(`h${index}.1`),
    rack: rackName(`r${Math.floor(index / Math.min(hostsPerRack, Math.ceil(hosts / 4)))}`),
    address: '127.0.0.1:1',
  }));
}

function learned(): readonly Figure[] {
  return loadNetworks().flatMap((network) => {
    const isSampled = network.places > probingDefaults.allPairsHostsMax;
    const count = isSampled ? rounds.planned : rounds.allPairs;
    return inputs(network.times).flatMap((input: Input): readonly Figure[] => {
      const { score, measuredShare, unmeasured } = tryNetwork(network, count, input, seed);
      const name = `${network.name}${input === 'latest' ? ', moved by the latest round trip' : ''}`;
      const figure = (what: string, value: number, unit: string): Figure => ({
        name: `${name}: ${what}`,
        value,
        unit,
        target: null,
        met: null,
      });
      const percent = (share: number): number => share * 100;
      const figures = [
        figure('pairs measured', percent(measuredShare), '%'),
        figure(`held back (${score.pairs} pairs), error of coordinates`, percent(score.learnedError), '%'),
        figure('held back, error of plain figures', percent(score.plainError), '%'),
        figure('gate lets coordinates in', Number(score.used), ''),
      ];
      if (unmeasured === null) return figures;
      const { learned: byCoordinates, plain, said, pairs } = unmeasured;
      // The gate may at worst be as good as the plain figure; whether it chose well shows only here.
      const isRight = said <= Math.min(byCoordinates, plain) / 0.9;
      return [
        ...figures,
        figure(`never measured (${pairs} pairs), error of coordinates`, percent(byCoordinates), '%'),
        figure('never measured, error of plain figures', percent(plain), '%'),
        {
          ...figure('never measured, error of the matrix', percent(said), '%'),
          target: percent(Math.min(byCoordinates, plain) / 0.9),
          met: isRight,
        },
      ];
    });
  });
}

/** Where nothing changes over time, the latest round trip is the median. */
function inputs(times: number): readonly Input[] {
  return times > 1 ? ['median', 'latest'] : ['median'];
}

async function costs(): Promise<readonly Figure[]> {
  await costOfProbe(2_000);
  const probeUs = await costOfProbe(10_000);
  const storm = await flood(4);
  const roundMs = costOfRound(probingDefaults.allPairsHostsMax - 1);
  return [
    {
      name: 'CPU of a probe with its answer, both ends',
      value: probeUs,
      unit: 'µs',
      target: null,
      met: null,
    },
    {
      name: 'CPU of 62 packets a second, as a share of a core',
      value: (probeUs * 31) / 1e4,
      unit: '%',
      target: 1,
      met: (probeUs * 31) / 1e4 <= 1,
    },
    {
      name: 'CPU of figures and report, 31 peers, as a share of a core',
      value: roundMs / 10,
      unit: '%',
      target: 1,
      met: roundMs / 10 <= 1,
    },
    { name: 'CPU of the matrix of 16 racks', value: costOfMatrix(16), unit: 'ms', target: null, met: null },
    { name: 'CPU of the matrix of 250 racks', value: costOfMatrix(250), unit: 'ms', target: null, met: null },
    { name: 'storm: forged packets', value: storm.sent, unit: '', target: null, met: null },
    { name: 'storm: seals checked', value: storm.checked, unit: '', target: null, met: null },
    {
      name: 'storm: time with the port closed',
      value: storm.closedShare * 100,
      unit: '%',
      target: null,
      met: null,
    },
    {
      name: 'storm: CPU of the receiver, as a share of a core',
      value: storm.cpuShare * 100,
      unit: '%',
      target: stormCpuTarget * 100,
      met: storm.cpuShare <= stormCpuTarget,
    },
  ];
}
