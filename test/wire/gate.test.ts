import { createServer as createHttpServer, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { incarnationId } from '../../src/core/ids.ts';
import { ListenRefusedError, PortInUseError, WeakSecretError } from '../../src/wire/errors.ts';
import { formatAddress } from '../../src/wire/address.ts';
import { makeHello } from '../../src/wire/challenge.ts';
import {
  bulkPath,
  type Challenge,
  challengePath,
  ClusterSecret,
  handshakeHeader,
  type Hello,
  linkPath,
  readChallenge,
  readRefusal,
  writeHeader,
} from '../../src/wire/handshake.ts';
import { Proxy } from './proxy.ts';
import { clusterSecret, openHost, stopHosts, type TestHost } from './test-host.ts';

const servers: Server[] = [];

afterEach(async () => {
  await stopHosts();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function addressOf(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function helloTo(host: TestHost, fields: Partial<Hello> = {}): Hello {
  return {
    ...makeHello({
      purpose: 'link',
      from: incarnationId('mallory.1'),
      to: host.self,
      nonce: '00'.repeat(16),
      address: '',
      subject: '',
    }),
    ...fields,
  };
}

async function ask(host: TestHost, path: string, header: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = get(`http://${host.address}${path}`, {
      agent: false,
      headers: { [handshakeHeader]: header },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response));
    });
  });
}

async function challengeOf(host: TestHost, hello: Hello): Promise<Challenge> {
  const challenge = readChallenge(
    (await ask(host, challengePath, writeHeader(hello))).headers[handshakeHeader],
  );
  if (challenge === null) throw new Error('no challenge');
  return challenge;
}

/** What the door says to an upgrade with this header; 'opened' when it lets it in, 'cut' when it says nothing. */
async function upgrade(host: TestHost, header: string | null): Promise<string> {
  const headers = header === null ? {} : { [handshakeHeader]: header };
  const socket = new WebSocket(`ws://${host.address}${linkPath}`, { headers });
  return new Promise((resolve) => {
    socket.on('open', () => {
      resolve('opened');
      socket.terminate();
    });
    socket.on('error', () => resolve('cut'));
    socket.on('unexpected-response', (_request, response) => {
      const refusal = readRefusal(response.headers[handshakeHeader]);
      resolve(`${refusal?.kind}: ${refusal?.detail}`);
      response.destroy();
    });
  });
}

test('a host with another secret is turned away by both ends', async () => {
  const a = await openHost('a.1', { secret: Buffer.from('the secret of another cluster') });
  const b = await openHost('b.1');
  a.wire.links.connect(b.identity);
  expect((await a.until('dialFailed')).reason).toEqual({
    kind: 'unauthenticated',
    detail: `b.1 at ${b.address} did not prove that it knows the cluster secret`,
  });
  b.wire.links.connect(a.identity);
  expect((await b.until('dialFailed')).reason.kind).toBe('unauthenticated');
  expect([...a.of('up'), ...b.of('up')]).toEqual([]);
});

const secret = new ClusterSecret(clusterSecret);
const used = 'unauthenticated: the challenge is unknown, used up or too old';
const unproven = 'unauthenticated: mallory.1 did not prove that it knows the cluster secret';

const attempts: readonly [string, (host: TestHost) => Promise<string | null>, string][] = [
  ['no answer', async () => null, 'malformed: not an answer to a challenge'],
  ['nonsense', async () => 'nonsense', 'malformed: not an answer to a challenge'],
  [
    'an answer to no challenge',
    async () => writeHeader({ nonce: 'ab'.repeat(16), proof: 'cd'.repeat(32) }),
    used,
  ],
  [
    'a guess',
    async (host) =>
      writeHeader({ nonce: (await challengeOf(host, helloTo(host))).nonce, proof: 'cd'.repeat(32) }),
    unproven,
  ],
  [
    "the acceptor's own proof, sent back",
    async (host) => {
      const { nonce, proof } = await challengeOf(host, helloTo(host));
      return writeHeader({ nonce, proof });
    },
    unproven,
  ],
  [
    'a proof of another incarnation',
    async (host) => {
      const { incarnation, nonce } = await challengeOf(host, helloTo(host));
      const other = helloTo(host, { from: incarnationId('b.1') });
      return writeHeader({ nonce, proof: secret.proof('dialer', other, incarnation, nonce) });
    },
    unproven,
  ],
  [
    'a proof for a pull of bytes',
    async (host) => {
      const hello = helloTo(host, { purpose: 'bulk' });
      const { incarnation, nonce } = await challengeOf(host, hello);
      return writeHeader({ nonce, proof: secret.proof('dialer', hello, incarnation, nonce) });
    },
    used,
  ],
  [
    'a proof that comes too late',
    async (host) => {
      const hello = helloTo(host);
      const { incarnation, nonce } = await challengeOf(host, hello);
      host.clock.advance(host.ports.settings.handshakeMaxMs + 1);
      return writeHeader({ nonce, proof: secret.proof('dialer', hello, incarnation, nonce) });
    },
    used,
  ],
  [
    'a proof for the incarnation before',
    async (host) => {
      const hello = helloTo(host, { to: incarnationId('b.0') });
      const { incarnation, nonce } = await challengeOf(host, hello);
      return writeHeader({ nonce, proof: secret.proof('dialer', hello, incarnation, nonce) });
    },
    'unknownIncarnation: ',
  ],
  [
    'a right proof',
    async (host) => {
      const hello = helloTo(host);
      const { incarnation, nonce } = await challengeOf(host, hello);
      return writeHeader({ nonce, proof: secret.proof('dialer', hello, incarnation, nonce) });
    },
    'opened',
  ],
];

test.each(attempts)('who knocks with %s is answered rightly', async (_name, prepare, expected) => {
  const host = await openHost('b.1');
  expect(await upgrade(host, await prepare(host))).toBe(expected);
  if (expected === 'opened') await host.until('up');
  else expect((await host.until('refused')).reason.kind).toBe(expected.slice(0, expected.indexOf(':')));
  expect(host.of('up').length).toBe(expected === 'opened' ? 1 : 0);
});

test('a handshake that was overheard cannot be used again', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  const proxy = await Proxy.open(b.address);
  let overheard = '';
  proxy.alter = (direction, chunk) => {
    const text = chunk.toString('latin1');
    if (direction === 'toServer' && text.includes(linkPath)) {
      overheard = /x-godwit-handshake: (\S+)/i.exec(text)?.[1] ?? '';
    }
    return chunk;
  };
  a.wire.links.connect(b.at(proxy.address));
  await b.until('roundTrip');
  expect(overheard).not.toBe('');
  expect(await upgrade(b, overheard)).toBe(used);
  expect(b.of('down')).toEqual([]);
  await proxy.close();
});

test('an unknown version of the handshake is refused as such', async () => {
  const b = await openHost('b.1');
  const header = Buffer.from(JSON.stringify({ version: 2, novelty: true })).toString('base64url');
  expect((await ask(b, challengePath, header)).statusCode).toBe(403);
  expect((await b.until('refused')).reason).toEqual({ kind: 'unknownVersion', expected: 1, found: 2 });
});

test('bytes that are not HTTP are cut off, and the door stays open', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  const port = Number(b.address.split(':')[1]);
  const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.alloc(100_000, 7)));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.on('close', resolve));
  expect((await b.until('refused')).reason.kind).toBe('malformed');
  a.wire.links.connect(b.identity);
  await a.until('up');
});

test('a host stops though somebody who was turned away keeps its side of the connection open', async () => {
  const b = await openHost('b.1');
  const socket = connect({ port: Number(b.address.split(':')[1]), host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  const lines = [`GET ${linkPath} HTTP/1.1`, 'host: x', 'connection: upgrade', 'upgrade: websocket', '', ''];
  socket.write(lines.join('\r\n'));
  socket.resume();
  await new Promise((resolve) => socket.on('end', resolve));
  await b.wire.stop();
  socket.destroy();
});

test('a flood of false proofs is reported by its first few, and locks nobody out', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  const answers: string[] = [];
  for (let index = 0; index < 40; index += 1) {
    const { nonce } = await challengeOf(b, helloTo(b));
    answers.push(await upgrade(b, writeHeader({ nonce, proof: 'cd'.repeat(32) })));
  }
  expect(answers.filter((answer) => answer === unproven).length).toBe(16);
  expect(answers.filter((answer) => answer === 'cut').length).toBe(24);
  expect(b.of('refused').length).toBe(16);

  a.wire.links.connect(b.identity);
  await a.until('up');
});

test('challenges that nobody answers are forgotten, oldest first', async () => {
  const b = await openHost('b.1', { settings: { challengesMax: 2 } });
  const hello = helloTo(b);
  const challenges = [await challengeOf(b, hello), await challengeOf(b, hello), await challengeOf(b, hello)];
  const results = [];
  for (const { incarnation, nonce } of challenges) {
    results.push(
      await upgrade(b, writeHeader({ nonce, proof: secret.proof('dialer', hello, incarnation, nonce) })),
    );
  }
  expect(results).toEqual([used, 'opened', 'opened']);
});

test('a pull without a proof gets no bytes', async () => {
  const b = await openHost('b.1');
  const response = await ask(b, bulkPath, writeHeader({ nonce: 'ab'.repeat(16), proof: 'cd'.repeat(32) }));
  expect(response.statusCode).toBe(403);
});

test('dialing an address where nobody listens, or nobody answers, or somebody else does, says which', async () => {
  const a = await openHost('a.1');
  const b = await openHost('b.1');
  const other = createHttpServer((_request, response) => response.end('welcome'));
  const mute = createServer((socket) => socket.on('error', () => undefined));

  a.wire.links.connect(b.at(await addressOf(other)));
  const { reason } = await a.until('dialFailed');
  expect(reason.kind).toBe('unauthenticated');

  const muteAddress = await addressOf(mute);
  a.wire.links.connect(b.at(muteAddress));
  await new Promise((resolve) => mute.once('connection', resolve));
  a.clock.advance(a.ports.settings.handshakeMaxMs);
  expect((await a.until('dialFailed', 2)).reason).toEqual({
    kind: 'unreachable',
    detail: `${muteAddress}: no link within 2000 ms`,
  });

  await b.wire.stop();
  a.wire.links.connect(b.identity);
  expect((await a.until('dialFailed', 3)).reason).toMatchObject({ kind: 'unreachable' });

  a.wire.links.connect(b.at('192.0.2.1:80'));
  expect((await a.until('dialFailed', 4)).reason).toEqual({
    kind: 'unreachable',
    detail: "'192.0.2.1:80' is not host:port on loopback; TLS and a cluster secret are needed for any other",
  });
});

test('a port in use is named, with what to do', async () => {
  const a = await openHost('a.1');
  const port = Number(a.address.split(':')[1]);
  const b = await openHost('b.1', { listens: false });
  const error = await b.wire.listen('127.0.0.1', port, null).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PortInUseError);
  expect(String(error)).toContain(
    `Port ${port} on 127.0.0.1 is in use by another program. Stop that program`,
  );
});

test.each(['0.0.0.0', '::', '192.168.1.7', 'example.org'])('listening on %s is refused', async (address) => {
  const a = await openHost('a.1', { listens: false });
  const error = await a.wire.listen(address, 0, null).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ListenRefusedError);
  expect(String(error)).toContain('TLS and a cluster secret are needed');
  // Nor is another machine named as the place to reach it.
  const advertised = await a.wire
    .listen('127.0.0.1', 0, formatAddress(address, 7400))
    .catch((thrown: unknown) => thrown);
  expect(String(advertised)).toContain(`Refused to advertise '${address}'`);
});

test('a short cluster secret is refused', async () => {
  await expect(openHost('a.1', { secret: Buffer.from('short') })).rejects.toThrow(WeakSecretError);
});
