import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { executionId } from '../../src/core/ids.ts';
import type { ExecutionId } from '../../src/core/ids.ts';
import { redirectOutput } from '../../src/lanes/output.ts';

function redirected() {
  const written: string[] = [];
  const logged: [ExecutionId, string, string][] = [];
  const target = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const running: { now: ExecutionId | null } = { now: null };
  redirectOutput(
    'stdout',
    target,
    () => running.now,
    (...entry) => logged.push(entry),
  );
  return { running, written, logged, target, console: new Console(target) };
}

test('what a method prints goes to its execution, the rest where it went before', () => {
  const { running, written, logged, console } = redirected();
  console.log('before');
  running.now = executionId('x-1');
  console.log('count %d', 3, { a: [1] });
  running.now = null;
  console.log('after');
  expect(written).toEqual(['before\n', 'after\n']);
  expect(logged).toEqual([['x-1', 'stdout', 'count 3 { a: [ 1 ] }\n']]);
});

test('a flood is cut, and says how much is missing', () => {
  const { running, logged, console } = redirected();
  running.now = executionId('x-1');
  console.log('x'.repeat(20_000));
  expect(logged[0]?.[2]).toMatch(/^x{16384}… \(3617 more characters\)\n$/);
});

test('bytes and callbacks of a direct write are served', async () => {
  const { running, logged, target } = redirected();
  running.now = executionId('x-1');
  await new Promise((resolve) => target.write(new TextEncoder().encode('grüß'), resolve));
  expect(logged).toEqual([['x-1', 'stdout', 'grüß']]);
});
