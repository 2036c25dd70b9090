import type { Inspection } from '../core/inspection.ts';
import { countText } from './table.ts';
import { cut, wrapped } from './terminal.ts';

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
    for (const { method, file, line, locals } of frames) {
      lines.push(`  ${method} (${file}:${line})`);
      for (const { name, preview } of locals) lines.push(cut(`      ${name} = ${preview}`, columnsMax));
    }
  }
  for (const { sequence, name } of effectsPending) lines.push(`effect ${sequence}: ${name}`);
  return lines.join('\n');
}
