import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { Command } from 'commander';
import { SystemDigest } from '../digest.ts';
import { filesOf } from './check/file-list.ts';
import { type CheckedFile, checkFile, type CheckFinding } from './check/findings.ts';
import { jsonOption } from './options.ts';
import { countText } from './table.ts';
import { columnsOf, wrappedLines } from './terminal.ts';

/** Says of movable files, without running anything, what would be refused, and what would keep executions where they are. */
export function addCheckCommand(program: Command): void {
  program
    .command('check <files...>')
    .description('say of movable files, without running them, what is refused and what cannot be moved')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Files, folders, or patterns such as 'src/**/*.ts'. Files without the directive are passed over.

  refused   cannot be compiled: the file does not load
  pins      an execution that stands there stays on its host until it has gone on
  may pin   it stays if the variable holds what its text suggests; whoever knows better may ignore it

Exit codes: 0 nothing is refused or pins, 1 something is, 2 the command line is wrong.

Example:
  godwit check src --json`,
    )
    .action(check);
}

function check(names: readonly string[], flags: { readonly json: boolean }): void {
  const digest = new SystemDigest();
  const files = filesOf(names).map((path) => {
    const name = relative(process.cwd(), path).split(sep).join('/');
    return checkFile(name, readFileSync(path, 'utf8'), digest);
  });
  const findings = files.flatMap((file) => file.findings);
  if (findings.some(({ kind }) => kind !== 'mayPin')) process.exitCode = 1;
  if (flags.json) return console.log(JSON.stringify({ files, ...counts(findings) }));
  const columns = columnsOf(process.stdout);
  for (const { file, findings: own } of files) {
    for (const finding of own) console.log(wrappedLines(findingText(file, finding), columns));
  }
  console.log(summary(files));
}

const kindText = { refused: 'refused', pins: 'pins', mayPin: 'may pin' } as const;

function findingText(file: string, { kind, line, column, what, instead }: CheckFinding): string {
  return `${file}:${line}:${column} ${kindText[kind]}: ${what}. Write: ${instead}`;
}

function counts(findings: readonly CheckFinding[]): Readonly<Record<CheckFinding['kind'], number>> {
  const count = (kind: CheckFinding['kind']): number => findings.filter((one) => one.kind === kind).length;
  return { refused: count('refused'), pins: count('pins'), mayPin: count('mayPin') };
}

function summary(files: readonly CheckedFile[]): string {
  const movable = files.filter(({ methods, findings }) => methods.length + findings.length > 0);
  const methods = movable.reduce((sum, file) => sum + file.methods.length, 0);
  const { refused, pins, mayPin } = counts(files.flatMap(({ findings }) => findings));
  const looked = `${countText(files.length, 'file')}, ${movable.length} of them movable, ${countText(methods, 'method')}`;
  if (refused + pins + mayPin === 0)
    return `${looked}: nothing is refused, and nothing pins as far as can be seen.`;
  return `${looked}: ${refused} refused, ${pins} pin, ${mayPin} may pin.`;
}
