import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { connect } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../../src/store/contract.ts';
import {
  StoreAbsentError,
  StoreFullError,
  StoreOpenError,
  StoreUnavailableError,
} from '../../../src/store/errors.ts';
import { cautionAbout } from '../../../src/store/nats.ts';
import { parseAddress } from '../../../src/store/nats/address.ts';
import { openStore } from '../../../src/store/open.ts';
import { storeOptions } from '../../../src/store/options.ts';
import { clock, random } from '../ports.ts';
import { findNatsServer, NatsCluster } from './cluster.ts';

const options = storeOptions({ clock, random });
const binary = await findNatsServer();

async function server(settings: {
  readonly lines?: string;
  readonly jetStream?: string | null;
}): Promise<NatsCluster> {
  const alone = await NatsCluster.start(binary ?? '', { size: 1, ...settings });
  onTestFinished(() => alone.dispose());
  return alone;
}

async function open(url: string): Promise<Store> {
  const store = await openStore(url, options);
  onTestFinished(async () => {
    await store.close();
  });
  return store;
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

test.each([
  ['nats://a,b:7,[::1]:9', ['a:4222', 'b:7', '[::1]:9'], 'godwit', 'none'],
  ['tls://a/other', ['a:4222'], 'other', 'none'],
  ['nats://ann:p%40ss@a', ['a:4222'], 'godwit', 'user'],
  ['nats://t0ken@a', ['a:4222'], 'godwit', 'token'],
])('%s is understood', (url, servers, name, kind) => {
  const address = parseAddress(url);
  expect([address.servers, address.name, address.credentials.kind]).toEqual([servers, name, kind]);
  expect(address.encrypted).toBe(url.startsWith('tls:'));
  expect(address.shown).not.toMatch(/p%40ss|p@ss|t0ken/);
});

test.each([
  'nats:a',
  'nats://',
  'nats://a:0',
  'nats://a,,b',
  'nats://a/b.c',
  'nats://u:se/cret@a',
  'nats://u:%zz@a',
])('%s is refused, and nothing secret is repeated', (url) => {
  expect(() => parseAddress(url)).toThrow(StoreOpenError);
  expect(() => parseAddress(url)).toThrow(/Expected nats:\/\/\[USER:PASSWORD@\]HOST:PORT/);
  expect(() => parseAddress(url)).not.toThrow(/se\/cret|cret@|%zz/);
});

test.each([
  ['2.9.10', /nats-server 2\.9\.10 can lose/],
  ['1.4.1', /can lose/],
  ['', /can lose/],
  ['2.10.0', null],
  ['2.12.0-beta.1', null],
  ['3.0.0', null],
])('of servers of version %s hosts are warned as they should be', (version, expected) => {
  if (expected === null) expect(cautionAbout(version)).toBeNull();
  else expect(cautionAbout(version)).toMatch(expected);
});

describe.skipIf(binary === null)('a server', () => {
  test('says its version, and so hosts are warned of it', async () => {
    const { stdout } = await promisify(execFile)(binary ?? '', ['--version']);
    const version = /v([\d.]+)/.exec(stdout)?.[1] ?? '';
    expect(version).toMatch(/^\d/);
    const store = await open((await server({})).url('x'));
    expect(store.caution).toBe(cautionAbout(version));
  });

  test('that knows other credentials is not asked twice, and the password is not told', async () => {
    const { nodes } = await server({ lines: 'authorization { user: ann, password: "right-word" }' });
    const address = nodes[0]?.address ?? '';
    const error = await failure(openStore(`nats://ann:wrong-word@${address}/x`, options));
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(String(error)).toMatch(/refuse these credentials/);
    expect(String(error)).not.toMatch(/wrong-word/);
    const store = await open(`nats://ann:right-word@${address}/x`);
    expect([(await store.registry.cas('a', 'absent', new Uint8Array())).kind, store.url]).toEqual([
      'done',
      `nats://ann:***@${address}/x`,
    ]);
  });

  test('without JetStream is no store', async () => {
    const error = await failure(openStore((await server({ jetStream: null })).url('x'), options));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(String(error)).toMatch(/nats-server -js/);
  });

  test('that nobody listens at is named', async () => {
    const alone = await server({});
    const url = alone.url('x');
    await alone.dispose();
    const error = await failure(openStore(url, options));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(String(error)).toContain(alone.nodes[0]?.address);
  });

  test('has a cluster only when a host made one, and no stream that would lose rows is used', async () => {
    const alone = await server({});
    await expect(openStore(alone.url('x'), { ...options, mayCreate: false })).rejects.toThrow(
      StoreAbsentError,
    );
    const connection = await connect({ servers: alone.nodes[0]?.address ?? '' });
    const config = {
      name: 'x',
      subjects: ['x.>'],
      storage: 'memory',
      max_msgs_per_subject: 1,
      num_replicas: 1,
    };
    await connection.request('$JS.API.STREAM.CREATE.x', JSON.stringify(config));
    await connection.close();
    await expect(openStore(alone.url('x'), options)).rejects.toThrow(/storage: found memory, expected file/);
  });

  test('whose room for large values is used up goes on with rows, and takes more when something was deleted', async () => {
    const alone = await server({});
    const { registry, vault } = await open(alone.url('x'));
    await limitBytes(alone, 'x-vault', 3_000_000);
    await registry.cas('before', 'absent', new Uint8Array(10));
    const value = new Uint8Array(1_000_000).fill(7);
    let stored = 0;
    let error: unknown = null;
    for (; error === null && stored < 20; stored += 1) error = await failure(vault.put(`v/${stored}`, value));
    expect([error instanceof StoreFullError, stored]).toEqual([true, 3]);
    expect((await registry.cas('large', 'absent', value)).kind).toBe('done');
    expect(await vault.list('')).toEqual(['v/0', 'v/1']);
    await vault.delete('v/0');
    let again: unknown = error;
    // What was deleted is cleared away behind the answer.
    while (again instanceof StoreFullError)
      again = await failure(vault.put('v/again', value.subarray(0, 500_000)));
    expect(again).toBeNull();
  });

  test('that has forgotten what it showed ends the session', async () => {
    const alone = await server({});
    const store = await open(alone.url('x'));
    for (let index = 0; index < 5; index += 1)
      await store.registry.cas(`row/${index}`, 'absent', new Uint8Array(1));
    const connection = await connect({ servers: alone.nodes[0]?.address ?? '' });
    await connection.request('$JS.API.STREAM.DELETE.x');
    await connection.close();
    await open(alone.url('x'));
    const error = await failure(store.registry.get('row/0'));
    expect([error instanceof StoreUnavailableError, String(error)]).toEqual([
      true,
      expect.stringMatching(/which it had shown before; open it again/),
    ]);
    expect(String(await failure(store.registry.get('row/1')))).toMatch(/open it again/);
    expect(await store.lost).toMatch(/which it had shown before; open it again/);
  });

  test('that has no room at all says so of every call', async () => {
    const alone = await server({ jetStream: 'max_file_store: 4MB' });
    const { registry, vault } = await open(alone.url('x'));
    const value = new Uint8Array(1_000_000).fill(7);
    let error: unknown = null;
    for (let stored = 0; error === null && stored < 20; stored += 1)
      error = await failure(vault.put(`v/${stored}`, value));
    expect([
      error instanceof StoreFullError || error instanceof StoreUnavailableError,
      String(error),
    ]).toEqual([true, expect.stringMatching(/full|no room/)]);
    expect(String(await failure(registry.list('')))).toMatch(/no room left/);
  });
});

async function limitBytes(cluster: NatsCluster, stream: string, bytes: number): Promise<void> {
  const connection = await connect({ servers: cluster.nodes[0]?.address ?? '' });
  const info = (await connection.request(`$JS.API.STREAM.INFO.${stream}`)).json<{
    readonly config: object;
  }>();
  const answer = await connection.request(
    `$JS.API.STREAM.UPDATE.${stream}`,
    JSON.stringify({ ...info.config, max_bytes: bytes }),
  );
  expect(answer.json()).not.toHaveProperty('error');
  await connection.close();
}
