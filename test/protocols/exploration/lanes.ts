import type {
  OwnershipEffect,
  OwnershipEvent,
  ReceivedCopy,
} from '../../../src/protocols/ownership/ownership.ts';
import type { RecoveryPoint } from '../../../src/protocols/ownership/register.ts';
import type { Cluster } from './cluster.ts';
import { actsOf, digestOf, shared } from './world.ts';
import type { LaneCopy, Tables } from './world.ts';

/** Carries out what ownership asks of a lane; the lane's answers go to `tell`. */
export function performInLane(
  cluster: Cluster,
  tables: Tables,
  host: number,
  effect: Extract<OwnershipEffect, { kind: 'freeze' | 'run' | 'rebuild' | 'load' | 'discard' }>,
  tell: (event: OwnershipEvent) => void,
): void {
  const copy = cluster.lane(host);
  const { execution } = cluster.row();
  switch (effect.kind) {
    case 'freeze':
      if (copy === null) return;
      cluster.setLane(host, { ...copy, running: false });
      tell({ kind: 'captured', request: effect.request, digest: digestOf(copy), sizeBytes: 1 });
      break;
    case 'run':
      run(cluster, tables, host, copy, effect.tenure.epoch, effect.tenure.generation);
      break;
    case 'rebuild': {
      rebuild(cluster, host, copy, effect.copy);
      const { epoch, generation, digest } = effect.copy;
      tell({ kind: 'restored', tenure: { execution, epoch, generation }, digest });
      break;
    }
    case 'load':
      load(cluster, host, effect.tenure, effect.point);
      tell({ kind: 'restored', tenure: effect.tenure, digest: null });
      break;
    case 'discard':
      cluster.setLane(host, null);
      break;
  }
}

function run(
  cluster: Cluster,
  tables: Tables,
  host: number,
  copy: LaneCopy | null,
  epoch: number,
  generation: number,
): void {
  if (copy === null) return cluster.violate(`host ${host} runs a copy that it does not have`);
  const resumed = tables.texts.value(cluster.get(shared.resumes)).includes(` ${copy.received}`);
  if (copy.received !== '' && !resumed) {
    cluster.violate(`host ${host} runs the transferred copy ${copy.received} that no resume names`);
  }
  const seen = tables.witnesses.value(cluster.get(shared.witness));
  if (seen.generation === generation && seen.acts !== copy.acts) {
    cluster.violate(`host ${host} goes on after act ${copy.acts}, the witness has seen ${seen.acts}`);
  }
  cluster.setLane(host, { ...copy, epoch, generation, running: true, received: '' });
}

function rebuild(cluster: Cluster, host: number, copy: LaneCopy | null, received: ReceivedCopy): void {
  if (copy !== null && copy.received === '') cluster.violate(`host ${host} overwrites a copy of its own`);
  cluster.setLane(host, {
    epoch: received.epoch,
    generation: received.generation,
    acts: actsOf(received.digest),
    running: false,
    received: `${received.migration}/${received.digest}`,
  });
}

function load(
  cluster: Cluster,
  host: number,
  tenure: { epoch: number; generation: number },
  point: RecoveryPoint,
): void {
  const acts = point.kind === 'arguments' ? 0 : actsOf(point.digest);
  const { epoch, generation } = tenure;
  cluster.setLane(host, { epoch, generation, acts, running: false, received: '' });
}
