import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { builtEntry } from '../../src/entries.ts';
import { tellWitness } from '../../src/testing/witness-client.ts';
import { parseWitnessLog } from '../../src/testing/witness-log.ts';

async function startProgram(file: string) {
  const child = spawn(process.execPath, [builtEntry('testing/witness-program').pathname, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, address: (JSON.parse(line) as { address: string }).address };
}

function act(iteration: number) {
  return { execution: 'x-1', generation: 1, epoch: 1, sequence: iteration, iteration };
}

test('what the witness acknowledged is in its log, in order and with duplicates, though it was killed', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'godwit-witness-')), 'log');
  const { child, address } = await startProgram(file);
  for (const iteration of [1, 2, 2, 3]) await tellWitness(address, act(iteration));
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  expect(parseWitnessLog(readFileSync(file, 'utf8')).map(({ iteration, line }) => [line, iteration])).toEqual(
    [
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 3],
    ],
  );
  await expect(tellWitness(address, act(4))).rejects.toThrow(`The witness at ${address}`);
});

test('an act of a generation that is over is refused, and logged as that; so it is by a witness that was started again', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'godwit-witness-')), 'log');
  const first = await startProgram(file);
  await tellWitness(first.address, act(1));
  await tellWitness(first.address, { ...act(2), generation: 2, epoch: 2 });
  const over = 'refused: generation 1 is over, 2 has acted';
  await expect(tellWitness(first.address, act(2))).rejects.toThrow(over);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const second = await startProgram(file);
  await expect(tellWitness(second.address, act(3))).rejects.toThrow(over);
  await tellWitness(second.address, { ...act(1), execution: 'x-2' });
  second.child.stdin.end();
  await once(second.child, 'exit');
  expect(parseWitnessLog(readFileSync(file, 'utf8')).map(({ isRefused }) => isRefused)).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
});

test('the witness refuses what is no act, and ends with whoever started it', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'godwit-witness-')), 'log');
  const { child, address } = await startProgram(file);
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
  const answer = once(createInterface({ input: socket }), 'line');
  socket.write('{"execution":"x-1"}\n');
  expect(await answer).toEqual(['refused: no act']);
  socket.destroy();
  const exited = once(child, 'exit');
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
  expect(readFileSync(file, 'utf8')).toBe('');
});
