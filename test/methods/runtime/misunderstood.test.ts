import { beforeAll, expect, test } from 'vitest';
import { load, Workshop, writeModules } from './workshop.ts';

const source = `'use movable';
import { send, sleep, start } from 'godwit';
async function child() { return 1; }
export async function main(call: string, given: unknown) {
  if (call === 'send') await send(given as never, 1);
  else if (call === 'sleep') await sleep(given as never);
  else if (call === 'args') start(child, given as never);
  else start(child, [], given as never);
}`;
const folder = writeModules({ 'm.ts': source }, { movable: true });
beforeAll(() => load(folder, 'm.ts'));

test.each([
  ['send', 'x-1', "send() takes { execution: 'x-…' } as the receiver, and was given 'x-1'."],
  ['send', undefined, "send() takes { execution: 'x-…' } as the receiver, and was given undefined."],
  ['send', { id: 3 }, "send() takes { execution: 'x-…' } as the receiver, and was given an object with id."],
  ['sleep', '5', "sleep() takes a number of milliseconds, and was given '5'."],
  ['args', 5, 'start() takes an array of arguments, and was given 5.'],
  ['options', { host: 'h1' }, 'start() takes the options on and durable, and was given host.'],
])('%s of %j is an error that says what it takes', (call, given, error) => {
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [call, given]);
  workshop.runtime.step();
  expect(workshop.outcome).toEqual({ ok: false, error: `TypeError: ${error}` });
});
