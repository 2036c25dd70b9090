import { writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Desk } from './program.ts';

const desk = await Desk.open();

/** Eight components over twelve samples, in per cent of a core, some of them heavy. */
const matrix = [
  `time,${Array.from({ length: 8 }, (_, at) => `c${at}`).join(',')}`,
  ...Array.from({ length: 12 }, (_, sample) =>
    [sample, ...Array.from({ length: 8 }, (_one, at) => (at % 3 === 0 ? 90 : 15 + sample))].join(','),
  ),
].join('\n');

test('godwit simulate compares policies on a recording, and draws them', async () => {
  await writeFile(join(desk.folder, 'demand.csv.gz'), gzipSync(matrix));
  const fleet = ['--hosts', '2', '--racks', '2', '--capacity', '2.1'];
  const args = ['simulate', '--workload', 'demand.csv.gz', ...fleet];
  const policies = ['--policy', 'static,deviation,multi-objective', '--moves-per-hour', '4'];
  const [plain, json] = await Promise.all([
    desk.run(...args, ...policies),
    desk.run(...args, ...policies, '--json', '--svg', 'overload.svg'),
  ]);
  expect({ code: plain.code, stderr: plain.stderr }).toEqual({ code: 0, stderr: '' });
  expect(plain.stdout).toContain('8 components for 1.0 h');
  expect(plain.stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(
    expect.arrayContaining(['POLICY', 'static', 'deviation', 'multi-objective']),
  );
  const { reports } = JSON.parse(json.stdout) as {
    readonly reports: readonly { readonly policy: string; readonly overloadHostMinutes: number }[];
  };
  expect(reports.map(({ policy }) => policy)).toEqual(['static', 'deviation', 'multi-objective']);
  expect(reports[2]?.overloadHostMinutes).toBeLessThan(reports[0]?.overloadHostMinutes ?? 0);
  expect(await readFile(join(desk.folder, 'overload.svg'), 'utf8')).toContain('<polyline');
});

test.each([
  ['none.csv', null, 'cannot be read'],
  ['words.csv', 'a,b\n1,two\n3,4\n', `Row 1 of words.csv has 'two' in column 2`],
  ['ragged.csv', 'a,b\n1,2\n3\n', 'is no CSV'],
  ['counter.csv', 'a\n1\n-2\n', 'demand of -2 at sample 1'],
  ['short.csv', 'a,b\n1,2\n', '1 samples; at least'],
])('%s is refused with what is wrong with it', async (name, text, said) => {
  if (text !== null) await writeFile(join(desk.folder, name), text);
  const { code, stderr } = await desk.run('simulate', '--workload', name, '--hosts', '2', '--racks', '1');
  expect(code).toBe(1);
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(said);
});
