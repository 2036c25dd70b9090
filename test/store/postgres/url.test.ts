import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StoreOpenError } from '../../../src/store/errors.ts';
import { lastingRefusal, parsePostgresUrl } from '../../../src/store/postgres/url.ts';

test('reads every part of a URL, escapes included', () => {
  const target = parsePostgresUrl(
    'postgresql://us%40er:p%3Aa%2Fs%25s@db1:6000,db2,[::1]:7000/clu%20ster?schema=rack_1&sslmode=disable',
  );
  expect(target).toMatchObject({
    shown: 'postgresql://us%40er:***@db1:6000,db2,[::1]:7000/clu%20ster?schema=rack_1&sslmode=disable',
    servers: [
      { host: 'db1', port: 6000 },
      { host: 'db2', port: 5432 },
      { host: '::1', port: 7000 },
    ],
    user: 'us@er',
    password: 'p:a/s%s',
    database: 'clu ster',
    schema: 'rack_1',
    checksDurability: true,
  });
});

test('does with what need not be there', () => {
  const target = parsePostgresUrl('postgres://%2Fvar%2Frun%2Fpostgresql/c');
  expect(target).toMatchObject({
    servers: [{ host: '/var/run/postgresql', port: 5432 }],
    user: null,
    password: null,
    schema: 'godwit',
  });
});

const encryptions: readonly (readonly [string, unknown])[] = [
  ['postgres://127.0.0.1/c', false],
  ['postgres://%2Frun/c', false],
  ['postgres://db.example/c', { rejectUnauthorized: true }],
  ['postgres://db.example/c?sslmode=require', { rejectUnauthorized: false }],
  ['postgres://db.example/c?sslmode=disable', false],
  ['postgres://127.0.0.1/c?sslmode=verify-full', { rejectUnauthorized: true }],
];

test.each(encryptions)('%s is encrypted as %j', (url, expected) => {
  const target = parsePostgresUrl(url);
  const [server] = target.servers;
  expect(server && target.encryptionOf(server)).toEqual(expected);
});

test('reads the certificates of its files, and compares no names when it is told not to', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'godwit-ca-')), 'ca.pem');
  await writeFile(file, 'authority');
  const target = parsePostgresUrl(
    `postgres://db/c?sslmode=verify-ca&sslrootcert=${encodeURIComponent(file)}`,
  );
  const [server] = target.servers;
  const encryption = server && target.encryptionOf(server);
  expect(encryption).toMatchObject({ rejectUnauthorized: true, ca: 'authority' });
  if (encryption === undefined || encryption === false) throw new Error('it is encrypted');
  expect(encryption.checkServerIdentity?.()).toBeUndefined();
});

const refused: readonly (readonly [string, string])[] = [
  ['postgres://u:secret@db', 'names no database'],
  ['postgres://u:secret@db/', 'names no database'],
  ['postgres:u:secret', 'not a URL of PostgreSQL'],
  ['postgres://u:secret@/c', 'not HOST or HOST:PORT'],
  ['postgres://u:secret@db:99999/c', 'not HOST or HOST:PORT'],
  ['postgres://u:secret@db/c?password=secret', "parameter 'password' is unknown"],
  ['postgres://u:secret@db/c?schema=Up', "schema is 'Up'"],
  ['postgres://u:secret@db/c?sslmode=maybe', "sslmode is 'maybe'"],
  ['postgres://u:secret@db/c?durability=none', "durability is 'none'"],
  ['postgres://u:secret@db/c?sslrootcert=/nowhere/ca', 'sslrootcert cannot be read'],
  ['postgres://u:secret%@db/c', 'Write % itself as %25'],
];

test.each(refused)('refuses %s, and says why without the password', (url, reason) => {
  expect(() => parsePostgresUrl(url)).toThrow(StoreOpenError);
  expect(() => parsePostgresUrl(url)).toThrow(reason);
  const message = String(
    (() => {
      try {
        return parsePostgresUrl(url);
      } catch (error) {
        return error;
      }
    })(),
  );
  expect(message).not.toContain('secret');
});

test('tells what will never do from what may by itself', () => {
  const target = parsePostgresUrl('postgres://u:p@db/c');
  const of = (code: string, message = 'why'): string | null =>
    lastingRefusal(target, Object.assign(new Error(message), { code }));
  expect(of('28P01')).toContain('password of user u');
  expect(of('3D000')).toContain('createdb c');
  expect(of('42501')).toContain('GRANT CREATE');
  expect(of('DEPTH_ZERO_SELF_SIGNED_CERT')).toContain('sslrootcert');
  expect(of('', 'The server does not support SSL connections')).toContain('sslmode=disable');
  for (const code of ['ECONNREFUSED', '57P03', '53300', '25006']) expect(of(code)).toBeNull();
});
