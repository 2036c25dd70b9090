import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { classify, RegistryFault } from '../../../src/store/lmdb/fault.ts';

const { ENOSPC, EFBIG, EIO } = constants.errno;

const rows: [string, unknown, string][] = [
  ['a full disk', ENOSPC, 'full'],
  ['a file as large as may be', EFBIG, 'full'],
  ['a database as large as may be', -30792, 'full'],
  ['a damaged page', -30796, 'corrupt'],
  ['a disk that fails', EIO, 'ambiguous'],
  ['an error without a number', 'ENOSPC', 'ambiguous'],
];

test.each(rows)('what an error of the database means: %s', (_name, code, kind) => {
  const thrown = Object.assign(new Error('no write'), { code });
  expect(classify(thrown, 'a.mdb', 'ambiguous')).toMatchObject({ kind, what: 'a.mdb' });
});

test('what was found by itself keeps its meaning', () => {
  const fault = RegistryFault.corrupt('row/1', 'its checksum is wrong');
  expect(classify(fault, 'a.mdb', 'ambiguous')).toBe(fault.failure);
});
