import type { ExecutionId } from '../core/ids.ts';
import type { ExecutionTrace } from '../core/inspection.ts';
import type { AnomalySignal } from '../placement/anomaly.ts';
import type { ExecutionAnomaly } from '../placement/anomaly-watch.ts';
import { AnomalyWatch } from '../placement/anomaly-watch.ts';

interface Watched {
  readonly watch: AnomalyWatch;
  trace: ExecutionTrace;
  /** Until when its anomaly makes it look around. */
  alarmedUntilMs: number;
}

/** Executions that are watched, the first that come: a value costs some microseconds, and monitoring is to cost little. */
const watchedMax = 64;
/** So long a change for the worse makes an execution look around: if nothing was found until then, nothing is better. */
const alarmMs = 60_000;
/** In less CPU time than this, rates are noise. */
const cpuMsMin = 5;

/** Watches what the lanes trace of the executions here. One that left is forgotten: another host is another level. */
export class Anomalies {
  readonly #watched = new Map<ExecutionId, Watched>();

  /** @returns what its newest trace shows that those before do not explain */
  observe(trace: ExecutionTrace, nowMs: number): readonly ExecutionAnomaly[] {
    const { execution } = trace;
    const known = this.#watched.get(execution);
    if (known === undefined) {
      if (this.#watched.size < watchedMax)
        this.#watched.set(execution, { watch: new AnomalyWatch(), trace, alarmedUntilMs: 0 });
      return [];
    }
    const before = known.trace;
    if (trace === before) return [];
    known.trace = trace;
    const found = signalsOf(before, trace).flatMap(
      ([signal, value]) => known.watch.observe(signal, value) ?? [],
    );
    if (found.some(({ callsForMove }) => callsForMove)) known.alarmedUntilMs = nowMs + alarmMs;
    return found;
  }

  alarmed(nowMs: number): readonly ExecutionId[] {
    return [...this.#watched].flatMap(([execution, { alarmedUntilMs }]) =>
      alarmedUntilMs > nowMs ? [execution] : [],
    );
  }

  /** Forgets all but these. */
  keep(here: ReadonlySet<ExecutionId>): void {
    for (const execution of this.#watched.keys()) if (!here.has(execution)) this.#watched.delete(execution);
  }
}

/** Rates are over CPU time: how much of it an execution got is its host's load, and no anomaly of its own. */
function signalsOf(
  before: ExecutionTrace,
  now: ExecutionTrace,
): readonly (readonly [AnomalySignal, number])[] {
  const signals: (readonly [AnomalySignal, number])[] = [];
  const cpuMs = now.cpuMs - before.cpuMs;
  const slices = now.slices - before.slices;
  if (cpuMs >= cpuMsMin && slices > 0) signals.push(['sliceMs', cpuMs / slices]);
  const fuel = now.fuel - before.fuel;
  if (cpuMs >= cpuMsMin && fuel >= 0) signals.push(['fuelPerSecond', (1_000 * fuel) / cpuMs]);
  if (now.snapshotBytes > 0 && now.snapshotBytes !== before.snapshotBytes)
    signals.push(['snapshotBytes', now.snapshotBytes]);
  return signals;
}
