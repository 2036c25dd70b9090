import { parseArgs } from 'node:util';
import type { Figure } from './figure.ts';
import { quantile } from './figure.ts';
import { folder, jetStream, named, postgres } from './stores/candidates.ts';
import { Trial } from './stores/trial.ts';

/** The stores in turn, round by round, each with several sessions as hosts have them. `--store URL` adds others, as they stand. */
export async function bench(args: readonly string[]): Promise<{ readonly figures: readonly Figure[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '10' },
      calls: { type: 'string', default: '40' },
    },
  });
  const candidates = [await folder(), await postgres(), ...(await jetStream()), ...values.store.map(named)];
  const trials = new Map<string, Trial>();
  try {
    for (const { name, url } of candidates) trials.set(name, await Trial.open(url));
    // The first round warms connections, plans and files up.
    for (const trial of trials.values()) await trial.round(4);
    for (const { times } of trials.values()) for (const list of Object.values(times)) list.length = 0;
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const trial of trials.values()) await trial.round(Number(values.calls));
    }
    return { figures: [...trials].flatMap(([name, trial]) => figuresOf(name, trial)) };
  } finally {
    for (const trial of trials.values()) await trial.close();
    for (const { dispose } of candidates) await dispose();
  }
}

function figuresOf(store: string, { times }: Trial): readonly Figure[] {
  const figure = (name: string, value: number, unit: string): Figure => ({
    name: `${store}: ${name}`,
    value,
    unit,
    target: null,
    met: null,
  });
  const both = (name: string, list: readonly number[]): readonly Figure[] => [
    figure(`${name} p50`, quantile(list, 0.5), 'ms'),
    figure(`${name} p99`, quantile(list, 0.99), 'ms'),
  ];
  return [
    ...both('compare-and-set', times.cas),
    ...both('compare-and-set, 8 sessions at once,', times.crowd),
    figure('compare-and-sets, 64 at once in one session', quantile(times.perSecond, 0.5), '/s'),
    ...both('get', times.get),
    ...both('vault put of 256 KiB', times.put),
    ...both("somebody else's change seen after", times.watch),
  ];
}
