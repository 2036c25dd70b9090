import { expect, test } from 'vitest';
import { encodePacket, type Packet, PacketReader } from '../../../src/verify/process/channel.ts';

test('packets are put together again from pieces of any size', () => {
  const sent: Packet<unknown>[] = [
    { message: { kind: 'a', text: 'ü\n' }, payload: new Uint8Array() },
    { message: null, payload: new Uint8Array([0, 255, 10]) },
    { message: ['b'], payload: Uint8Array.from({ length: 500 }, (_, index) => index) },
    { message: 1, payload: new Uint8Array([1]) },
  ];
  const stream = Buffer.concat(sent.map(({ message, payload }) => encodePacket(message, payload)));
  for (const size of [1, 2, 3, 7, 8, 9, 100, stream.length]) {
    const reader = new PacketReader<unknown>();
    const read: Packet<unknown>[] = [];
    for (let at = 0; at < stream.length; at += size) {
      read.push(...reader.push(new Uint8Array(stream.subarray(at, at + size))));
    }
    expect(read, `pieces of ${size}`).toEqual(sent);
  }
});
