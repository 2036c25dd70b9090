import type { ClusterEvent } from '../../protocols/messages.ts';
import { eventText } from '../event-text.ts';
import type { Look } from './job.ts';
import type { PlannedExecution } from './plan.ts';

/** Shows the main job while it runs. */
export interface View {
  look(look: Look): void;
  event(event: ClusterEvent): void;
  step(text: string): void;
  /** Leaves the screen as it is, and the cursor below. */
  end(): void;
}

const told: ReadonlySet<string> = new Set([
  'moved',
  'recovered',
  'hostStarted',
  'hostDraining',
  'hostDrained',
  'leaseEnded',
  'moveFailed',
  'ordered',
  'restoreFailed',
  'childRestarted',
]);

/** Lines for a pipe or a log: events as they happen, and where the job stands every few seconds. */
export function plainView(write: (line: string) => void): View {
  let shownAtMs = -Infinity;
  return {
    look({ elapsedMs, hosts, progress, settled, started }) {
      if (elapsedMs - shownAtMs < 2_000) return;
      shownAtMs = elapsedMs;
      const loads = hosts
        .map(({ identity, availability }) => `${identity.name} ${availability.executions}`)
        .join(', ');
      write(
        `${(elapsedMs / 1_000).toFixed(0).padStart(3)} s  ${Math.round(progress * 100)} %  ${settled.size}/${started.length} done  executions: ${loads}`,
      );
    },
    event(event) {
      if (told.has(event.detail.kind)) write(eventText(event));
    },
    step: write,
    end: () => undefined,
  };
}

const barWidth = 24;
const newsMax = 8;

/** A screen that is drawn again at each look. */
export function liveView(plan: readonly PlannedExecution[], out: NodeJS.WriteStream): View {
  const news: string[] = [];
  let last: Look | null = null;
  let drawnLines = 0;
  const draw = (): void => {
    if (last === null) return;
    const width = out.columns > 20 ? out.columns : 80;
    const lines = screen(last, plan, news).map((line) => line.slice(0, width - 1));
    const up = drawnLines === 0 ? '' : `\u001b[${drawnLines}A`;
    out.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[0J`);
    drawnLines = lines.length;
  };
  const tell = (text: string): void => {
    news.push(text);
    if (news.length > newsMax) news.shift();
    draw();
  };
  return {
    look(look) {
      last = look;
      draw();
    },
    event(event) {
      if (told.has(event.detail.kind)) tell(eventText(event));
    },
    step: (text) => (last === null ? out.write(`${text}\n`) : tell(text)),
    end: () => draw(),
  };
}

function screen(
  { elapsedMs, hosts, executions, progress, settled, started }: Look,
  plan: readonly PlannedExecution[],
  news: readonly string[],
): readonly string[] {
  const lines = [
    `${(elapsedMs / 1_000).toFixed(1)} s   ${bar(progress, barWidth)} ${Math.round(progress * 100)} %   ${settled.size} of ${started.length} done`,
    '',
  ];
  for (const { identity, phase, availability } of hosts) {
    const { resource, demand } = availability;
    const what = phase === 'serving' ? '' : `  ${phase}`;
    lines.push(
      `${identity.name.padEnd(6)} ${bar(resource.cpuLoad, barWidth)}  ${String(availability.executions).padStart(2)} executions, ${demand.toFixed(1)} want the CPU${what}`,
    );
  }
  lines.push('');
  for (const [index, { title }] of plan.entries()) {
    const id = started[index];
    if (id === undefined) continue;
    const summary = executions.find(({ execution }) => execution === id);
    if (settled.has(id)) lines.push(`${title.padEnd(10)} done`);
    else if (summary !== undefined) {
      const moves = summary.epoch - summary.generation;
      const history = `${moves} ${moves === 1 ? 'move' : 'moves'}${summary.generation > 1 ? ', recovered' : ''}`;
      lines.push(
        `${title.padEnd(10)} ${summary.host.padEnd(6)} ${summary.phase.padEnd(9)} ${(summary.cpuMs / 1_000).toFixed(1)} s  ${history}`,
      );
    }
  }
  return [...lines, '', ...news];
}

function bar(share: number, width: number): string {
  const full = Math.round(Math.max(0, Math.min(1, share)) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}
