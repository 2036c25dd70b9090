import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { builtEntry } from '../entries.ts';
import { locateStore } from '../store/state-folder.ts';
import { parseWitnessLog } from '../testing/witness-log.ts';
import type { JobOptions } from './demo/job.ts';
import { runJob } from './demo/job.ts';
import { runPlainly } from './demo/plain.ts';
import { planMainJob } from './demo/plan.ts';
import type { Summary } from './demo/summary.ts';
import { summarise, summaryText } from './demo/summary.ts';
import type { View } from './demo/view.ts';
import { liveView, plainView } from './demo/view.ts';
import { interruption, jsonOption } from './options.ts';

interface DemoFlags {
  readonly baseline: boolean;
  readonly out: string;
  readonly json: boolean;
}

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description(
      'the main job: 18 executions on 2 racks × 2 hosts, with a kill and a drain half-way, judged from outside',
    )
    .option('--no-baseline', 'skip the run with moving switched off')
    .option('--out <folder>', 'where the pictures go', 'out')
    .addOption(jsonOption())
    .action(demo);
}

async function demo(flags: DemoFlags): Promise<void> {
  const interrupted = interruption();
  const folder = mkdtempSync(join(tmpdir(), 'godwit-demo-'));
  const witness = await startWitness(join(folder, 'witness.log'));
  try {
    const done = await run(flags, folder, witness.address, interrupted);
    if (!done) process.exitCode = 130;
  } finally {
    witness.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(
  flags: DemoFlags,
  folder: string,
  witness: string,
  interrupted: Promise<unknown>,
): Promise<boolean> {
  mkdirSync(flags.out, { recursive: true });
  const plan = planMainJob(resolve(flags.out));
  const plainPictures = join(folder, 'plain');
  mkdirSync(plainPictures);
  const log = flags.json ? (line: string) => console.error(line) : (line: string) => console.log(line);
  const view: View = process.stdout.isTTY && !flags.json ? liveView(plan, process.stdout) : plainView(log);
  log(
    `A plain Node run of the ${plan.length} calls comes first: its results are what the others are compared with.`,
  );
  const plain = await Promise.race([
    runPlainly(planMainJob(plainPictures), availableParallelism(), (index) =>
      view.step(`  ${plan[index]?.title ?? ''}`),
    ),
    interrupted.then(() => null),
  ]);
  if (plain === null) return false;
  const plainCpuMs = plain.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  // Its decisions can be explained afterwards.
  const kept = join(flags.out, 'cluster');
  rmSync(kept, { recursive: true, force: true });
  const job = (store: string, moving: boolean): JobOptions => ({
    plan,
    location: locateStore(store, {}, homedir()),
    witness: moving ? witness : null,
    moving,
    plainCpuMs,
    onLook: (look) => view.look(look),
    onEvent: (event) => view.event(event),
    onStep: (text) => view.step(text),
    interrupted,
  });
  log('Now on a cluster of four host processes, all of it placed on the first one.');
  const outcome = await runJob(job(resolve(kept), true));
  view.end();
  if (outcome === null) return false;
  let baselineMs: number | null = null;
  if (flags.baseline) {
    log('And once more with moving switched off, undisturbed.');
    const baseline = await runJob(job(join(folder, 'still'), false));
    view.end();
    if (baseline === null) return false;
    baselineMs = baseline.elapsedMs;
  }
  const acts = parseWitnessLog(readFileSync(join(folder, 'witness.log'), 'utf8'));
  const summary = summarise(plan, outcome, plain, acts, baselineMs);
  print(summary, flags, kept);
  process.exitCode = summary.ok ? 0 : 1;
  return true;
}

function print(summary: Summary, { json, out }: DemoFlags, kept: string): void {
  if (json) return console.log(JSON.stringify({ ...summary, store: resolve(kept) }));
  console.log(`\n${summaryText(summary)}\nThe pictures are in ${out}/.`);
  const { explained } = summary;
  if (explained !== null) console.log(`Why did it move? npx godwit explain ${explained} --store ${kept}`);
}

async function startWitness(file: string): Promise<{ readonly address: string; stop(): void }> {
  const child = spawn(process.execPath, [builtEntry('testing/witness-program').pathname, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { address } = JSON.parse(line) as { readonly address: string };
  return { address, stop: () => child.stdin.end() };
}
