import { type Command, Option } from 'commander';
import { fail } from '../failure.ts';
import { collect, jsonOption, positiveNumber, wholeNumber } from '../options.ts';
import type { Sabotage, Verdict, VerdictKind, VerifyOptions } from '../../verify/index.ts';
import { defaultOptions, resumeSnapshot, sabotages, verifyFile } from '../../verify/index.ts';
import { observationText, verdictText } from './verdict-text.ts';

interface VerifyFlags {
  readonly all?: true;
  readonly script?: true;
  readonly include?: readonly string[];
  readonly every?: number;
  readonly movesMax: number;
  readonly time?: true;
  readonly node?: readonly string[];
  readonly fixClock?: true;
  readonly fixRandom?: true;
  readonly trace?: string;
  readonly timeout: number;
  readonly sabotage?: Sabotage;
  readonly json: boolean;
}

const defaultTimeoutSeconds = defaultOptions.timeoutMs / 1_000;

export function addVerifyCommands(program: Command): void {
  program
    .command('verify [files...]')
    .description('run programs natively, and compiled with many moves, and compare all that can be seen')
    .option('--all', 'compile every function, marked or not, and top-level code')
    .option('--script', 'the files are scripts, not modules')
    .option(
      '--include <file>',
      'with --script: another one that is evaluated first; may be repeated',
      collectFiles,
    )
    .option(
      '--every <points>',
      'move at each so many-th safe point, not at the first ones all and then ever fewer',
      wholeNumber(1, 1e9),
    )
    .option(
      '--moves-max <count>',
      'moves of each of the two moved runs, at most',
      wholeNumber(0, 1e9),
      defaultOptions.movesMax,
    )
    .option('--time', 'also measure native against compiled, not moved: medians of 7')
    .option('--node <versions...>', 'versions of Node.js to move between besides this one: 22, 24.1.0')
    .option('--fix-clock', 'each look at the clock is one millisecond after the one before')
    .option('--fix-random', 'seed Math.random')
    .option('--trace <file>', 'keep each snapshot: a list in this file, the snapshots beside it')
    .option('--timeout <seconds>', 'for each file', positiveNumber, defaultTimeoutSeconds)
    .addOption(
      new Option('--sabotage <fault>', 'plant a fault, which has to be found').choices([...sabotages]),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  godwit verify src/census.ts\n  godwit verify --all --node 22 24 --json algorithms/*.js\n\n' +
        'What is compared, and what each verdict means: docs/verify.md.\n' +
        'Exit codes: 0 all equal, 1 any different, unmoved or failed, 2 only refused or unstable.',
    )
    .action(verify);
  program
    .command('resume <snapshot>')
    .description('finish a program from a snapshot that verify --trace has kept, in a new process')
    .option('--timeout <seconds>', 'until it has to have ended', positiveNumber, defaultTimeoutSeconds)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  godwit resume moves.census-ts.dense.17.snapshot')
    .action(resume);
}

const collectFiles = (file: string, earlier: readonly string[] = []): readonly string[] =>
  collect(file, earlier);

/** Interrupted, this process still ends those that it has started, whatever they do. */
function endAllWhenInterrupted(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
}

const version = /^\d+(?:\.\d+)*$/;

async function verify(named: readonly string[], flags: VerifyFlags, command: Command): Promise<void> {
  // As many versions as there are may follow --node, and then files.
  const versions = flags.node ?? [];
  const files = [...named, ...versions.filter((text) => !version.test(text))];
  if (files.length === 0) return command.error("error: missing required argument 'files'");
  if (flags.include !== undefined && flags.script !== true)
    return command.error(
      `error: --include ${flags.include[0]} is for scripts, and these files are taken for modules. Give --script, too, or import it.`,
    );
  const options: VerifyOptions = {
    all: flags.all === true,
    script: flags.script === true,
    include: flags.include ?? [],
    every: flags.every ?? null,
    movesMax: flags.movesMax,
    time: flags.time === true,
    nodeVersions: versions.filter((text) => version.test(text)),
    fixClock: flags.fixClock === true,
    fixRandom: flags.fixRandom === true,
    trace: flags.trace ?? null,
    timeoutMs: flags.timeout * 1_000,
    sabotage: flags.sabotage ?? null,
  };
  endAllWhenInterrupted();
  const kinds = new Set<VerdictKind>();
  for (const file of files) {
    const verdict: Verdict = await verifyFile(file, options);
    kinds.add(verdict.verdict);
    console.log(flags.json ? JSON.stringify(verdict) : verdictText(verdict));
  }
  process.exitCode = exitCodeOf(kinds);
}

function exitCodeOf(kinds: ReadonlySet<VerdictKind>): number {
  if (kinds.has('different') || kinds.has('unmoved') || kinds.has('failed')) return 1;
  return kinds.has('refused') || kinds.has('unstable') ? 2 : 0;
}

async function resume(snapshot: string, flags: Pick<VerifyFlags, 'timeout' | 'json'>): Promise<void> {
  endAllWhenInterrupted();
  try {
    const { head, pid, observation } = await resumeSnapshot(snapshot, flags.timeout * 1_000);
    if (flags.json) {
      console.log(
        JSON.stringify({ snapshot, file: head.source.file, build: head.build, pid, ...observation }),
      );
    } else {
      for (const [stream, base64] of observation.written)
        process[stream].write(Buffer.from(base64, 'base64'));
      console.log(observationText(head, observation));
    }
    process.exitCode = observation.exitCode;
  } catch (error) {
    fail(error, flags.json);
  }
}
