import { afterEach, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { IncarnationId } from '../../src/core/ids.ts';
import { encodeEnvelope } from '../../src/wire/codec.ts';
import { dial } from '../../src/wire/dial.ts';
import { batchParts, Sealer } from '../../src/wire/frame.ts';
import { ClusterSecret, type Session } from '../../src/wire/handshake.ts';
import type { LinkEnd } from '../../src/wire/contract.ts';
import { Proxy } from './proxy.ts';
import { clusterSecret, numbered, openHost, stopHosts, TestHost } from './test-host.ts';

const proxies: Proxy[] = [];

afterEach(async () => {
  await stopHosts();
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

/** Somebody who knows the secret and does not keep to the rules of a link. */
interface Rogue {
  readonly self: IncarnationId;
  readonly socket: WebSocket;
  readonly session: Session;
  readonly sealer: Sealer;
}

async function openRogue(to: TestHost): Promise<Rogue> {
  const { ports } = await openHost('rogue.1', { listens: false });
  const target = { peer: to.self, address: to.address, ownAddress: '', lastLinkId: '' };
  return new Promise((resolve, reject) => {
    dial(target, ports, new ClusterSecret(clusterSecret), {
      onOpened: (socket, session) => {
        socket.on('error', () => undefined);
        resolve({ self: ports.self, socket, session, sealer: new Sealer(session.sendKey) });
      },
      onFailed: (reason) => reject(new Error(reason.kind)),
    });
  });
}

function sealed(rogue: Rogue, number: number): Buffer {
  return rogue.sealer.seal('envelopes', batchParts([encodeEnvelope(numbered(number), 4096)]));
}

function ping(rogue: Rogue, name: string): Buffer {
  return rogue.sealer.seal('ping', [Buffer.alloc(4), Buffer.from(name)]);
}

const misdeeds: readonly [string, (rogue: Rogue) => void, LinkEnd][] = [
  [
    'a short frame',
    ({ socket }) => socket.send(Buffer.alloc(3)),
    { kind: 'malformed', detail: 'a frame of 3 bytes, expected at least 24' },
  ],
  [
    'a text frame',
    ({ socket }) => socket.send('hello'),
    { kind: 'malformed', detail: 'a text frame, expected binary' },
  ],
  [
    'an unknown version',
    (rogue) => {
      const frame = sealed(rogue, 1);
      frame.writeUInt8(9, 0);
      rogue.socket.send(frame);
    },
    { kind: 'unknownVersion', expected: 1, found: 9 },
  ],
  [
    'an unknown kind of frame',
    (rogue) => rogue.socket.send(rogue.sealer.seal('unheardOf' as 'ping', [])),
    { kind: 'malformed', detail: 'frame kind 0' },
  ],
  [
    'a frame without the right seal',
    (rogue) => {
      const frame = sealed(rogue, 1);
      frame.writeUInt8(frame.readUInt8(20) ^ 1, 20);
      rogue.socket.send(frame);
    },
    { kind: 'unauthenticated', detail: "a frame's seal does not match its content" },
  ],
  [
    "a frame under the other direction's key",
    (rogue) => rogue.socket.send(new Sealer(rogue.session.receiveKey).seal('pong', [Buffer.alloc(4)])),
    { kind: 'unauthenticated', detail: "a frame's seal does not match its content" },
  ],
  [
    'a missing frame',
    (rogue) => {
      sealed(rogue, 1);
      rogue.socket.send(sealed(rogue, 2));
    },
    { kind: 'outOfOrder', expected: 0, found: 1 },
  ],
  [
    'a repeated frame',
    (rogue) => {
      const frame = ping(rogue, rogue.self);
      rogue.socket.send(frame);
      rogue.socket.send(frame);
    },
    { kind: 'outOfOrder', expected: 1, found: 0 },
  ],
  [
    'an oversized frame',
    (rogue) => rogue.socket.send(Buffer.alloc(8192)),
    { kind: 'oversized', frameMaxBytes: 4096 },
  ],
  [
    'lengths that do not add up',
    (rogue) => rogue.socket.send(rogue.sealer.seal('envelopes', [Buffer.from([0, 0, 1, 0, 7])])),
    { kind: 'malformed', detail: 'lengths in a batch do not add up' },
  ],
  [
    'an envelope without a kind',
    (rogue) => {
      const unkind = { ...numbered(1), message: {} as { readonly kind: string } };
      rogue.socket.send(rogue.sealer.seal('envelopes', batchParts([encodeEnvelope(unkind, 4096)])));
    },
    { kind: 'malformed', detail: 'the message has no kind' },
  ],
  [
    "another's heartbeat",
    (rogue) => rogue.socket.send(ping(rogue, 'rogue.2')),
    { kind: 'malformed', detail: "a heartbeat of 'rogue.2', not of rogue.1" },
  ],
  [
    'an answer that is too long',
    (rogue) => rogue.socket.send(rogue.sealer.seal('pong', [Buffer.alloc(5)])),
    { kind: 'malformed', detail: 'an answer of 5 bytes to a heartbeat' },
  ],
];

test.each(misdeeds)(
  '%s ends the link, with its reason, and no other link',
  async (_name, commit, expected) => {
    const b = await openHost('b.1', { settings: { frameMaxBytes: 4096 } });
    const good = await openHost('good.1', { listens: false });
    good.wire.links.connect(b.identity);
    await Promise.all([good.until('up'), b.until('up')]);
    const rogue = await openRogue(b);
    await b.until('up', 2);
    const closed = new Promise<string>((resolve) =>
      rogue.socket.on('close', (_code, reason) => resolve(reason.toString())),
    );

    commit(rogue);

    expect(await b.until('down')).toEqual({ kind: 'down', peer: rogue.self, reason: expected });
    b.clock.advance(1000);
    expect(await closed).toBe(expected.kind === 'oversized' ? '' : expected.kind);
    good.wire.links.send(b.self, numbered(7), 'urgent');
    await b.until('envelope');
    expect(b.numbers).toEqual([7]);
    expect(b.of('down').length).toBe(1);
  },
);

test('envelopes before a bad frame arrive, those after it do not', async () => {
  const b = await openHost('b.1');
  const rogue = await openRogue(b);
  rogue.socket.send(sealed(rogue, 1));
  rogue.socket.send(Buffer.alloc(3));
  rogue.socket.send(sealed(rogue, 2));
  rogue.socket.close();
  await b.until('down');
  await new Promise((resolve) => rogue.socket.on('close', resolve));
  expect(b.numbers).toEqual([1]);
});

test('bytes that change on the way end the link, and what waits arrives over a new one', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  const proxy = await Proxy.open(b.address);
  proxies.push(proxy);
  a.wire.links.connect(b.at(proxy.address));
  await Promise.all([a.until('roundTrip'), b.until('roundTrip')]);
  proxy.alter = (direction, chunk) => {
    if (direction === 'toServer')
      chunk.writeUInt8(chunk.readUInt8(chunk.byteLength - 1) ^ 255, chunk.byteLength - 1);
    return chunk;
  };
  a.wire.links.send(b.self, numbered(1), 'urgent');
  expect((await b.until('down')).reason.kind).toBe('unauthenticated');
  expect((await a.until('down')).reason).toEqual({ kind: 'closedByPeer', detail: 'unauthenticated' });

  proxy.alter = (_direction, chunk) => chunk;
  a.wire.links.send(b.self, numbered(2), 'urgent');
  await b.until('envelope');
  expect(b.numbers).toEqual([2]);
});
