import type { ReplyTo, Signal } from '../actors/kernel/contract.ts';
import type { ExitReason } from '../actors/kernel/exit-reason.ts';
import type { Child, Reminder } from './child.ts';
import type { ChildCounts } from './child-spec.ts';
import type { RefusalReason, SupervisorMessage, SupervisorReply } from './contract.ts';
import type { SupervisedChild } from './restart-decision.ts';

/** What static and dynamic supervisors have in common for the actor around them. */
export interface Supervision {
  begin(): void;
  onMessage(message: SupervisorMessage | Reminder, replyTo: Asker): void;
  onSignal(signal: Signal): void;
  /** @returns whether there are children to wait for */
  onStopping(reason: ExitReason): boolean;
}

/** Null when the request was told, so that nobody waits for the reply. */
export type Asker = ReplyTo<SupervisorReply> | null;

export function refuse(asker: Asker, reason: RefusalReason, detail: string): void {
  asker?.answer({ kind: 'refused', reason, detail });
}

export function asSupervised(child: Child): SupervisedChild {
  return { id: child.spec.id, restart: child.spec.restart };
}

export function countOf(children: readonly Child[]): ChildCounts {
  const supervisors = children.filter((child) => child.spec.type === 'supervisor').length;
  return {
    specs: children.length,
    active: children.filter((child) => child.phase === 'running').length,
    supervisors,
    workers: children.length - supervisors,
  };
}

/** The limit that a child overran when it was too slow to end, or to get ready. */
export function limitMs(child: Child, overdue: 'graceOver' | 'startOverdue'): number {
  if (overdue === 'startOverdue') return child.spec.startTimeoutMs;
  return child.spec.shutdown.kind === 'grace' ? child.spec.shutdown.graceMs : 0;
}
