import type { ActorAddress, HostName, LaneIndex } from '../core/ids.ts';
import { actorAddress } from '../core/ids.ts';
import { GodwitError } from '../core/errors.ts';
import type { Lane, LaneListener } from '../lanes/contract.ts';
import type { Behaviour } from './kernel/contract.ts';
import type { LaneBoard } from './lane-board.ts';

/** A lane ended, and took the executions that were on it along: their own host recovers them. */
export class LaneEndedError extends GodwitError {
  override readonly name = 'LaneEndedError';
  readonly code = 'LANE_ENDED';
  readonly retryable = true;

  constructor(index: LaneIndex, why: string, cause: unknown) {
    super(`Lane ${index} ended: ${why}. Its executions are recovered from their checkpoints.`, { cause });
  }
}

export type LaneMessage =
  | { readonly kind: 'exited'; readonly error: Error | null }
  /** It is stuck: end it. */
  | { readonly kind: 'end'; readonly why: string };

export interface LaneActorPorts {
  readonly index: LaneIndex;
  readonly board: LaneBoard;
  readonly startLane: (index: LaneIndex, listener: LaneListener) => Lane;
}

export function laneAddress(host: HostName, index: LaneIndex): ActorAddress {
  return actorAddress(`host/${host}/lanes/${index}`);
}

/** Owns one lane's thread: starts it, ends it, and crashes when it ends by itself. */
export function laneActor(ports: LaneActorPorts): Behaviour<Lane, LaneMessage> {
  const { board, index } = ports;
  return {
    init(context) {
      const listener = board.listener(index, (error) => void context.self.tell({ kind: 'exited', error }));
      const lane = ports.startLane(index, listener);
      board.attach(lane);
      return lane;
    },
    receive(_lane, message) {
      if (message.kind === 'end') throw new LaneEndedError(index, message.why, null);
      throw new LaneEndedError(index, message.error?.message ?? 'its thread exited', message.error);
    },
    stopping(lane) {
      board.detach(index);
      void lane.stop();
      return lane;
    },
  };
}
