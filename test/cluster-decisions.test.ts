import { expect, test } from 'vitest';
import { DecisionArchive, RecordUnreadableError } from '../src/cluster-decisions.ts';
import { executionId } from '../src/core/ids.ts';

const x = executionId('x-1');

function archive(values: Readonly<Record<string, string>>): DecisionArchive {
  return new DecisionArchive({
    get: async (key) => {
      const text = values[key];
      return text === undefined ? null : new TextEncoder().encode(text);
    },
    list: async (prefix) => Object.keys(values).filter((key) => key.startsWith(prefix)),
  });
}

test('records are found by execution, by time and by migration', async () => {
  const decisions = archive({
    'decision/x-1/000000000000200-bb': '{"version":1,"subject":"x-1","atWallMs":200}',
    'decision/x-2/000000000000100-aa': '{"version":1,"subject":"x-2","atWallMs":100}',
    'migration/x-1/000000000000300-m-1': '{"version":1,"migration":"m-1"}',
  });
  expect(await decisions.of(x)).toMatchObject([{ record: { subject: 'x-1' } }]);
  expect(await decisions.newest(1)).toMatchObject([{ record: { subject: 'x-1' } }]);
  expect(await decisions.newest(5)).toMatchObject([
    { record: { subject: 'x-2' } },
    { record: { subject: 'x-1' } },
  ]);
  expect(await decisions.migrationsOf(x)).toMatchObject([{ migration: 'm-1' }]);
  expect(await decisions.migration('m-1')).toMatchObject({ migration: 'm-1' });
  expect(await decisions.migration('1')).toBeNull();
  expect(await decisions.at('decision/x-9/1')).toBeNull();
});

test('one record that cannot be read does not hide the others, and is named', async () => {
  const decisions = archive({
    'decision/x-1/000000000000100-aa': 'not JSON',
    'decision/x-1/000000000000200-bb': '{"version":2}',
    'decision/x-1/000000000000300-cc': 'null',
    'decision/x-1/000000000000400-dd': '{"version":1,"subject":"x-1"}',
  });
  expect(await decisions.of(x)).toMatchObject([{ record: { subject: 'x-1' } }]);
  expect(decisions.unreadable).toHaveLength(3);
  expect(decisions.unreadable.join('\n')).toContain('has version 2, and this release reads version 1');
  await expect(decisions.at('decision/x-1/000000000000100-aa')).rejects.toThrow(RecordUnreadableError);
});
