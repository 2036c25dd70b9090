import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { assign, configure, ConfigurationError, settingLines } from '../config.ts';
import { messageOf } from '../core/errors.ts';
import type { HostEnd } from '../host.ts';
import type { LeaseEnd } from '../protocols/lease/holder.ts';
import { fail, InterruptedError } from './failure.ts';
import {
  collect,
  interruption,
  jsonOption,
  locationOf,
  positiveNumber,
  storeOption,
  wholeNumber,
} from './options.ts';

interface HostFlags {
  readonly store?: string;
  readonly name: string;
  readonly rack?: string;
  readonly label: readonly string[];
  readonly lanes?: number;
  readonly cpuShare?: number;
  readonly listen?: { readonly host: string; readonly port: number };
  readonly advertise?: { readonly host: string; readonly port: number };
  readonly config?: string;
  readonly set: readonly string[];
  readonly untilStdinEnds: boolean;
  readonly json: boolean;
}

export function addHostCommand(program: Command): void {
  program
    .command('host')
    .description('run one host in this process, until Ctrl-C')
    .requiredOption('--name <name>', 'its name, unique among the live hosts of the cluster')
    .option('--rack <name>', 'the rack it stands in')
    .option('--label <label>', 'what methods may ask for; repeatable', collect, [])
    .option('--lanes <count>', 'worker threads for methods', wholeNumber(1, 256))
    .option('--cpu-share <cores>', 'cores that it may use', positiveNumber)
    .option('--listen <host:port>', 'where it listens; loopback only', parseListen)
    .option(
      '--advertise <host:port>',
      'where other hosts reach it, if not there: a proxy, or the end of a tunnel',
      parseListen,
    )
    .option('--config <file>', 'settings as JSON')
    .option('--set <key=value>', 'one setting, as lease.termMs=3000; repeatable', collect, [])
    .option('--until-stdin-ends', 'stop when standard input ends: whoever started it has gone', false)
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText('after', helpText)
    .action(run);
}

function parseListen(text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new InvalidArgumentError(`Expected HOST:PORT, as 127.0.0.1:7400; found '${text}'.`);
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
    const { host, port } = flags.listen;
    assignments.push(`listen.host=${JSON.stringify(host)}`, `listen.port=${port}`);
  }
  if (flags.advertise !== undefined) assignments.push(`advertise=${JSON.stringify(flags.advertise)}`);
  return assign(settings, [...assignments, ...flags.set]);
}

function helpText(): string {
  const settings = settingLines().map((line) => `  ${line}\n`);
  return (
    `\nSettings, with their defaults; some differ by store (docs/stores.md):\n${settings.join('')}` +
    '\nExample:\n  godwit host --name r1-h3 --rack r1 --label gpu --set checkpoints.everyMs=500'
  );
}

async function run(flags: HostFlags): Promise<void> {
  const location = locationOf(flags);
  const config = configure(settingsOf(flags), location.url);
  const asked = interruption();
  // Loaded when it is needed: the other commands do without a host's drivers.
  const { startHost } = await import('../host.ts');
  const { HoldPoint } = await import('../host-adapters.ts');
  const point = process.env['GODWIT_HOLD_AT'] ?? '';
  const holdAt = point === '' ? null : new HoldPoint(point);
  if (holdAt !== null) process.on('SIGUSR2', () => holdAt.letGo());
  const interrupted = flags.untilStdinEnds ? Promise.race([asked, inputEnd()]) : asked;
  const print = (line: Record<string, unknown>, text: string): void =>
    console.log(flags.json ? JSON.stringify(line) : text);
  for (;;) {
    const starting = startHost({
      config,
      location,
      holdAt,
    });
    const host = await Promise.race([starting, interrupted.then(() => null)]);
    // Whatever it holds by now ends by itself, as if it had been killed.
    if (host === null) return leaveEarly(flags);
    const { name, rack, address, incarnation } = host.identity;
    const listening = host.bound === address ? '' : `, and listens at ${host.bound}`;
    print(
      { event: 'started', ...host.identity, bound: host.bound, pid: process.pid },
      `Host ${name} of rack ${rack} is up at ${address} (${incarnation})${listening}.`,
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
  const reason = how.kind === 'leaseEnded' ? leaseEndTexts[how.reason] : how.kind;
  return `Host ${name} lost its lease (${reason}): its executions go on elsewhere. It comes back as a new incarnation.`;
}

const leaseEndTexts: Readonly<Record<LeaseEnd, string>> = {
  suspended: 'its machine was suspended',
  written: 'others wrote that it has ended',
  asked: 'it was asked to',
  notAcquired: 'the store was away for too long while it started',
  storeLost: 'the store has lost what it had acknowledged, or its driver broke; see the log',
};

function leaveEarly({ name, json }: HostFlags): void {
  fail(new InterruptedError(`Host ${name} was interrupted before it was up.`), json);
  setImmediate(() => process.exit());
}

/** Resolves when standard input has ended, as it does when the process at its other end has gone. */
function inputEnd(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.once('close', resolve).once('error', () => resolve());
    process.stdin.resume();
    // A host that cannot start ends all the same.
    if ('unref' in process.stdin) process.stdin.unref();
  });
}

/** Effects of methods may hold the event loop; this host has ended all the same. */
function leave(code: number): void {
  process.exitCode = code;
  setImmediate(() => process.exit(code));
}
