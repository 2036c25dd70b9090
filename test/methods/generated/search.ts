import type * as fc from 'fast-check';
import { Crew, type Finding, type Verdict } from './crew.ts';
import type { Feature } from './features.ts';
import { FeatureCounts } from './features.ts';
import type { Task } from './orders.ts';
import { moduleText, type Program, programOf, programs } from './programs.ts';

export interface SearchOptions {
  readonly features: ReadonlySet<Feature>;
  /** Program numbers: from this one on. */
  readonly first: number;
  readonly count: number;
  /** Programs that are sent to a process at once. */
  readonly batch: number;
  readonly fault: string | null;
  /** Ends the search at the first difference. */
  readonly stopsEarly: boolean;
  /** Called now and then. */
  readonly progress: (summary: Summary) => void;
}

export interface Summary {
  readonly counts: FeatureCounts;
  readonly findings: number;
  readonly moves: number;
  readonly points: number;
  readonly pinned: number;
  readonly bytes: number;
  /** The fewest safe points that a program passed. */
  readonly pointsLeast: number;
  /** How often each reason held a capture up. */
  readonly pins: ReadonlyMap<string, number>;
  readonly refusals: ReadonlyMap<string, number>;
  readonly failures: readonly Finding[];
}

/** Simpler programs that are tried at once. */
const triedAtOnce = 25;

class Tally implements Summary {
  readonly counts = new FeatureCounts();
  readonly pins = new Map<string, number>();
  readonly refusals = new Map<string, number>();
  readonly failures: Finding[] = [];
  findings = 0;
  moves = 0;
  points = 0;
  pinned = 0;
  bytes = 0;
  pointsLeast = Infinity;

  add(finding: Finding): void {
    this.findings += 1;
    this.moves += finding.moves;
    this.points += finding.points;
    this.pinned += finding.pinned;
    this.bytes += finding.bytes;
    const { verdict } = finding;
    for (const pin of finding.pins) this.pins.set(pin, (this.pins.get(pin) ?? 0) + 1);
    if (verdict.kind === 'refused') {
      const reason = verdict.reason.split('\n')[0]?.replace(/^[^ ]+ /, '') ?? '';
      this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
    } else this.pointsLeast = Math.min(this.pointsLeast, finding.points);
    if (verdict.kind === 'different' || verdict.kind === 'invalid') this.failures.push(finding);
  }
}

let tasks = 0;

/** One program as a task of a crew, with a number that no other task has. */
export function taskOf(program: Program, seed: number, fault: string | null): Task {
  tasks += 1;
  return { number: tasks, source: moduleText(program, 'described'), seed, fault };
}

/** Runs programs, natively and moved, and compares. Two batches are under way: each process has work while the other has. */
export async function search(crew: Crew, options: SearchOptions): Promise<Summary> {
  const { first, count, batch: most, fault, stopsEarly } = options;
  const arbitrary = programs(options.features);
  const tally = new Tally();
  let next = first;
  const isOver = (): boolean => next >= first + count || (stopsEarly && tally.failures.length > 0);
  const work = async (): Promise<void> => {
    while (!isOver()) {
      const numbers = Array.from({ length: Math.min(most, first + count - next) }, (_, at) => next + at);
      next += numbers.length;
      const batch = numbers.map((number) => {
        const program = programOf(arbitrary, number);
        tally.counts.add(program);
        return taskOf(program, number, fault);
      });
      const findings = await crew.run(batch);
      findings.forEach((finding, at) => tally.add({ ...finding, number: numbers[at] as number }));
      options.progress(tally);
    }
  };
  await Promise.all([work(), work()]);
  return tally;
}

/** Looks for the simplest program that still fails in the same way. */
export async function shrink(
  arbitrary: fc.Arbitrary<Program>,
  failing: Program,
  seed: number,
  fault: string | null = null,
): Promise<Program> {
  // Without what was cut away some programs do not end.
  const crew = new Crew(8_000);
  const kindOf = ({ verdict }: Finding): string => `${verdict.kind} ${failureClass(verdict)}`;
  const [found] = await crew.run([taskOf(failing, seed, fault)]);
  let simplest = failing;
  for (let isSimpler = true; isSimpler;) {
    isSimpler = false;
    const size = moduleText(simplest, 'described').length;
    const shorter = arbitrary.shrink(simplest, undefined);
    for (let batch = take(shorter, triedAtOnce); batch.length > 0; batch = take(shorter, triedAtOnce)) {
      const smaller = batch.filter((program) => moduleText(program, 'described').length < size);
      const findings = await crew.run(smaller.map((program) => taskOf(program, seed, fault)));
      const at = findings.findIndex(
        (finding) => kindOf(finding) === (found === undefined ? '' : kindOf(found)),
      );
      const better = smaller[at];
      if (better === undefined) continue;
      simplest = better;
      isSimpler = true;
      break;
    }
  }
  crew.end();
  return simplest;
}

/** What kind of failure it is: its text without what differs from program to program. */
export function failureClass(verdict: Verdict): string {
  if (verdict.kind !== 'different') return verdict.kind;
  const [, error] = /((?:\w*Error|crashed|endless|refused)\b.*)/s.exec(verdict.difference) ?? [];
  return error === undefined ? 'another value' : error.slice(0, 60).replaceAll(/\d+/g, 'N');
}

function take(stream: fc.Stream<fc.Value<Program>>, count: number): readonly Program[] {
  const taken: Program[] = [];
  while (taken.length < count) {
    const next = stream.next();
    if (next.done === true) break;
    taken.push(next.value.value);
  }
  return taken;
}

/** What a search has seen, as text. */
export function summaryText(summary: Summary): string {
  const { counts, findings, moves, points, pinned, bytes, pointsLeast, pins, refusals, failures } = summary;
  const each = (total: number): string => (total / Math.max(1, findings)).toFixed(1);
  const top = (map: ReadonlyMap<string, number>): string =>
    [...map]
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, 12)
      .map(([text, times]) => `\n    ${times} × ${text}`)
      .join('');
  return [
    String(counts),
    `${findings} programs ran, ${failures.length} failed; ${each(points)} points each (least ${pointsLeast}), ` +
      `${each(moves)} moves each (${moves} together), ${((100 * pinned) / Math.max(1, moves + pinned)).toFixed(1)} % held up, ` +
      `${(bytes / Math.max(1, moves)).toFixed(0)} bytes a move`,
    `  held up by:${top(pins)}`,
    `  refused:${top(refusals)}`,
    ...failures.map(
      ({ number, verdict }) => `  program ${number}: ${verdict.kind}, ${failureClass(verdict)}`,
    ),
  ].join('\n');
}
