import { incarnationId, rackName, term } from '../../src/core/ids.ts';
import { unknownCoordinate } from '../../src/protocols/probing/coordinates.ts';
import { fillMatrix } from '../../src/protocols/probing/matrix.ts';
import { Prober } from '../../src/protocols/probing/prober.ts';
import { probingDefaults } from '../../src/protocols/probing/settings.ts';
import { SeededRandom } from '../../src/simulator/random.ts';

/** CPU time of this process, which other processes do not lengthen. */
function cpuMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  return process.cpuUsage(before).user / 1_000;
}

/** CPU time of what an agent makes of one round with so many peers, all windows full: of each answer, and of the report. */
export function costOfRound(peers: number): number {
  const random = new SeededRandom(1);
  const prober = new Prober(probingDefaults);
  const ids = Array.from({ length: peers }, (_, index) => incarnationId(`h${index}.1`));
  const round = (index: number): void => {
    const nowMs = index * 1_000;
    prober.settle(nowMs, () => true);
    for (const [at, from] of ids.entries()) {
      const number = index * peers + at + 1;
      prober.sent(from, { number, sentAtMs: nowMs });
      const arrivedAtMs = nowMs + 5 * random.next();
      prober.answered({ number, from, arrivedAtMs, coordinate: unknownCoordinate });
      prober.statistics(from, nowMs);
    }
    for (const peer of ids) prober.statistics(peer, nowMs);
  };
  const measured = 50;
  for (let index = 0; index < probingDefaults.windowProbes; index += 1) round(index);
  return (
    cpuMs(() => {
      for (let index = 0; index < measured; index += 1) round(probingDefaults.windowProbes + index);
    }) / measured
  );
}

/** CPU time to fill the matrix of so many racks, four pairs in five measured from either side. */
export function costOfMatrix(racks: number): number {
  const random = new SeededRandom(2);
  const names = Array.from({ length: racks }, (_, index) => rackName(`r${index}`));
  const rows = names.map((rack) => ({
    rack,
    term: term(1),
    report: 1,
    coordinate: {
      vectorMs: unknownCoordinate.vectorMs.map(() => 10 * random.next()),
      heightMs: 1,
      error: 0.2,
    },
    row: Object.fromEntries(
      names
        .filter(() => random.next() < 0.8)
        .map((to) => {
          const p50Ms = 1 + 5 * random.next();
          const rest = { jitterMs: 1, lossRatio: 0, samples: 9, ageMs: 5, source: 'measured' } as const;
          return [to, { p50Ms, p95Ms: 2 * p50Ms, ...rest }];
        }),
    ),
  }));
  return cpuMs(() => void fillMatrix(rows));
}
