import type { Command } from 'commander';
import { shownUrl } from '../store/shown-url.ts';
import type { StoreLocation } from '../store/state-folder.ts';
import { InterruptedError } from './failure.ts';
import { hostNames, LocalCluster } from '../testing/local/host-processes.ts';
import type { StoreOption } from './options.ts';
import { collect, interruption, jsonOption, locationOf, storeOption, wholeNumber } from './options.ts';

interface UpFlags extends StoreOption {
  readonly racks: number;
  readonly hosts: number;
  readonly set: readonly string[];
  readonly json: boolean;
}

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('run a local cluster of real host processes, until Ctrl-C')
    .option('--racks <count>', 'racks', wholeNumber(1, 64), 1)
    .option('--hosts <count>', 'hosts in each rack', wholeNumber(1, 64), 2)
    .option('--set <key=value>', 'a setting of every host, as lease.termMs=3000; repeatable', collect, [])
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  godwit up --racks 2 --hosts 2 --store ./state\n\n' +
        'Ctrl-C checkpoints what runs, and stops the hosts; the next `up` at the same store goes on with it.\n' +
        'A second Ctrl-C ends them at once.',
    )
    .action(up);
}

type Say = (line: Readonly<Record<string, unknown>>, text: string) => void;

async function up(flags: UpFlags): Promise<void> {
  const location = locationOf(flags);
  const say: Say = (line, text) => console.log(flags.json ? JSON.stringify(line) : text);
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
  const interrupted = interruption(() => cluster.kill());
  const names = hostNames(flags.racks, flags.hosts).map(({ name }) => name);
  say({ event: 'starting', store: shownUrl(location.url), hosts: names }, `Starting ${names.join(', ')} …`);
  const starting = cluster.start();
  const isUp = await Promise.race([starting.then(() => true), interrupted.then(() => false)]);
  if (!isUp) {
    starting.catch(() => undefined); // Hosts that are told to stop do not come up.
    await cluster.stop();
    throw new InterruptedError('Interrupted before the cluster was up. Its hosts have stopped.');
  }
  say({ event: 'up', store: shownUrl(location.url), hosts: names }, upText(names, location, flags));
  const stopped = await untilStopped(cluster, interrupted, say);
  if (!stopped) process.exitCode = 1;
}

function upText(names: readonly string[], { url, folder }: StoreLocation, flags: UpFlags): string {
  const place = url.startsWith('lmdb:') ? folder : shownUrl(url);
  // Every command finds the user's own state folder by itself.
  const option = flags.store === undefined ? '' : ` --store ${place}`;
  const isWhole = place === folder || place === url;
  return [
    `Up: ${names.join(', ')}. State: ${place}`,
    isWhole ? 'In another terminal:' : 'In another terminal, with the same GODWIT_STORE:',
    `  godwit run FILE#METHOD [JSON…] --wait${isWhole ? option : ''}`,
    `  godwit ps${isWhole ? option : ''}`,
    'Ctrl-C stops the hosts. What runs is checkpointed, and goes on at the next start.',
  ].join('\n');
}

/** @returns false when all hosts have ended by themselves */
async function untilStopped(
  cluster: LocalCluster,
  interrupted: Promise<unknown>,
  say: Say,
): Promise<boolean> {
  let stopping = false;
  let left = cluster.hosts.length;
  const ended = cluster.hosts.map(async ({ name, exited }) => {
    const how = await exited;
    left -= 1;
    const goesOn = left > 0 ? ': what ran there goes on at the others' : '';
    const text = `Host ${name} has ended (${how})${stopping ? '' : goesOn}.`;
    say({ event: 'hostEnded', host: name, how }, text);
  });
  const all = Promise.all(ended).then(() => 'ended' as const);
  const how = await Promise.race([all, interrupted.then(() => 'interrupted' as const)]);
  if (how === 'ended') {
    say(
      { event: 'stopped' },
      'All hosts have ended. What ran goes on from its checkpoints at the next start.',
    );
    return false;
  }
  stopping = true;
  say({ event: 'stopping' }, 'Stopping: what runs is checkpointed. Ctrl-C again ends it at once.');
  await cluster.stop();
  await all;
  say({ event: 'stopped' }, 'Stopped.');
  return true;
}
