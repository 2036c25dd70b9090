#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { GodwitError, messageOf } from '../core/errors.ts';
import { addClusterCommands } from './cluster-commands.ts';
import { addDemoCommand } from './demo-command.ts';
import { addHostCommand } from './host-command.ts';
import { addRunCommand } from './run-command.ts';
import { addUpCommand } from './up-command.ts';

/** Exit codes: 0 done, 1 it failed, 2 the command line is wrong, 130 interrupted. */
const failed = 1;
const misused = 2;

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

// Whoever read the output may have gone, as `head` does. That is no failure, and a host goes on without a reader.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const program = new Command('godwit')
  .description('Runs methods that can be moved between machines while they run.')
  .version(version())
  .exitOverride()
  .showHelpAfterError('Run with --help to see what it takes.');

addDemoCommand(program);
addUpCommand(program);
addHostCommand(program);
addRunCommand(program);
addClusterCommands(program);

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : misused;
  else {
    process.exitCode = failed;
    const code = error instanceof GodwitError ? ` [${error.code}]` : '';
    const text = `${messageOf(error)}${code}`;
    if (process.argv.includes('--json')) console.log(JSON.stringify({ error: text }));
    else console.error(error instanceof GodwitError ? text : (error as Error).stack);
  }
}
