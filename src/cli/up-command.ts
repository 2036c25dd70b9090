import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { LocalCluster } from './local-cluster.ts';
import type { StoreOption } from './options.ts';
import { interruption, jsonOption, locationOf, storeOption } from './options.ts';

interface UpFlags extends StoreOption {
  readonly racks: number;
  readonly hosts: number;
  readonly set: readonly string[];
  readonly json: boolean;
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 64) return value;
  throw new InvalidArgumentError(`Expected a whole number from 1 to 64, found '${text}'.`);
}

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('run a local cluster of real host processes, until Ctrl-C')
    .option('--racks <count>', 'racks', count, 1)
    .option('--hosts <count>', 'hosts in each rack', count, 2)
    .option(
      '--set <key=value>',
      'a setting of every host; repeatable',
      (value: string, earlier: readonly string[]) => [...earlier, value],
      [],
    )
    .addOption(storeOption())
    .addOption(jsonOption())
    .action(up);
}

async function up(flags: UpFlags): Promise<void> {
  const location = locationOf(flags);
  const interrupted = interruption();
  const say = (line: Record<string, unknown>, text: string): void =>
    console.log(flags.json ? JSON.stringify(line) : text);
  const cluster = new LocalCluster({
    racks: flags.racks,
    hostsPerRack: flags.hosts,
    store: location.url,
    cpuShare: 0,
    settings: flags.set,
    environment: {},
    onLine: (host, stream, line) => {
      if (flags.json) console.log(JSON.stringify({ event: 'line', host, stream, line }));
      else if (stream === 'stderr') console.error(`${host}: ${line}`);
    },
  });
  const starting = cluster.start();
  const early = await Promise.race([starting.then(() => null), interrupted]);
  if (early === null) {
    const names = cluster.hosts.map(({ name }) => name);
    say(
      { event: 'up', store: location.url, hosts: names },
      `Up: ${names.join(', ')}. State: ${location.url}. Ctrl-C stops them.`,
    );
    const ended = cluster.hosts.map(async ({ name, exited }) => {
      const how = await exited;
      say({ event: 'hostEnded', host: name, how }, `Host ${name} has ended (${how}).`);
    });
    await Promise.race([interrupted, Promise.all(ended)]);
  } else starting.catch(() => undefined);
  say({ event: 'stopping' }, 'Stopping: what runs is checkpointed, and goes on at the next start.');
  await cluster.stop();
  say({ event: 'stopped' }, 'Stopped.');
}
