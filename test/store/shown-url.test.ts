import { expect, test } from 'vitest';
import { shownUrl } from '../../src/store/shown-url.ts';

test.each([
  ['lmdb:/home/u/state', 'lmdb:/home/u/state'],
  ['postgres://u:secret@db:5432/c?schema=x', 'postgres://u:***@db:5432/c?schema=x'],
  ['postgres://u:se@c:ret@db/c', 'postgres://u:***@db/c'],
  ['postgresql://u@db/c', 'postgresql://u@db/c'],
  ['postgres://db/c', 'postgres://db/c'],
  ['postgres://u:sec/ret?#@db/c', 'postgres://u:***@db/c'],
  ['postgres://u:secret/c', 'postgres://u:***/c'],
  ['postgres:u:secret', 'postgres:…'],
  ['postgres://db:5432,other:5433/c?password=secret&x=1', 'postgres://db:5432,other:5433/c?password=***&x=1'],
  ['postgres://[::1]:5432/c', 'postgres://[::1]:5432/c'],
  ['nats://token@a:4222,b:4222', 'nats://***@a:4222,b:4222'],
  ['nats://u:secret@a:4222,u:secret@b:4222', 'nats://u:***@b:4222'],
])('%s is shown as %s', (url, shown) => {
  expect(shownUrl(url)).toBe(shown);
});
