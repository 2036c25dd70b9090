import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Desk } from './program.ts';

const desk = await Desk.open();

test.each([
  [['ps'], 1, 'Start one with `godwit up`'],
  [['run', 'work.js'], 2, `Expected FILE#METHOD or PACKAGE#METHOD, as census.ts#census; found 'work.js'`],
  [['run', 'work.js#f', '{size'], 2, `Expected JSON, as 5 or '"text"'`],
  [['migrate', 'x-1'], 2, `missing required argument 'host'`],
  [['verify', 'a.mjs', '--include', 'lib.js'], 2, 'Give --script, too, or import it'],
  [['drain', 'r1-h1', '--deadline', 'soon'], 2, `Expected a number above 0, found 'soon'`],
  [['up', '--racks', '0'], 2, `Expected a whole number from 1 to 64, found '0'`],
  [['host'], 2, `required option '--name <name>' not specified`],
  [['host', '--name', 'Host 1'], 2, 'name: expected lower-case letters, digits and dashes'],
  [['host', '--name', 'h', '--listen', 'here'], 2, `Expected HOST:PORT, as 127.0.0.1:7400; found 'here'`],
  [['host', '--name', 'h', '--set', 'lease.termMs'], 2, 'expected KEY=VALUE'],
  [['host', '--name', 'h', '--set', 'lease.team=1'], 2, 'lease.team'],
  [['host', '--name', 'h', '--listen', '0.0.0.0:0'], 1, 'not a loopback address'],
  [['host', '--name', 'h', '--advertise', '10.0.0.7:7400'], 1, `Refused to advertise '10.0.0.7'`],
  [['ps', '--store', 'mysql://x'], 1, 'no driver of that name. Known: lmdb:…'],
  [['flee'], 2, `unknown command 'flee'`],
] as const)('%j is refused with exit code %i, for people and as JSON', async (args, code, text) => {
  const [plain, json] = await Promise.all([desk.run(...args), desk.run(...args, '--json')]);
  expect({ code: plain.code, stdout: plain.stdout }).toEqual({ code, stdout: '' });
  expect(plain.stderr).toContain(text);
  expect(plain.stderr).not.toContain('    at ');
  expect({ code: json.code, stderr: json.stderr }).toEqual({ code, stderr: '' });
  const { error } = JSON.parse(json.stdout) as { readonly error: { readonly message: string } };
  expect(error.message).toContain(text);
});

test('every command shows an example, and the program its exit codes', async () => {
  const { code, stdout } = await desk.run('--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Exit codes: 0 .* 1 .*2 .* 130 /s);
  const commands = [...stdout.matchAll(/^ {2}([a-z-]+) .*\[options\]/gm)].map(([, name]) => name ?? '');
  expect(commands).toEqual(expect.arrayContaining(['up', 'run', 'wait', 'ps', 'events']));
  const helps = await Promise.all(commands.map((name) => desk.run(name, '--help')));
  // The main job takes nothing that would need one.
  const silent = commands.filter(
    (name, at) => name !== 'demo' && !helps[at]?.stdout.includes(`  godwit ${name} `),
  );
  expect(silent.filter((name) => name !== 'hosts')).toEqual([]);
});

test("the version is the package's", async () => {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  expect(await desk.run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});
