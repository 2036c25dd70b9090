import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { assign, configure, ConfigurationError } from '../config.ts';
import { messageOf } from '../core/errors.ts';
import type { HostEnd } from '../host.ts';
import { startHost } from '../host.ts';
import { interruption, jsonOption, locationOf, storeOption } from './options.ts';

interface HostFlags {
  readonly store?: string;
  readonly name: string;
  readonly rack?: string;
  readonly label: readonly string[];
  readonly lanes?: string;
  readonly cpuShare?: string;
  readonly listen?: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly json: boolean;
}

const collect = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value];

export function addHostCommand(program: Command): void {
  program
    .command('host')
    .description('run one host in this process, until Ctrl-C')
    .requiredOption('--name <name>', 'its name, unique among the live hosts of the cluster')
    .option('--rack <name>', 'the rack it stands in')
    .option('--label <label>', 'what methods may ask for; repeatable', collect, [])
    .option('--lanes <count>', 'worker threads for methods')
    .option('--cpu-share <cores>', 'cores that it may use')
    .option('--listen <host:port>', 'where other hosts reach it; loopback only')
    .option('--config <file>', 'settings as JSON')
    .option('--set <key=value>', 'one setting, as lease.termMs=3000; repeatable', collect, [])
    .addOption(storeOption())
    .addOption(jsonOption())
    .action(run);
}

function settingsOf(flags: HostFlags): Record<string, unknown> {
  let settings: Record<string, unknown> = {};
  if (flags.config !== undefined) {
    try {
      settings = JSON.parse(readFileSync(flags.config, 'utf8')) as Record<string, unknown>;
    } catch (error) {
      throw new ConfigurationError(`--config ${flags.config} cannot be read as JSON: ${messageOf(error)}.`, {
        cause: error,
      });
    }
  }
  const assignments = [`name=${JSON.stringify(flags.name)}`];
  if (flags.rack !== undefined) assignments.push(`rack=${JSON.stringify(flags.rack)}`);
  if (flags.label.length > 0) assignments.push(`labels=${JSON.stringify(flags.label)}`);
  if (flags.lanes !== undefined) assignments.push(`lanes=${flags.lanes}`);
  if (flags.cpuShare !== undefined) assignments.push(`cpuShare=${flags.cpuShare}`);
  if (flags.listen !== undefined) {
    const at = flags.listen.lastIndexOf(':');
    assignments.push(
      `listen.host=${JSON.stringify(flags.listen.slice(0, at))}`,
      `listen.port=${flags.listen.slice(at + 1)}`,
    );
  }
  return assign(settings, [...assignments, ...flags.set]);
}

async function run(flags: HostFlags): Promise<void> {
  const config = configure(settingsOf(flags));
  const interrupted = interruption();
  const print = (line: Record<string, unknown>, text: string): void =>
    console.log(flags.json ? JSON.stringify(line) : text);
  for (;;) {
    const host = await startHost({
      config,
      location: locationOf(flags),
      holdAt: process.env['GODWIT_HOLD_AT'] ?? null,
    });
    const { name, rack, address, incarnation } = host.identity;
    print(
      { event: 'started', ...host.identity, pid: process.pid },
      `Host ${name} of rack ${rack} is up at ${address} (${incarnation}).`,
    );
    const how = await Promise.race([host.ended, interrupted.then(() => null)]);
    if (how === null) {
      print(
        { event: 'stopping', name },
        `Host ${name} stops: checkpoints what runs here, and gives its lease up.`,
      );
      await host.stop();
      print({ event: 'stopped', name }, `Host ${name} has stopped.`);
      return leave(0);
    }
    if (how.kind === 'stopped') return leave(0);
    print({ event: 'ended', name, how }, endText(name, how));
    if (how.kind === 'failed') return leave(1);
    // This incarnation never acts again; the name goes on with a new one.
  }
}

function endText(name: string, how: HostEnd): string {
  if (how.kind === 'failed') return `Host ${name} has failed: ${how.reason}. Its executions go on elsewhere.`;
  const reason = how.kind === 'leaseEnded' ? how.reason : how.kind;
  return `Host ${name} lost its lease (${reason}): its executions go on elsewhere. It comes back as a new incarnation.`;
}

/** Effects of methods may hold the event loop; this host has ended all the same. */
function leave(code: number): void {
  process.exitCode = code;
  setImmediate(() => process.exit(code));
}
