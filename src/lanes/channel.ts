import type { MessagePort, Transferable } from 'node:worker_threads';
import type { LaneCommand, LaneOptions, LaneShared } from './contract.ts';

/** What crosses from the host's thread to the lane's; `wake` ends a wait for the lease. */
export type LaneMessage = LaneCommand | { readonly kind: 'wake' };

/** What a lane's thread is started with. */
export interface WorkerStart {
  readonly port: MessagePort;
  readonly shared: LaneShared;
  readonly options: LaneOptions;
}

/** From this size on, moving an ArrayBuffer between threads is cheaper than copying it. */
const movedBytesMin = 64 * 1024;

/** Bytes can be moved only if no other view shares their buffer: a move empties all of them. */
function movable(bytes: Uint8Array): boolean {
  return (
    bytes.byteLength >= movedBytesMin &&
    bytes.buffer instanceof ArrayBuffer &&
    bytes.buffer.byteLength === bytes.byteLength
  );
}

/** The buffers that a command hands over to the lane. The lane never hands one over: see `encode` for what that would cost it. */
export function movedWithCommand(command: LaneMessage): Transferable[] {
  if (command.kind !== 'restore' || !movable(command.snapshot)) return [];
  return [command.snapshot.buffer as ArrayBuffer];
}
