import { epoch, generation } from '../../../src/core/ids.ts';
import type { SourceEvent, SourceState } from '../../../src/protocols/migration/source.ts';
import type { TargetEvent, TargetState } from '../../../src/protocols/migration/target.ts';
import type { Passage } from '../../../src/protocols/migration/messages.ts';
import { cargo, d1, execution, m1, other, self } from '../ownership/fixtures.ts';

export const passage: Passage = {
  migration: m1,
  execution,
  source: self,
  target: other,
  epoch: epoch(1),
  generation: generation(1),
};
export const pointer = { owner: other, epoch: epoch(2) };
const base = { passage, cargo, attemptsLeft: 1 };

export const source = {
  preparing: { ...base, phase: 'preparing' },
  lastPreparing: { ...base, attemptsLeft: 0, phase: 'preparing' },
  freezing: { ...base, phase: 'freezing' },
  transferring: { ...base, phase: 'transferring', digest: d1, sizeBytes: 100 },
  retrying: { ...base, phase: 'unfreezing', afterwards: 'retry', reason: 'slow' },
  rollingBack: { ...base, phase: 'unfreezing', afterwards: 'rollBack', reason: 'asked' },
  releasing: { ...base, phase: 'releasing', digest: d1 },
  resuming: { ...base, phase: 'resuming', digest: d1 },
  doubting: { ...base, phase: 'doubting', reason: 'silence' },
  confirming: { ...base, phase: 'confirming' },
  committing: { ...base, phase: 'committing', pointer },
  done: { ...base, phase: 'done', outcome: { kind: 'moved', pointer } },
} as const satisfies Record<string, SourceState>;

const held = { passage, cargo };

export const target = {
  admitting: { ...held, phase: 'admitting' },
  prepared: { ...held, phase: 'prepared' },
  fetching: { ...held, phase: 'fetching', digest: d1, sizeBytes: 100 },
  rebuilding: { ...held, phase: 'rebuilding', digest: d1 },
  transferred: { ...held, phase: 'transferred', digest: d1 },
  claiming: { ...held, phase: 'claiming', digest: d1 },
  resumed: { ...held, phase: 'resumed', epoch: epoch(2) },
  dropping: { ...held, phase: 'dropping', reason: 'asked' },
  owner: { ...held, phase: 'done', outcome: { kind: 'owner', epoch: epoch(2) } },
  refused: { ...held, phase: 'done', outcome: { kind: 'refused', reason: 'full' } },
} as const satisfies Record<string, TargetState>;

export const reason = 'full';

export function toSource(message: Extract<SourceEvent, { kind: 'received' }>['message']): SourceEvent {
  return { kind: 'received', message };
}
export function toTarget(message: Extract<TargetEvent, { kind: 'received' }>['message']): TargetEvent {
  return { kind: 'received', message };
}
export function answered(answer: Extract<SourceEvent, { kind: 'answered' }>['answer']) {
  return { kind: 'answered', answer } as const;
}
export const cancelled = { kind: 'cancelled', reason: 'asked' } as const;
export const targetEnded = { kind: 'targetEnded' } as const;
export const sourceEnded = { kind: 'sourceEnded' } as const;
export const restarted = { kind: 'restarted' } as const;
