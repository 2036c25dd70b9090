import { expect, test } from 'vitest';
import { load, runMovable, tenure, Workshop, writeModules } from './workshop.ts';

interface Journal {
  readonly lines: string[];
  /** Ends an opening that was begun. */
  readonly opened: Map<string, (value: unknown) => void>;
}

const journal = (globalThis as unknown as { resourceJournal: Journal }).resourceJournal ?? {
  lines: [],
  opened: new Map(),
};
(globalThis as unknown as { resourceJournal: Journal }).resourceJournal = journal;

const source = `"use movable";
import { effect, resource } from 'godwit';
export const file = resource(
  (path, mode) => { globalThis.resourceJournal.lines.push('open ' + path + ' ' + mode); return { path, read: () => path + '!' }; },
  (it) => { globalThis.resourceJournal.lines.push('close ' + it.path); },
);
export const database = resource(
  (url) => new Promise((resolve, reject) => { globalThis.resourceJournal.lines.push('connect ' + url); globalThis.resourceJournal.opened.set(url, url === 'gone' ? reject : resolve); }),
  async (it) => { globalThis.resourceJournal.lines.push('end ' + it); },
);
export async function reads(times) {
  const handle = await file('a.txt', 'r');
  let text = '';
  for (let at = 0; at < times; at += 1) {
    await null;
    text += handle.value.read();
  }
  await handle.close();
  let closed = '';
  try { handle.value; } catch (error) { closed = error.code; }
  return [text, closed];
}
export async function connects(url) {
  const connection = await database(url);
  const alias = [connection];
  await null;
  return [connection.value, alias[0] === connection];
}
export async function asks() {
  const handle = await file('b.txt', 'w');
  const answer = await effect('ask', {}, () => new Promise((resolve) => { globalThis.resourceJournal.opened.set('ask', () => { globalThis.resourceJournal.lines.push('asked ' + handle.value.path); resolve(1); }); }));
  return [answer, handle.value.path];
}
`;

async function folder(): Promise<string> {
  journal.lines.length = 0;
  journal.opened.clear();
  const made = writeModules({ 'm.ts': source }, { movable: true, dense: true });
  await load(made, 'm.ts');
  return made;
}

/** What has happened at the outside, in order. */
const lines = journal.lines;

/** Lets promises that are none of an execution's settle. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function stepUntil(workshop: Workshop, isSo: () => boolean): Promise<void> {
  for (let round = 0; round < 100 && !isSo(); round += 1)
    if (workshop.runtime.step().ready === 0) await settle();
  expect(isSo()).toBe(true);
}

function freeze(workshop: Workshop): Uint8Array {
  const outcome = workshop.runtime.freeze(tenure.execution);
  if (outcome.kind !== 'captured')
    throw new Error(outcome.kind === 'pinned' ? outcome.pin.reason : outcome.kind);
  return outcome.capture.bytes;
}

test('a resource is closed where the method leaves, and opened again with its arguments where it goes on', async () => {
  const made = await folder();
  const { outcome, moved } = await runMovable(made, 'm.ts#reads', [3], () => true);
  expect(outcome).toEqual({ ok: true, value: ['a.txt!a.txt!a.txt!', 'RESOURCE_CLOSED'] });
  expect(moved).toBeGreaterThan(2);
  const opens = lines.filter((line) => line === 'open a.txt r').length;
  expect(opens).toBeGreaterThan(2);
  expect(lines).toEqual(Array.from({ length: opens }, () => ['open a.txt r', 'close a.txt']).flat());
});

test('a method goes on only when its connection stands again, and is told when it cannot', async () => {
  const made = await folder();
  const first = new Workshop(made);
  first.start('m.ts#connects', ['one']);
  await stepUntil(first, () => journal.opened.has('one'));
  expect(first.runtime.freeze(tenure.execution)).toMatchObject({ kind: 'pinned' });
  journal.opened.get('one')?.('first connection');
  first.attention = true;
  await stepUntil(first, () => first.runtime.readyCount() > 0);
  const bytes = freeze(first);
  const second = new Workshop(made, {}, 'h2');
  second.restore(bytes);
  expect([second.runtime.step().ready, lines]).toEqual([
    0,
    ['connect one', 'end first connection', 'connect one'],
  ]);
  journal.opened.get('one')?.('second connection');
  await stepUntil(second, () => second.outcome !== null);
  expect(second.outcome).toEqual({ ok: true, value: ['second connection', true] });
  await settle();
  expect(lines.slice(3)).toEqual(['end second connection']);
  // The source goes on instead, when the move has come to nothing.
  first.attention = false;
  first.runtime.run(tenure);
  await settle();
  journal.opened.get('one')?.(Promise.reject(new Error('refused by the server')));
  await stepUntil(first, () => first.outcome !== null);
  expect(first.outcome).toMatchObject({
    ok: false,
    error: expect.stringContaining('refused by the server') as string,
  });
});

test('a resource is closed only after the last effect that may use it', async () => {
  const made = await folder();
  const first = new Workshop(made);
  first.start('m.ts#asks', []);
  await stepUntil(first, () => journal.opened.has('ask'));
  const bytes = freeze(first);
  expect(lines).toEqual(['open b.txt w']);
  journal.opened.get('ask')?.(null);
  await settle();
  expect(lines).toEqual(['open b.txt w', 'asked b.txt', 'close b.txt']);
  const second = new Workshop(made, {}, 'h2');
  second.restore(bytes);
  const outcome = first.events.find((event) => event.kind === 'effectOutcome');
  if (outcome?.kind !== 'effectOutcome') throw new Error('no outcome');
  second.runtime.settleEffect(tenure.execution, outcome.outcome);
  await stepUntil(second, () => second.outcome !== null);
  expect(second.outcome).toEqual({ ok: true, value: [1, 'b.txt'] });
  expect(lines.slice(3)).toEqual(['open b.txt w', 'close b.txt']);
});
