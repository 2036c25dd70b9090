import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SystemDigest } from '../../src/digest.ts';
import { builtEntry } from '../../src/entries.ts';
import { CompileCache, cacheFolder } from '../../src/loader/compile-cache.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'godwit-cache-'));
});
afterEach(() => {
  chmodSync(root, 0o700);
  rmSync(root, { recursive: true, force: true });
});

const digest = new SystemDigest();
const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (content: Uint8Array | null): string | null => content && Buffer.from(content).toString();

test('what was put is got again, by another cache on the same folder too', () => {
  const cache = new CompileCache(join(root, 'cache'), digest);
  const key = cache.key(bytes('source'), ['v1']);
  expect(cache.get(key)).toBeNull();
  cache.put(key, bytes('compiled €'));
  expect(text(cache.get(key))).toBe('compiled €');
  expect(text(new CompileCache(join(root, 'cache'), digest).get(key))).toBe('compiled €');
  // Code that is run belongs to its user alone.
  expect(statSync(join(root, 'cache')).mode & 0o777).toBe(0o700);
  expect(statSync(join(root, 'cache', key)).mode & 0o777).toBe(0o600);
});

test('the key tells content and every part apart, and where one ends', () => {
  const cache = new CompileCache(root, digest);
  const keys = [
    cache.key(bytes('a'), ['b', 'c']),
    cache.key(bytes('a'), ['bc']),
    cache.key(bytes('a'), ['b', 'c', '']),
    cache.key(bytes('ab'), ['c']),
    cache.key(bytes('a'), ['c', 'b']),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test.each([
  ['cut short', (entry: Buffer) => entry.subarray(0, entry.length - 1)],
  ['cut to nothing', () => Buffer.alloc(0)],
  [
    'changed in one bit',
    (entry: Buffer) => Buffer.from(entry.map((byte, at) => (at === 70 ? byte ^ 1 : byte))),
  ],
  ['longer', (entry: Buffer) => Buffer.concat([entry, Buffer.from('x')])],
])('an entry that is %s is not there, and is written anew', (_how, damage) => {
  const cache = new CompileCache(root, digest);
  const key = cache.key(bytes('source'), []);
  cache.put(key, bytes('compiled code'));
  writeFileSync(join(root, key), damage(readFileSync(join(root, key))));
  expect(cache.get(key)).toBeNull();
  cache.put(key, bytes('compiled code'));
  expect(text(cache.get(key))).toBe('compiled code');
});

test('a folder that cannot be made or written costs nothing but the cache', () => {
  writeFileSync(join(root, 'file'), '');
  for (const folder of [join(root, 'file', 'below'), '/dev/null/godwit']) {
    const cache = new CompileCache(folder, digest);
    const key = cache.key(bytes('source'), []);
    cache.put(key, bytes('compiled'));
    expect(cache.get(key)).toBeNull();
  }
});

test.skipIf(!existsSync('/dev/full'))(
  'a full disk leaves nothing half-written under a name that counts',
  () => {
    const cache = new CompileCache(root, digest);
    const key = cache.key(bytes('source'), []);
    // The entry's place is taken by a folder: the last step fails, as it does when the disk is full.
    mkdirSync(join(root, key, 'in the way'), { recursive: true });
    cache.put(key, bytes('compiled'));
    expect(cache.get(key)).toBeNull();
    expect(readdirSync(root)).toEqual([key]);
  },
);

test('the oldest half goes when there are too many', () => {
  for (let index = 0; index < 84; index += 1) {
    const file = join(root, `e${index}`);
    writeFileSync(file, '');
    utimesSync(file, index, index);
  }
  const cache = new CompileCache(root, digest, 80);
  const key = cache.key(bytes('source'), []);
  cache.put(key, bytes('compiled'));
  const left = readdirSync(root);
  expect(left.length).toBe(85 - 40);
  expect(left).toContain(key);
  expect(left).toContain('e83');
  expect(left).not.toContain('e0');
});

test('its folder', () => {
  expect(cacheFolder({ GODWIT_CACHE: '/a/b' })).toBe('/a/b');
  expect(cacheFolder({ GODWIT_CACHE: 'off' })).toBeNull();
  expect(cacheFolder({ XDG_CACHE_HOME: '/c' })).toBe('/c/godwit');
  expect(cacheFolder({ XDG_CACHE_HOME: 'relative' })).toMatch(/\/\.cache\/godwit$/);
});

test('processes that share a folder all run the same program, the first time and later', async () => {
  const source = `'use movable';
export async function sum(n: number): Promise<number> {
  let all = 0;
  for (let i = 0; i < n; i += 1) all += await next(i);
  return all;
}
async function next(i: number) {
  return i;
}
`;
  const names = Array.from({ length: 12 }, (_, index) => `m${index}.ts`);
  for (const name of names) writeFileSync(join(root, name), source);
  const calls = names.map((name) => `await (await import('./${name}')).sum(10)`);
  writeFileSync(join(root, 'main.mjs'), `console.log(${calls.join(' + ')});\n`);
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  const run = (): Promise<string> => {
    const child = spawn(process.execPath, ['--import', builtEntry('register').href, 'main.mjs'], {
      cwd: root,
      env: { ...process.env, GODWIT_CACHE: join(root, 'cache') },
    });
    let told = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (told += String(data)));
    return new Promise((resolve) => child.on('close', () => resolve(told)));
  };
  const entries = (): readonly string[] => readdirSync(join(root, 'cache')).filter((name) => name !== 'node');
  expect(await Promise.all([run(), run()])).toEqual(['540\n', '540\n']);
  const made = entries();
  expect(made).toHaveLength(names.length);
  const [first = ''] = made;
  writeFileSync(join(root, 'cache', first), 'damaged');
  expect(await run()).toBe('540\n');
  expect(entries()).toEqual(made);
  expect(statSync(join(root, 'cache', first)).size).toBeGreaterThan(1_000);
  // Another content is another entry, and nothing of the old one is run.
  writeFileSync(join(root, 'm0.ts'), source.replace('return i;', 'return i + 1;'));
  expect(await run()).toBe('550\n');
  expect(entries()).toHaveLength(names.length + 1);
});
