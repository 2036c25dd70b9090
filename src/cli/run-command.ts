import { existsSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Cluster } from '../cluster.ts';
import { ExecutionFailedError } from '../cluster-errors.ts';
import type { ExecutionId } from '../core/ids.ts';
import { executionId } from '../core/ids.ts';
import type { Package } from '../methods/packages/index.ts';
import { packageTitlePattern } from '../methods/packages/index.ts';
import type { ClusterEvent } from '../protocols/messages.ts';
import { eventText } from './event-text.ts';
import { failureDocument, InterruptedError } from './failure.ts';
import type { StoreOption } from './options.ts';
import { interruption, jsonOption, storeOption, withCluster } from './options.ts';
import { columnsOf, wrapped } from './terminal.ts';
import { jsonValue, valueText } from './value-text.ts';

interface WaitFlags extends StoreOption {
  readonly json: boolean;
}

interface RunFlags extends WaitFlags {
  readonly on?: string;
  readonly durable: boolean;
  readonly wait: boolean;
}

interface MethodName {
  readonly file: string;
  readonly method: string;
}

function parseMethod(text: string): MethodName {
  const at = text.lastIndexOf('#');
  if (at < 1 || at === text.length - 1) {
    throw new InvalidArgumentError(
      `Expected FILE#METHOD or PACKAGE#METHOD, as census.ts#census; found '${text}'.`,
    );
  }
  const file = text.slice(0, at);
  const [name = '', ...module] = file.split('#');
  // PACKAGE#FILE#METHOD, where several files of a package have a method of that name.
  if (module.length > 0 && packageTitlePattern.test(name) && !existsSync(file)) {
    return { file: name, method: text.slice(name.length + 1) };
  }
  return { file, method: text.slice(at + 1) };
}

/** A file of this machine, else a package that was deployed. */
function packageOf(cluster: Cluster, file: string): Promise<Package> {
  const isFile = existsSync(file)
    ? statSync(file).isFile()
    : !packageTitlePattern.test(file) || moduleName.test(file);
  return isFile ? cluster.deploy(file) : cluster.packages.open(file);
}

const moduleName = /\.[cm]?[jt]s$/;

function parseJson(text: string, earlier: readonly unknown[] | undefined): readonly unknown[] {
  try {
    return [...(earlier ?? []), JSON.parse(text) as unknown];
  } catch {
    throw new InvalidArgumentError(`Expected JSON, as 5 or '"text"' or '{"size":3}'; found ${text}.`);
  }
}

/** The commands that start an execution, and that wait for one. */
export function addRunCommands(program: Command): void {
  program
    .command('run')
    .description('start a method of a file, or of a deployed package, on the cluster')
    .argument(
      '<file#method>',
      'a file with "use movable", or a package, and an exported function of it',
      parseMethod,
    )
    .argument('[args...]', 'its arguments, each as JSON', parseJson)
    .option('--on <host>', 'the host to start on; else affinity and availability decide')
    .option('--durable', 'let nothing of it leave before a durable checkpoint covers it', false)
    .option('--wait', 'wait for its result and print it; Ctrl-C ends the waiting only', false)
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nExample:\n  godwit run examples/search.ts#search '{"size":12}' --on r1-h1 --wait`,
    )
    .action(run);
  program
    .command('wait')
    .description('wait until an execution has ended, and print its result')
    .argument('<execution>', 'its id, from `godwit run` or `godwit ps --all`')
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  godwit wait x-3f9c21aa07d4 --json')
    .action((execution: string, flags: WaitFlags) =>
      withCluster(flags, (cluster) => showOutcome(cluster, executionId(execution), flags)),
    );
}

async function run({ file, method }: MethodName, args: readonly unknown[], flags: RunFlags): Promise<void> {
  await withCluster(flags, async (cluster) => {
    const pack = await packageOf(cluster, file);
    const on = flags.on ?? null;
    const { durable } = flags;
    const execution = await cluster.start(pack, method, args, { on, durable });
    if (flags.wait) {
      if (!flags.json) console.error(`${execution} runs; waiting for its result.`);
      await showOutcome(cluster, execution, flags);
    } else console.log(flags.json ? JSON.stringify({ execution, package: pack.hash }) : execution);
  });
}

async function showOutcome(cluster: Cluster, execution: ExecutionId, flags: WaitFlags): Promise<void> {
  if (!flags.json) showProgress(cluster, execution);
  const interrupted = interruption().then(() => {
    throw new InterruptedError(`${execution} goes on. \`godwit wait ${execution}\` waits for it again.`);
  });
  try {
    const value = await Promise.race([cluster.outcome(execution), interrupted]);
    console.log(flags.json ? JSON.stringify({ execution, value: jsonValue(value) }) : valueText(value));
  } catch (error) {
    if (!(error instanceof ExecutionFailedError)) throw error;
    process.exitCode = 1;
    const { executionStack: stack } = error;
    if (flags.json) console.log(JSON.stringify({ execution, error: { ...failureDocument(error), stack } }));
    else console.error(stack);
  }
}

/** Tells whoever waits where the execution is, and what it prints. */
function showProgress(cluster: Cluster, execution: ExecutionId): void {
  const show = (event: ClusterEvent): void => {
    const { detail } = event;
    switch (detail.kind) {
      case 'executionStarted':
      case 'recovered':
      case 'moved':
        if (detail.tenure.execution !== execution) return;
        break;
      case 'moveFailed':
      case 'restoreFailed':
      case 'log':
        if (detail.execution !== execution) return;
        break;
      default:
        return;
    }
    console.error(wrapped(eventText(event), columnsOf(process.stderr), 4));
  };
  cluster.follow(show, { logs: true });
}
