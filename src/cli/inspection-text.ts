import type { InspectedFrame, Inspection } from '../core/inspection.ts';
import { countText } from './table.ts';
import { cut, wrapped } from './terminal.ts';

/** Frames of a deep stack that are shown, from either end. */
const innermostMax = 20;
const outermostMax = 5;

/** A live stack for people: one line per frame, innermost first, and one per local. */
export function inspectionText(inspection: Inspection, columnsMax: number): string {
  const { tenure, state, tasks, mailbox, effectsPending, timersPending, pin } = inspection;
  const pending = [
    countText(mailbox, 'message'),
    countText(effectsPending.length, 'effect'),
    countText(timersPending, 'timer'),
  ];
  const lines = [
    wrapped(
      `${tenure.execution}: ${state}, epoch ${tenure.epoch}, generation ${tenure.generation}, ` +
        `pending: ${pending.join(', ')}`,
      columnsMax,
      2,
    ),
  ];
  if (pin !== null) lines.push(wrapped(`  ${pin.reason}`, columnsMax, 4));
  for (const [count, { waitsFor, frames }] of tasks.entries()) {
    lines.push(`task ${count + 1} ${waitsFor === '' ? 'runs' : `waits for ${waitsFor}`}`);
    const hidden = Math.max(0, frames.length - innermostMax - outermostMax);
    for (const [depth, frame] of frames.entries()) {
      if (hidden === 0 || depth < innermostMax || depth >= innermostMax + hidden)
        lines.push(...frameLines(frame, columnsMax));
      else if (depth === innermostMax) lines.push(`  … ${countText(hidden, 'frame')} more`);
    }
  }
  for (const { sequence, name } of effectsPending) lines.push(`effect ${sequence}: ${name}`);
  return lines.join('\n');
}

function frameLines({ method, file, line, locals }: InspectedFrame, columnsMax: number): readonly string[] {
  return [
    `  ${method} (${file}:${line})`,
    ...locals.map(({ name, preview }) => cut(`      ${name} = ${preview}`, columnsMax)),
  ];
}
