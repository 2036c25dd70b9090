import { expect, test } from 'vitest';
import { nodeOfVersion } from '../../src/verify/node-versions.ts';

test('this version is this program', async () => {
  const [major = ''] = process.versions.node.split('.');
  expect(await nodeOfVersion(major)).toBe(process.execPath);
  expect(await nodeOfVersion(process.versions.node)).toBe(process.execPath);
});

test('a version is written in numbers', async () => {
  await expect(nodeOfVersion('latest')).rejects.toThrow(
    /'latest' is no version of Node\.js\. Write --node 22/,
  );
});
