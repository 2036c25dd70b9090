import type { ExecutionId } from '../../core/ids.ts';
import type { InspectedFrame, Inspection } from '../../core/inspection.ts';
import { preview } from '../snapshot/index.ts';
import type { Dealings } from './dealings.ts';
import type { Execution } from './execution.ts';
import type { Frame, PromiseRecord, Reaction } from './method-code.ts';
import { asSeen } from './own-record.ts';
import { lineOf } from './stack-text.ts';

const previewChars = 120;

/** Shows an execution at rest, frame by frame; runs none of its code. */
export function inspectExecution(execution: Execution, dealings: Dealings): Inspection {
  const tasks: { waitsFor: string; frames: readonly InspectedFrame[] }[] = [];
  if (execution.stack.length > 0) {
    const [bottom] = execution.stack;
    const waiters = bottom?.task === null || bottom === undefined ? [] : callersOf(bottom.task);
    tasks.push({ waitsFor: '', frames: [...[...execution.stack].reverse(), ...waiters].map(inspectFrame) });
  }
  for (const record of waitedFor(execution, dealings)) {
    for (const reaction of record.reactions) {
      if (reaction.kind !== 'resume') continue;
      const callers = reaction.frame.task === null ? [] : callersOf(reaction.frame.task);
      tasks.push({ waitsFor: record.waitsFor, frames: [reaction.frame, ...callers].map(inspectFrame) });
    }
  }
  for (const { to, count } of owedBy(dealings)) {
    const what = count === 1 ? 'a message' : `${count} messages`;
    if (execution.end === 'ending') tasks.push({ waitsFor: `${to} to take ${what}`, frames: [] });
  }
  const { meta } = execution.method;
  const pin =
    execution.held === ''
      ? null
      : {
          reason: `pinned: ${meta.id} cannot be captured while ${execution.held} runs natively below it`,
          method: meta.id,
          line: meta.line,
          path: '',
        };
  return {
    tenure: execution.tenure,
    state: execution.activity,
    tasks,
    mailbox: dealings.mailbox.length,
    effectsPending: dealings.effects.pending.map(({ sequence, name }) => ({ sequence, name })),
    timersPending: execution.timers.size,
    pin,
  };
}

/** What others have not taken yet. */
function owedBy(dealings: Dealings): readonly { readonly to: ExecutionId; readonly count: number }[] {
  const { delivery, sends } = dealings.capture();
  const owed = new Map<ExecutionId, number>();
  for (const { peer, outbox } of delivery.peers) if (outbox.length > 0) owed.set(peer, outbox.length);
  for (const { to } of sends) owed.set(to, (owed.get(to) ?? 0) + 1);
  return [...owed].map(([to, count]) => ({ to, count }));
}

/** Promises that something outside the execution's own code will settle, and those whose turn has come. */
function waitedFor(execution: Execution, dealings: Dealings): readonly PromiseRecord[] {
  const state = dealings.capture();
  const queued: PromiseRecord[] = [...execution.promises.jobs].flatMap((job) =>
    job.kind === 'resume'
      ? [{ ...placeholder, waitsFor: 'its turn', reactions: [job] } as unknown as PromiseRecord]
      : [],
  );
  const direct = [
    ...state.effects.awaited.map(({ record }) => record),
    ...execution.timers.pending.flatMap(({ due }) => (due.kind === 'sleep' ? [due.record] : [])),
    ...state.children.map(({ record }) => record),
    ...state.sends.map(({ record }) => record),
    ...state.receivers,
    ...execution.promises.foreign,
    ...queued,
  ];
  const found = new Set(direct);
  // A set grows while it is walked: chains of `then` and combinators are followed to their ends.
  for (const { reactions } of found) {
    for (const reaction of reactions) {
      if (reaction.kind === 'element') found.add(reaction.of.into);
      else if (reaction.kind !== 'resume') found.add(reaction.into);
    }
  }
  return [...found];
}

const placeholder = { state: 'fulfilled', value: undefined, handled: true, foreign: false };

/** The activations that await, directly or not, what this promise will be. */
function callersOf(task: Frame['task']): readonly Frame[] {
  const callers: Frame[] = [];
  const seen = new Set<PromiseRecord>();
  // Whoever waits for a generator stands on the stack, or nowhere.
  for (let at = task; at !== null && 'promise' in at && !seen.has(at);) {
    seen.add(at);
    const reaction: Reaction | undefined = at.reactions.find((candidate) => candidate.kind === 'resume');
    if (reaction?.kind !== 'resume') break;
    callers.push(reaction.frame);
    at = reaction.frame.task;
  }
  return callers;
}

function inspectFrame(frame: Frame): InspectedFrame {
  const { meta } = frame.method;
  const live = new Set(meta.sites[frame.pc - 1]?.[2]);
  const locals = meta.layout.flatMap((name, index) =>
    name !== '' && live.has(index)
      ? [{ name, preview: preview(asSeen(frame.vars[index]), previewChars) }]
      : [],
  );
  return { method: meta.name, file: meta.path, line: lineOf(frame), locals };
}
