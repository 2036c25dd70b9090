import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { anywhere } from '../cluster.ts';
import { ExecutionFailedError } from '../cluster-errors.ts';
import { hostName } from '../core/ids.ts';
import type { StoreOption } from './options.ts';
import { jsonOption, storeOption, withCluster } from './options.ts';

interface RunFlags extends StoreOption {
  readonly on?: string;
  readonly wait: boolean;
  readonly json: boolean;
}

interface MethodName {
  readonly file: string;
  readonly method: string;
}

function parseMethod(text: string): MethodName {
  const at = text.lastIndexOf('#');
  if (at < 1 || at === text.length - 1) {
    throw new InvalidArgumentError(`Expected FILE#METHOD, as census.ts#census; found '${text}'.`);
  }
  return { file: text.slice(0, at), method: text.slice(at + 1) };
}

function parseJson(text: string, earlier: readonly unknown[] | undefined): readonly unknown[] {
  try {
    return [...(earlier ?? []), JSON.parse(text) as unknown];
  } catch {
    throw new InvalidArgumentError(`Expected JSON, as 5 or '"text"' or '{"size":3}'; found ${text}.`);
  }
}

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('start a method of a file on the cluster')
    .argument('<file#method>', 'a file with "use movable", and one of its exported functions', parseMethod)
    .argument('[args...]', 'its arguments, each as JSON', parseJson)
    .option('--on <host>', 'the host to start on; else affinity and availability decide')
    .option('--wait', 'wait for its result and print it', false)
    .addOption(storeOption())
    .addOption(jsonOption())
    .action(run);
}

async function run({ file, method }: MethodName, args: readonly unknown[], flags: RunFlags): Promise<void> {
  await withCluster(flags, async (cluster) => {
    const pack = await cluster.deploy(file);
    const on = flags.on === undefined ? null : hostName(flags.on);
    const execution = await cluster.start(pack, method, args, { on, affinity: anywhere });
    if (!flags.wait) {
      console.log(flags.json ? JSON.stringify({ execution, package: pack.hash }) : execution);
      return;
    }
    if (!flags.json) console.error(`${execution} runs; waiting for its result.`);
    try {
      const value = await cluster.outcome(execution);
      console.log(flags.json ? JSON.stringify({ execution, value }, bigintsAsText) : render(value));
    } catch (error) {
      if (!(error instanceof ExecutionFailedError)) throw error;
      process.exitCode = 1;
      if (flags.json)
        console.log(JSON.stringify({ execution, error: error.message, stack: error.executionStack }));
      else console.error(error.executionStack);
    }
  });
}

function render(value: unknown): string {
  if (value === undefined) return 'undefined';
  return typeof value === 'string' ? value : JSON.stringify(value, bigintsAsText, 2);
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
