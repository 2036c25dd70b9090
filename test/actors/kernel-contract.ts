import { askRows, timeRows } from './kernel-contract/asks.ts';
import { crashRows, immunityRows } from './kernel-contract/ends.ts';
import { linkRows } from './kernel-contract/links.ts';
import { messageRows } from './kernel-contract/messages.ts';
import { treeRows } from './kernel-contract/trees.ts';
import type { Open, OpenWorld } from './kernel-contract/world.ts';
import type { KernelEvent } from '../../src/actors/kernel/contract.ts';

/** What every kernel must do, whatever schedules it. */
export function kernelContract(name: string, open: Open): void {
  const world: OpenWorld = () => {
    const events: KernelEvent[] = [];
    return { ...open((event) => events.push(event)), events, log: [] };
  };
  messageRows(name, world);
  askRows(name, world);
  timeRows(name, world);
  crashRows(name, world);
  treeRows(name, world);
  linkRows(name, world);
  immunityRows(name, world);
}
