import type { Bytes } from '../src/actors/ports.ts';
import { blockBytes } from '../src/forecasting/history/block.ts';
import { History } from '../src/forecasting/history/history.ts';
import { historyBoundsDefault } from '../src/forecasting/history/resolutions.ts';
import { vaultHistory } from '../src/store/history.ts';
import type { Figure } from './figure.ts';

const minuteMs = 60_000;
const startMs = 473_000 * 60 * minuteMs;
const series = 1000;
const minutes = 24 * 60;

/** A vault that forgets nothing and takes no time: what is left is the history's own work. */
function memory(values: Map<string, Uint8Array>): Bytes {
  return {
    put: (key, bytes) => Promise.resolve(void values.set(key, bytes)),
    get: (key) => Promise.resolve(values.get(key) ?? null),
    delete: (key) => Promise.resolve(void values.delete(key)),
    list: (prefix) => Promise.resolve([...values.keys()].filter((key) => key.startsWith(prefix)).toSorted()),
  };
}

const bytesOf = (values: Map<string, Uint8Array>): number =>
  [...values.values()].reduce((sum, bytes) => sum + bytes.length, 0);

/** A day of a thousand series by the minute: what it takes to keep, to save and to load. */
export async function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  const figures: Figure[] = [];
  const measured = (name: string, value: number, unit: string): void =>
    void figures.push({ name, value, unit, target: null, met: null });
  const history = new History(historyBoundsDefault);
  const appending = performance.now();
  for (let minute = 0; minute < minutes; minute += 1) {
    const atMs = startMs + minute * minuteMs;
    for (let index = 0; index < series; index += 1)
      history.append(`component/${index}/cpu`, atMs, minute % 97, atMs);
  }
  measured('append one sample', ((performance.now() - appending) / minutes / series) * 1e6, 'ns');
  measured('memory of a thousand series after a day', (history.blockCount * blockBytes) / 2 ** 20, 'MiB');
  const reading = performance.now();
  for (let index = 0; index < series; index += 1) {
    history.read(
      `component/${index}/cpu`,
      { fromMs: startMs, toMs: startMs + minutes * minuteMs },
      5 * minuteMs,
    );
  }
  measured('read a day by five minutes', ((performance.now() - reading) / series) * 1000, 'µs');
  const values = new Map<string, Uint8Array>();
  const holder = vaultHistory(memory(values), { term: 1 });
  const append = (minute: number): void => {
    const atMs = startMs + minute * minuteMs;
    for (let index = 0; index < series; index += 1)
      holder.append(`component/${index}/cpu`, atMs, minute % 97, atMs);
  };
  for (let minute = 0; minute < minutes; minute += 1) append(minute);
  const nowMs = startMs + minutes * minuteMs;
  const saving = performance.now();
  await holder.save(nowMs);
  measured('save all of it', performance.now() - saving, 'ms');
  const whole = bytesOf(values);
  measured('size when saved', whole / 2 ** 20, 'MiB');
  for (let minute = minutes; minute < minutes + 5; minute += 1) append(minute);
  const changing = performance.now();
  await holder.save(nowMs);
  measured('save five minutes more', performance.now() - changing, 'ms');
  measured('size of five minutes more', (bytesOf(values) - whole) / 2 ** 20, 'MiB');
  const loading = performance.now();
  await vaultHistory(memory(values), { term: 2 }).load(nowMs);
  measured('load all of it', performance.now() - loading, 'ms');
  return { figures };
}
