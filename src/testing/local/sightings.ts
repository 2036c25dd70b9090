import { readFileSync } from 'node:fs';
import type { ClusterEvent, EventDetail } from '../../protocols/messages.ts';
import type { LoggedAct } from '../witness-log.ts';
import { parseWitnessLog } from '../witness-log.ts';

/** A line that a host printed. */
export interface HostLine {
  readonly host: string;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

/** Something that was seen, with when, in milliseconds of the wall clock of whoever saw it. */
export interface Entry {
  readonly atMs: number;
  readonly text: string;
}

export type DetailOf<Kind extends EventDetail['kind']> = Extract<EventDetail, { kind: Kind }>;

/** What is seen of a cluster from outside: its hosts' events and lines, and the acts that the witness was told of. */
export class Sightings {
  readonly events: ClusterEvent[] = [];
  readonly lines: HostLine[] = [];
  readonly #heard = new Set<string>();
  readonly #looks = new Set<() => void>();
  readonly #log: string;

  /** @param log file of the witness */
  constructor(log: string) {
    this.#log = log;
  }

  hear(event: ClusterEvent): void {
    const id = `${event.incarnation}/${event.sequence}`;
    if (this.#heard.has(id)) return;
    this.#heard.add(id);
    this.events.push(event);
    this.look();
  }

  read(line: HostLine): void {
    this.lines.push(line);
    this.look();
  }

  /** Something may be there that somebody waits for. */
  look(): void {
    for (const look of this.#looks) look();
  }

  /** What executions told the witness so far. */
  acts(): readonly LoggedAct[] {
    const text = readFileSync(this.#log, 'utf8');
    return parseWitnessLog(text.slice(0, text.lastIndexOf('\n') + 1));
  }

  /** Resolves with the first event of the kind that fits, past ones included. */
  event<Kind extends EventDetail['kind']>(
    kind: Kind,
    fits: (detail: DetailOf<Kind>, event: ClusterEvent) => boolean = () => true,
  ): Promise<{ readonly event: ClusterEvent; readonly detail: DetailOf<Kind> }> {
    return this.until(() => {
      for (const event of this.events) {
        const { detail } = event;
        if (detail.kind === kind && fits(detail as DetailOf<Kind>, event))
          return { event, detail: detail as DetailOf<Kind> };
      }
      return null;
    });
  }

  /** Resolves when the host has printed `times` lines that contain the text. */
  printed(host: string, text: string, times = 1): Promise<string> {
    return this.until(
      () => this.lines.filter((one) => one.host === host && one.line.includes(text))[times - 1]?.line ?? null,
    );
  }

  /** Resolves when the witness was told of `count` acts of an execution in a generation. */
  acted(execution: string, count: number, generation = 1): Promise<readonly LoggedAct[]> {
    return this.until(() => {
      const acts = this.acts().filter((act) => act.execution === execution && act.generation === generation);
      return acts.length >= count ? acts : null;
    });
  }

  /** Looks now and after each event, printed line and act. Whoever calls bounds the wait: a test by its own time limit. */
  until<Found>(find: () => Found | null): Promise<Found> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        try {
          const found = find();
          if (found === null) return;
          this.#looks.delete(look);
          resolve(found);
        } catch (error) {
          this.#looks.delete(look);
          reject(error as Error);
        }
      };
      this.#looks.add(look);
      look();
    });
  }

  /** All of it, for people: what a failed test shows. */
  trace(): string {
    const lines = this.lines.map(({ host, line }) => `${host} | ${line}`);
    return [...this.entries().map(entryText), ...lines].join('\n');
  }

  /**
   * Events and acts in the order of time.
   *
   * @param execution leaves out what is about other executions; null for everything
   */
  entries(execution: string | null = null): readonly Entry[] {
    const events = this.events
      .filter(({ detail }) => execution === null || isAbout(detail, execution))
      .map(({ wallMs, host, detail }) => ({ atMs: wallMs, text: `${host} ${JSON.stringify(detail)}` }));
    const acts = this.acts()
      .filter((act) => execution === null || act.execution === execution)
      .map(({ atMs, ...act }) => ({ atMs: atMs ?? 0, text: `act ${JSON.stringify(act)}` }));
    return [...events, ...acts].toSorted((a, b) => a.atMs - b.atMs);
  }
}

/** What is about no execution is about all of them. */
function isAbout(detail: EventDetail, execution: string): boolean {
  const about =
    'tenure' in detail ? detail.tenure.execution : 'execution' in detail ? detail.execution : null;
  return about === null || about === execution;
}

export function entryText({ atMs, text }: Entry): string {
  return `${new Date(atMs).toISOString()} ${text}`;
}
