import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { soundLink, stallMs } from '../../../src/testing/local/link-rules.ts';
import { Links } from '../../../src/testing/local/links.ts';

// What hosts and stores would notice of a link, here with an echo at its other end.

const closers: (() => unknown)[] = [];
let links: Links;
beforeEach(() => {
  links = new Links();
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await links.close();
});

/** A connection from a host to its store, which sends everything back. */
async function echo(host = 'r1-h1'): Promise<{ readonly socket: Socket; readonly said: () => string }> {
  const server = createServer((peer) => peer.on('error', () => undefined).pipe(peer)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [address = ''] = await links.openStore(host, [`127.0.0.1:${(server.address() as AddressInfo).port}`]);
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
  socket.on('error', () => undefined);
  closers.push(
    () => socket.destroy(),
    () => server.close(),
  );
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  return { socket, said: () => heard };
}

async function until(socket: Socket, holds: () => boolean): Promise<void> {
  while (!holds()) await once(socket, 'data');
}

test('a sound link passes everything, in order', async () => {
  const { socket, said } = await echo();
  const text = 'x'.repeat(3_000_000);
  socket.write(text);
  await until(socket, () => said().length >= text.length);
  expect(said()).toBe(text);
});

test.for([
  ['r1-h1', 'store'],
  ['store', 'r1-h1'],
] as const)(
  'what a cut from %s to %s holds back arrives after the healing, and nothing is doubled',
  async ([from, to]) => {
    const { socket, said } = await echo();
    socket.write('1 ');
    await until(socket, () => said() === '1 ');
    await links.change(from, to, { cut: true });
    socket.write('2 ');
    // Another host's link does not mind; by the time that it has answered, this one's bytes would have passed, too.
    const other = await echo('r1-h2');
    other.socket.write('here');
    await until(other.socket, () => other.said() === 'here');
    expect(said()).toBe('1 ');
    await links.change(from, to, { cut: false });
    socket.write('3 ');
    await until(socket, () => said().endsWith('3 '));
    expect(said()).toBe('1 2 3 ');
  },
);

test('over a cut link a connection is opened, and nobody answers until it is healed', async () => {
  await links.change('r1-h1', 'store', { cut: true });
  const { socket, said } = await echo();
  await once(socket, 'connect');
  socket.write('hello');
  await links.change('r1-h1', 'store', { cut: false });
  await until(socket, () => said() === 'hello');
});

test('a delay is added once each way, and keeps the order', async () => {
  await links.change('r1-h1', 'store', { delayMs: 60 });
  await links.change('store', 'r1-h1', { delayMs: 40 });
  const { socket, said } = await echo();
  const fromMs = performance.now();
  for (let index = 0; index < 50; index += 1) socket.write(`${index} `);
  await until(socket, () => said().endsWith(' 49 '));
  // The clocks of two threads may differ by one tick.
  expect(performance.now() - fromMs).toBeGreaterThan(98);
  expect(said().trim().split(' ').map(Number)).toEqual(Array.from({ length: 50 }, (_, index) => index));
});

test('what is lost of a connection is sent again after 200 ms, then after twice as long', () => {
  const chances = [0.2, 0.3, 0.9];
  const next = (): number => chances.shift() ?? 1;
  expect(stallMs({ ...soundLink, lossRatio: 0.5 }, next)).toBe(200 + 400);
  expect(chances).toEqual([]);
  expect(stallMs(soundLink, () => 0)).toBe(0);
  // At most a quarter of a minute, also where nearly everything is lost.
  expect(stallMs({ ...soundLink, lossRatio: 0.99 }, () => 0)).toBe(12_600);
});

test('a broken connection is reset for both ends', async () => {
  const { socket, said } = await echo();
  socket.write('hello');
  await until(socket, () => said() === 'hello');
  const closed = new Promise<boolean>((resolve) => socket.once('close', resolve));
  await links.breakConnections('store', 'r1-h1');
  expect(await closed).toBe(true);
  // The next one is none the worse.
  const next = await echo();
  next.socket.write('here');
  await until(next.socket, () => next.said() === 'here');
});

test('datagrams pass both ways, and are lost while the link is cut', async () => {
  const host = createSocket('udp4').bind(0, '127.0.0.1');
  const caller = createSocket('udp4').bind(0, '127.0.0.1');
  closers.push(
    () => host.close(),
    () => caller.close(),
  );
  await Promise.all([once(host, 'listening'), once(caller, 'listening')]);
  host.on('message', (bytes, source) => host.send(`re: ${bytes.toString()}`, source.port, source.address));
  const door = await links.openHost('r1-h2');
  await links.target('r1-h2', `127.0.0.1:${host.address().port}`);
  // So that the datagrams of `caller` are known to be those of a host.
  await links.openHost('r1-h1');
  await links.target('r1-h1', `127.0.0.1:${caller.address().port}`);
  // What comes behind over a sound link shows that what came before has been dealt with.
  const stranger = createSocket('udp4').bind(0, '127.0.0.1');
  closers.push(() => stranger.close());
  const another = async (): Promise<void> => {
    stranger.send('?', door.port, door.host);
    await once(stranger, 'message');
  };
  const ask = (text: string): void => caller.send(text, door.port, door.host);
  const answer = async (): Promise<string> => String((await once(caller, 'message'))[0]);
  ask('a');
  expect(await answer()).toBe('re: a');
  await links.change('r1-h1', 'r1-h2', { cut: true });
  ask('b');
  await another();
  await links.change('r1-h1', 'r1-h2', { cut: false });
  await links.change('r1-h2', 'r1-h1', { lossRatio: 0.999_999_999 });
  ask('c');
  await another();
  await links.change('r1-h2', 'r1-h1', { lossRatio: 0 });
  ask('d');
  expect(await answer()).toBe('re: d');
});
