import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import type { Figure } from './figure.ts';
import { quantile } from './figure.ts';
import { type FormName, formNames, type Kernel, kernels } from './methods/catalog.ts';
import type { Job, Times } from './methods/job.ts';
import { type NodeBinary, nodeBinaries } from './methods/node-versions.ts';
import { type BenchClock, type Program, Programs } from './methods/programs.ts';
import { type Measured, type Series, verdictOf } from './methods/verdict.ts';

const meanTarget = 1.12;
const trialMsMax = 180_000;
const run = promisify(execFile);

interface Options {
  readonly nodes: readonly NodeBinary[];
  readonly kernels: readonly Kernel[];
  readonly forms: readonly FormName[];
  readonly processes: number;
  readonly rounds: number;
  readonly warmUpRounds: number;
  readonly nodeArgs: readonly string[];
  readonly clock: BenchClock;
  readonly peers: boolean;
}

/**
 * Slowdown of compiled methods against the same source with its types erased. Each form of each kernel runs in fresh
 * processes: as executions of a lane, in a package as deployed, with fuel, tracing and preemption; and in a plain thread
 * beside it, by turns.
 */
export async function bench(args: readonly string[]): Promise<{ figures: readonly Figure[] }> {
  const options = await optionsOf(args);
  const folder = mkdtempSync(join(tmpdir(), 'godwit-bench-'));
  try {
    const programs = new Programs(folder, options.clock, options.peers);
    const built = new Map<Kernel, Program>();
    for (const kernel of options.kernels) built.set(kernel, await programs.build(kernel.name));
    const refused = [...built].flatMap(([{ name }, program]) =>
      program.kind === 'refused' ? [{ name, reason: program.reason }] : [],
    );
    for (const { name, reason } of refused) console.error(`${name}: REFUSED\n${indented(reason)}`);
    const figures: Figure[] = [];
    for (const node of options.nodes)
      figures.push(...(await measureOn(node, built, programs.trial, options)));
    return { figures: [...figures, none('kernels that the compiler refuses', refused.length)] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function optionsOf(args: readonly string[]): Promise<Options> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      node: { type: 'string', default: process.versions.node.split('.')[0] ?? '' },
      kernels: { type: 'string' },
      forms: { type: 'string', default: 'short,long' },
      processes: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '9' },
      'warm-up': { type: 'string', default: '3' },
      'node-args': { type: 'string', default: '' },
      peers: { type: 'boolean', default: false },
      clock: { type: 'string', default: 'wall' },
    },
  });
  const names = values.kernels?.split(',') ?? kernels.map(({ name }) => name);
  const unknown = names.find((name) => !kernels.some((kernel) => kernel.name === name));
  if (unknown !== undefined) throw new Error(`There is no kernel ${unknown}. There are: ${known()}.`);
  return {
    nodes: await nodeBinaries(values.node),
    kernels: kernels.filter(({ name }) => names.includes(name)),
    forms: formsOf(values.forms.split(',')),
    processes: Number(values.processes),
    rounds: Number(values.rounds),
    warmUpRounds: Number(values['warm-up']),
    peers: values.peers,
    clock: values.clock === 'cpu' ? 'cpu' : 'wall',
    nodeArgs: values['node-args'].split(' ').filter((arg) => arg !== ''),
  };
}

function formsOf(names: readonly string[]): readonly FormName[] {
  const unknown = names.find((name) => !formNames.some((form) => form === name));
  if (unknown !== undefined)
    throw new Error(`There is no form ${unknown}. There are: ${formNames.join(', ')}.`);
  return formNames.filter((form) => names.includes(form));
}

function known(): string {
  return kernels.map(({ name }) => name).join(', ');
}

async function measureOn(
  node: NodeBinary,
  built: ReadonlyMap<Kernel, Program>,
  trial: string,
  options: Options,
): Promise<readonly Figure[]> {
  const measured: Measured[] = [];
  let failures = 0;
  for (const [kernel, program] of built) {
    if (program.kind === 'refused') continue;
    for (const form of options.forms) {
      const job = { ...program.job, ...settingsOf(kernel, form, options) };
      const outcome = await seriesOf(node, trial, job, options);
      if (outcome.kind === 'failed') {
        failures += 1;
        console.error(`${kernel.name}, ${form}, ${node.version}: FAILED\n${indented(outcome.reason)}`);
      } else {
        const peers = job.peers.map(({ name }) => name);
        const one = { kernel, form, peers, ...verdictOf(outcome.series) };
        measured.push(one);
        console.error(progress(node, one));
      }
    }
  }
  return figuresOf(node.version, measured, failures);
}

function settingsOf(kernel: Kernel, form: FormName, { rounds, warmUpRounds }: Options): Settings {
  const isCaptured = form === 'captured';
  return { ...kernel[isCaptured ? 'long' : form], isCaptured, rounds, warmUpRounds };
}

type Settings = Omit<Job, keyof Extract<Program, { readonly kind: 'built' }>['job']>;

type Outcome =
  | { readonly kind: 'measured'; readonly series: readonly Series[] }
  | { readonly kind: 'failed'; readonly reason: string };

/** One form of one kernel in several fresh processes. */
async function seriesOf(node: NodeBinary, trial: string, job: Job, options: Options): Promise<Outcome> {
  const series: Series[] = [];
  for (let count = 0; count < options.processes; count += 1) {
    try {
      const { stdout } = await run(node.path, [...options.nodeArgs, trial, JSON.stringify(job)], {
        timeout: trialMsMax,
        maxBuffer: 64 * 1024 * 1024,
      });
      const { native, movable, peers } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Times;
      const measured = (times: readonly number[]): number => quantile(times.slice(job.warmUpRounds), 0.5);
      series.push({
        nativeMs: measured(native),
        movableMs: measured(movable),
        firstRatio: (movable[0] ?? 0) / (native[0] ?? 1),
        peerMs: peers.map(measured),
      });
    } catch (error) {
      const { stderr, message, killed } = error as {
        readonly stderr?: string;
        readonly message: string;
        readonly killed?: boolean;
      };
      if (killed === true) return { kind: 'failed', reason: `it did not end within ${trialMsMax} ms` };
      return { kind: 'failed', reason: stderr?.trim() || message };
    }
  }
  return { kind: 'measured', series };
}

function figuresOf(version: string, measured: readonly Measured[], failures: number): readonly Figure[] {
  const figures = measured.map(({ kernel, form, ratio, excuse }): Figure => {
    const isMet = ratio <= kernel.target || excuse !== null;
    const name = `${version} ${kernel.name}, ${form}${excuse === null ? '' : ` (${excuse})`}`;
    return { name, value: rounded(ratio), unit: '× native', target: kernel.target, met: isMet };
  });
  figures.push(
    ...measured.flatMap(({ kernel, form, peers, peerRatios }) =>
      peers.map((peer, index) =>
        yardstick(`${version} ${kernel.name}, ${form}, as ${peer}`, peerRatios[index] ?? Number.NaN),
      ),
    ),
  );
  const inMean = measured.filter(({ kernel }) => kernel.inMean);
  if (inMean.length === 0) return [...figures, none(`${version} kernels that fail`, failures)];
  // Those that have to be faster than native would flatter the rest.
  const slowing = inMean.filter(({ kernel }) => kernel.target > 1);
  const mean = geometricMean(inMean.map(({ ratio }) => ratio));
  const worst = inMean.reduce((a, b) => (b.ratio > a.ratio ? b : a));
  return [
    ...figures,
    {
      name: `${version} geometric mean of ${inMean.length}`,
      value: rounded(mean),
      unit: '× native',
      target: meanTarget,
      met: mean <= meanTarget,
    },
    ...(slowing.length === 0
      ? []
      : [
          yardstick(
            `${version} geometric mean without generators and settled awaits`,
            geometricMean(slowing.map(({ ratio }) => ratio)),
          ),
        ]),
    yardstick(
      `${version} geometric mean of first rounds`,
      geometricMean(inMean.map(({ firstRatio }) => firstRatio)),
    ),
    yardstick(`${version} worst: ${worst.kernel.name}, ${worst.form}`, worst.ratio),
    none(`${version} kernels that fail`, failures),
  ];
}

function yardstick(name: string, value: number): Figure {
  return { name, value: rounded(value), unit: '× native', target: null, met: null };
}

function none(name: string, value: number): Figure {
  return { name, value, unit: 'kernels', target: 0, met: value === 0 };
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function progress({ version }: NodeBinary, { kernel, form, ratio, nativeMs, movableMs }: Measured): string {
  const times = `${nativeMs.toFixed(1)} -> ${movableMs.toFixed(1)} ms`;
  return `${version} ${kernel.name}, ${form}: ${ratio.toFixed(2)} (${times})`;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
