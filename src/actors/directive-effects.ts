import { moveCostPrior } from '../placement/move-cost.ts';
import type { TrafficEdge } from '../placement/orchestration/contract.ts';
import type { MoveEffect } from '../placement/orchestration/feedback.ts';
import type { DirectiveOutcome } from '../protocols/messages.ts';
import type { SeenExecution } from './fleet-view.ts';

/** Each pair of them once; where both sides counted, the larger count missed less. */
export function trafficBetween(executions: readonly SeenExecution[]): readonly TrafficEdge[] {
  const known = new Set(executions.map(({ usage }) => usage.execution));
  const edges = new Map<string, TrafficEdge>();
  for (const { usage } of executions) {
    for (const { peer, messagesPerSecond, bytesPerSecond } of usage.peers) {
      if (!known.has(peer)) continue;
      const [a, b] = usage.execution < peer ? [usage.execution, peer] : [peer, usage.execution];
      const counted = edges.get(`${a} ${b}`);
      if (counted === undefined || counted.messagesPerSecond < messagesPerSecond)
        edges.set(`${a} ${b}`, { a, b, messagesPerSecond, bytesPerSecond });
    }
  }
  return [...edges.values()];
}

/** What the moves of one directive took, together. */
export function measuredOf(moved: DirectiveOutcome['moved']): Omit<MoveEffect, 'benefit'> {
  const sum = (of: (one: (typeof moved)[number]) => number): number =>
    moved.reduce((total, one) => total + of(one), 0);
  return {
    pauseMs: sum(({ pauseMs }) => pauseMs),
    bytes: sum(({ bytes }) => bytes),
    durationMs: sum(({ durationMs }) => durationMs),
  };
}

/** What so many moves are expected to pause, before any was measured: corrections come on top. */
export function pauseBefore(moves: number, bytes: number): number {
  return moves * moveCostPrior.basePauseMs + bytes / moveCostPrior.bytesPerMs;
}

/** Of durations of moves, so many are no longer than predicted. */
export const durationQuantile = 0.9;
