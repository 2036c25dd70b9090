import type { Command } from 'commander';
import type { Cluster, SettledExecution } from '../cluster.ts';
import type { HostName } from '../core/ids.ts';
import { executionId, hostName } from '../core/ids.ts';
import type { ClusterEvent, ExecutionSummary, HostDescription } from '../protocols/messages.ts';
import { eventText } from './event-text.ts';
import { inspectionText } from './inspection-text.ts';
import type { StoreOption } from './options.ts';
import { interruption, jsonOption, outputGone, positiveNumber, storeOption, withCluster } from './options.ts';
import { bytesText, countText, secondsText, table } from './table.ts';
import { columnsOf, wrapped } from './terminal.ts';

interface Flags extends StoreOption {
  readonly json: boolean;
}

/** The commands that look at a running cluster, or change what it does. */
export function addClusterCommands(program: Command): void {
  const command = (nameAndArgs: string, description: string, example: string): Command =>
    program
      .command(nameAndArgs)
      .description(description)
      .addOption(storeOption())
      .addOption(jsonOption())
      .addHelpText('after', `\nExample:\n  ${example}`);

  command('hosts', 'list the hosts that are up', 'godwit hosts').action(hosts);
  command('ps', 'list the executions that have not ended', 'godwit ps --all')
    .option('--all', 'those that have ended too', false)
    .action(ps);
  command(
    'inspect <execution>',
    'show the live stack of an execution, frame by frame',
    'godwit inspect x-3f9c21aa07d4',
  ).action(inspect);
  command(
    'migrate <execution> <host>',
    'move a running execution to a host',
    'godwit migrate x-3f9c21aa07d4 r1-h2',
  ).action(migrate);
  command(
    'release <execution>',
    'let an execution run again that was quarantined because it died wherever it ran',
    'godwit release x-3f9c21aa07d4',
  ).action(release);
  command('drain <host>', 'move everything away from a host', 'godwit drain r1-h2 --deadline 30')
    .option('--deadline <seconds>', 'how long it may take', positiveNumber, 60)
    .action(drain);
  command('events', 'print what happened on the hosts', 'godwit events --follow --logs --json')
    .option('--follow', 'go on until Ctrl-C', false)
    .option('--logs', "the executions' console output too", false)
    .action(events);
}

/** For people, on a terminal: why a list is empty. Whoever reads the list itself is not disturbed. */
function remark(text: string): void {
  console.error(text);
}

async function hosts(flags: Flags): Promise<void> {
  const found = await withCluster(flags, (cluster) => cluster.hosts());
  if (flags.json) return console.log(JSON.stringify(found));
  const titles = ['HOST', 'RACK', 'PHASE', 'CORES', 'EXECS', 'DEMAND', 'AVAILABLE', 'PID', 'ADDRESS'];
  console.log(table(titles, found.map(hostRow), columnsOf(process.stdout)));
  if (found.length === 0) remark('No host is up. Start some with `godwit up`.');
}

function hostRow({ identity, phase, availability, pid }: HostDescription): readonly string[] {
  const { cpuShare, executions, demand } = availability;
  return [
    identity.name,
    identity.rack,
    phase,
    String(Number(cpuShare.toFixed(2))),
    String(executions),
    demand.toFixed(1),
    availability.availability.toFixed(2),
    String(pid),
    identity.address,
  ];
}

async function ps(flags: Flags & { readonly all: boolean }): Promise<void> {
  const { running, settled } = await withCluster(flags, async (cluster) => ({
    running: await cluster.executions(),
    settled: flags.all ? await cluster.settled() : [],
  }));
  if (flags.json) {
    const ended = settled.map((one) => ({ ...one, phase: 'settled' }));
    return console.log(JSON.stringify([...running, ...ended]));
  }
  const titles = ['EXECUTION', 'METHOD', 'HOST', 'STATE', 'CPU', 'SIZE', 'MOVES', 'RECOV'];
  const rows = [...running.map(executionRow), ...settled.map(settledRow)];
  const logs = running.some(({ lastLog }) => lastLog !== '') ? ['LOG'] : [];
  console.log(table([...titles, ...logs], rows, columnsOf(process.stdout)));
  if (rows.length === 0)
    remark('Nothing runs. `godwit run FILE#METHOD` starts something; `ps --all` shows what has ended.');
}

function executionRow(summary: ExecutionSummary): readonly string[] {
  const { execution, method, host, phase, activity, cpuMs, snapshotBytes, epoch, generation, pin, lastLog } =
    summary;
  const state = pin !== null ? 'pinned' : phase === 'running' ? activity : phase;
  const snapshot = snapshotBytes === 0 ? '-' : bytesText(snapshotBytes);
  return [
    execution,
    method.method,
    host,
    state,
    secondsText(cpuMs),
    snapshot,
    ...movesOf(epoch, generation),
    lastLog,
  ];
}

function settledRow({
  execution,
  method,
  host,
  outcome,
  epoch,
  generation,
}: SettledExecution): readonly string[] {
  return [execution, method.method, host, outcome, '-', '-', ...movesOf(epoch, generation), ''];
}

/** A move raises the epoch, a recovery raises epoch and generation. */
function movesOf(epoch: number, generation: number): readonly [moves: string, recoveries: string] {
  return [String(epoch - generation), String(generation - 1)];
}

async function inspect(text: string, flags: Flags): Promise<void> {
  const inspection = await withCluster(flags, (cluster) => cluster.inspect(executionId(text)));
  if (flags.json) console.log(JSON.stringify(inspection));
  else console.log(inspectionText(inspection, columnsOf(process.stdout)));
}

async function migrate(execution: string, host: string, flags: Flags): Promise<void> {
  const reason = { by: 'operator', term: null, text: 'asked for', scores: {}, decision: '' } as const;
  const moved = await withCluster(flags, (cluster) =>
    cluster.migrate(executionId(execution), hostName(host), reason),
  );
  const { pauseMs, bytes } = moved;
  console.log(
    flags.json
      ? JSON.stringify({ execution, host, ...moved })
      : `${execution} is on ${host} now: paused for ${pauseMs.toFixed(1)} ms, ${bytesText(bytes)}.`,
  );
}

async function release(execution: string, flags: Flags): Promise<void> {
  const reason = await withCluster(flags, (cluster) => cluster.release(executionId(execution)));
  console.log(
    flags.json
      ? JSON.stringify({ execution, reason })
      : `${execution} goes on from its last checkpoint. It had been quarantined: ${reason}.`,
  );
}

async function drain(host: string, flags: Flags & { readonly deadline: number }): Promise<void> {
  const name = hostName(host);
  const drained = await withCluster(flags, (cluster) => {
    if (!flags.json) showDrain(cluster, name, flags.deadline);
    return cluster.drain(name, flags.deadline * 1_000);
  });
  if (drained.left.length > 0) process.exitCode = 1;
  if (flags.json) return console.log(JSON.stringify({ host, ...drained }));
  console.log(`${host}: ${countText(drained.moved, 'execution')} moved, ${drained.left.length} left.`);
  for (const execution of drained.left) console.log(`  left: ${execution}`);
  for (const effect of drained.abandonedEffects) console.log(`  abandoned effect: ${effect}`);
}

/** Prints what the host does from the moment on when its drain began. */
function showDrain(cluster: Cluster, host: HostName, deadlineSeconds: number): void {
  let draining = false;
  cluster.follow(
    (event) => {
      if (event.host !== host) return;
      const { kind } = event.detail;
      if (kind === 'hostDraining') {
        draining = true;
        console.error(`Draining ${host}, for ${deadlineSeconds} s at most. Ctrl-C ends the waiting only.`);
      }
      if (draining && (kind === 'moved' || kind === 'moveFailed'))
        console.error(wrapped(eventText(event), columnsOf(process.stderr), 4));
    },
    { logs: false },
  );
}

async function events(flags: Flags & { readonly follow: boolean; readonly logs: boolean }): Promise<void> {
  const print = (event: ClusterEvent): void =>
    console.log(flags.json ? JSON.stringify(event) : wrapped(eventText(event), columnsOf(process.stdout), 4));
  const isDone = flags.follow ? Promise.race([interruption(), outputGone()]) : Promise.resolve();
  await withCluster(flags, async (cluster) => {
    const heard = new Set<string>();
    const early: ClusterEvent[] = [];
    let isEarly = true;
    cluster.follow(
      (event) => {
        const id = `${event.incarnation}/${event.sequence}`;
        if (heard.has(id)) return;
        heard.add(id);
        if (isEarly) early.push(event);
        else print(event);
      },
      { logs: flags.logs },
    );
    // What the hosts still hold: each has sent it before it answers what was asked after. It is put in order of time.
    const up = await cluster.hosts();
    isEarly = false;
    for (const event of early.toSorted((a, b) => a.wallMs - b.wallMs)) print(event);
    if (up.length === 0) remark('No host is up: their events went with them.');
    await isDone;
  });
}
