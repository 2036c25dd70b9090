#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addCheckCommand } from './check-command.ts';
import { addClusterCommands } from './cluster-commands.ts';
import { addControlCommands } from './control-commands.ts';
import { addDemoCommand } from './demo-command.ts';
import { addDeployCommands } from './deploy-command.ts';
import { exitCodes, fail } from './failure.ts';
import { addExplainCommand } from './explain-command.ts';
import { addForecastCommand } from './forecast-command.ts';
import { addHostCommand } from './host-command.ts';
import { addLatencyCommand } from './latency-command.ts';
import { addRunCommands } from './run-command.ts';
import { addSimulateCommand } from './simulate-command.ts';
import { addSimulateFaultsCommand } from './simulate-faults-command.ts';
import { addUpCommand } from './up-command.ts';
import { addVerifyCommands } from './verify/verify-command.ts';
import { addWhatIfCommand } from './what-if-command.ts';

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

// Whoever read the output may have gone, as `head` does, or the terminal. That is no failure, and a host goes on
// without a reader.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

const json = process.argv.includes('--json');
const program = new Command('godwit')
  .description('Runs methods that can be moved between machines while they run.')
  .version(version())
  .exitOverride()
  .configureOutput({ writeErr: (text) => void (json || process.stderr.write(text)) })
  .showHelpAfterError('Add --help to see what it takes, with an example.')
  .addHelpText(
    'after',
    `
Example:
  godwit up --racks 2                                  in one terminal, and in another:
  godwit run examples/search.ts#search '{"size":12}' --wait

${exitCodes}`,
  );

addDemoCommand(program);
addUpCommand(program);
addHostCommand(program);
addRunCommands(program);
addDeployCommands(program);
addCheckCommand(program);
addClusterCommands(program);
addSimulateCommand(program);
addSimulateFaultsCommand(program);
addControlCommands(program);
addExplainCommand(program);
addWhatIfCommand(program);
addForecastCommand(program);
addLatencyCommand(program);
addVerifyCommands(program);

try {
  await program.parseAsync(process.argv);
} catch (error) {
  fail(error, json);
}
