import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Figure } from './figure.ts';

/** What every bench exports. It gets the arguments after its name that are not the runner's. */
interface BenchModule {
  readonly bench: (args: readonly string[]) => Promise<{ readonly figures: readonly Figure[] }>;
}

const folder = new URL('.', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts' && file !== 'figure.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .toSorted();

function machine(): string {
  const model = cpus()[0]?.model.trim() || process.arch;
  const memoryGb = (totalmem() / 2 ** 30).toFixed(1);
  return `${availableParallelism()} × ${model}, ${memoryGb} GB, ${process.platform}, Node.js ${process.version}`;
}

function print(bench: string, figures: readonly Figure[]): void {
  console.log(`${bench}, on ${machine()}`);
  const width = Math.max(...figures.map(({ name }) => name.length));
  for (const { name, value, unit, target, met } of figures) {
    const goal = target === null ? '' : `  target ${target} ${unit}: ${met === true ? 'met' : 'NOT MET'}`;
    console.log(`  ${name.padEnd(width)}  ${round(value).padStart(12)} ${unit}${goal}`);
  }
}

/** To three digits, large numbers whole. */
function round(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

async function run(): Promise<void> {
  const args = process.argv.slice(2);
  const own = ['--json', '--help'];
  const at = args.findIndex((arg) => !arg.startsWith('-'));
  const name = args[at];
  const rest = args.filter((arg, index) => index !== at && !own.includes(arg));
  if (args.includes('--help') || name === undefined) {
    console.log(`npm run bench -- NAME [--json] [OPTIONS]; NAME is one of ${names.join(', ')}`);
    process.exitCode = args.includes('--help') ? 0 : 2;
    return;
  }
  const file = new URL(`${name}.ts`, folder);
  if (!names.includes(name) || !existsSync(file)) {
    console.error(`There is no bench ${name}. There are: ${names.join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  const { bench } = (await import(file.href)) as BenchModule;
  const { figures } = await bench(rest);
  if (args.includes('--json')) console.log(JSON.stringify({ bench: name, machine: machine(), figures }));
  else print(name, figures);
  if (figures.some(({ met }) => met === false)) process.exitCode = 1;
}

await run();
