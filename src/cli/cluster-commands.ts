import type { Command } from 'commander';
import { executionId, hostName } from '../core/ids.ts';
import type { Inspection } from '../core/inspection.ts';
import type { ExecutionSummary, HostDescription } from '../protocols/messages.ts';
import { eventText } from './event-text.ts';
import type { StoreOption } from './options.ts';
import { interruption, jsonOption, outputGone, storeOption, withCluster } from './options.ts';
import { bytesText, secondsText, table } from './table.ts';

interface Flags extends StoreOption {
  readonly json: boolean;
}

/** The commands that look at a running cluster, or change what it does. */
export function addClusterCommands(program: Command): void {
  const command = (nameAndArgs: string, description: string): Command =>
    program.command(nameAndArgs).description(description).addOption(storeOption()).addOption(jsonOption());

  command('hosts', 'list the hosts that are up').action(hosts);
  command('ps', 'list the executions that have not ended').action(ps);
  command('inspect <execution>', 'show the live stack of an execution, frame by frame').action(inspect);
  command('migrate <execution> <host>', 'move a running execution to a host').action(migrate);
  command('drain <host>', 'move everything away from a host')
    .option('--deadline <seconds>', 'how long it may take', '60')
    .action(drain);
  command('events', 'print what happened on the hosts')
    .option('--follow', 'go on until Ctrl-C', false)
    .option('--logs', "the executions' console output too", false)
    .action(events);
}

async function hosts(flags: Flags): Promise<void> {
  const found = await withCluster(flags, (cluster) => cluster.hosts());
  if (flags.json) console.log(JSON.stringify(found));
  else
    console.log(
      table(
        ['HOST', 'RACK', 'PHASE', 'CORES', 'EXECUTIONS', 'DEMAND', 'AVAILABLE', 'PID', 'ADDRESS'],
        found.map(hostRow),
      ),
    );
}

function hostRow({ identity, phase, availability, pid }: HostDescription): readonly string[] {
  const { cpuShare, executions, demand } = availability;
  return [
    identity.name,
    identity.rack,
    phase,
    String(cpuShare),
    String(executions),
    demand.toFixed(1),
    availability.availability.toFixed(2),
    String(pid),
    identity.address,
  ];
}

async function ps(flags: Flags): Promise<void> {
  const found = await withCluster(flags, (cluster) => cluster.executions());
  if (flags.json) console.log(JSON.stringify(found));
  else
    console.log(
      table(
        ['EXECUTION', 'METHOD', 'HOST', 'STATE', 'CPU', 'SNAPSHOT', 'MOVES', 'RECOVERIES', 'LOG'],
        found.map(executionRow),
      ),
    );
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
    String(epoch - generation),
    String(generation - 1),
    lastLog,
  ];
}

async function inspect(text: string, flags: Flags): Promise<void> {
  const inspection = await withCluster(flags, (cluster) => cluster.inspect(executionId(text)));
  console.log(flags.json ? JSON.stringify(inspection) : inspectionText(inspection));
}

export function inspectionText({
  tenure,
  state,
  tasks,
  mailbox,
  effectsPending,
  timersPending,
  pin,
}: Inspection): string {
  const lines = [
    `${tenure.execution}: ${state}, epoch ${tenure.epoch}, generation ${tenure.generation}, ${mailbox} messages, ` +
      `${effectsPending.length} effects and ${timersPending} timers pending`,
  ];
  if (pin !== null) lines.push(`  ${pin.reason}`);
  for (const [count, task] of tasks.entries()) {
    lines.push(`task ${count + 1}: ${task.waitsFor}`);
    for (const frame of task.frames) {
      lines.push(`  ${frame.method} (${frame.file}:${frame.line})`);
      for (const { name, preview } of frame.locals) lines.push(`      ${name} = ${preview}`);
    }
  }
  for (const { sequence, name } of effectsPending) lines.push(`effect ${sequence}: ${name}`);
  return lines.join('\n');
}

async function migrate(execution: string, host: string, flags: Flags): Promise<void> {
  const reason = { by: 'operator', text: 'asked for by an operator', scores: {} } as const;
  const moved = await withCluster(flags, (cluster) =>
    cluster.migrate(executionId(execution), hostName(host), reason),
  );
  const { pauseMs, bytes } = moved;
  console.log(
    flags.json
      ? JSON.stringify(moved)
      : `${execution} is on ${host} now: paused for ${pauseMs.toFixed(1)} ms, ${bytesText(bytes)}.`,
  );
}

async function drain(host: string, flags: Flags & { readonly deadline: string }): Promise<void> {
  const deadlineMs = Number(flags.deadline) * 1_000;
  if (!(deadlineMs > 0))
    throw new RangeError(`--deadline: expected seconds above 0, found '${flags.deadline}'.`);
  const drained = await withCluster(flags, (cluster) => cluster.drain(hostName(host), deadlineMs));
  if (flags.json) console.log(JSON.stringify(drained));
  else {
    console.log(`${host}: ${drained.moved} executions moved, ${drained.left.length} left.`);
    for (const execution of drained.left) console.log(`  left: ${execution}`);
    for (const effect of drained.abandonedEffects) console.log(`  abandoned effect: ${effect}`);
  }
  if (drained.left.length > 0) process.exitCode = 1;
}

async function events(flags: Flags & { readonly follow: boolean; readonly logs: boolean }): Promise<void> {
  await withCluster(flags, async (cluster) => {
    const heard = new Set<string>();
    cluster.follow(
      (event) => {
        const id = `${event.incarnation}/${event.sequence}`;
        if (heard.has(id)) return;
        heard.add(id);
        console.log(flags.json ? JSON.stringify(event) : eventText(event));
      },
      { logs: flags.logs },
    );
    // Without --follow: what the hosts still hold. Each has sent it before it answers what was asked after.
    if (flags.follow) await Promise.race([interruption(), outputGone()]);
    else await cluster.hosts();
  });
}
