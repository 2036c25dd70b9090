import { expect, test } from 'vitest';
import { epoch, executionId, generation } from '../../src/core/ids.ts';
import { movedWithCommand } from '../../src/lanes/channel.ts';

const tenure = { execution: executionId('x-1'), epoch: epoch(1), generation: generation(1) };
const large = 100_000;

const rows: [string, Uint8Array, boolean][] = [
  ['large, alone in its buffer', new Uint8Array(large), true],
  ['small', new Uint8Array(100), false],
  ['large, a part of a larger buffer', new Uint8Array(new ArrayBuffer(large + 1), 0, large), false],
  ['large, in shared memory', new Uint8Array(new SharedArrayBuffer(large)), false],
];

test.each(rows)('a snapshot is moved only if that takes nothing else along: %s', (_name, snapshot, moves) => {
  const buffers = moves ? [snapshot.buffer] : [];
  expect(movedWithCommand({ kind: 'restore', tenure, snapshot })).toEqual(buffers);
});

test('the body of a message stays with its sender, who may have to repeat it', () => {
  const packet = {
    kind: 'message',
    from: tenure,
    to: executionId('x-2'),
    number: 1,
    body: new Uint8Array(large),
    subject: 'user',
  } as const;
  expect(movedWithCommand({ kind: 'deliver', execution: packet.to, packet })).toEqual([]);
});
