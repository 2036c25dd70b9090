import { nonce } from '../../../src/core/ids.ts';
import type { Cluster } from './cluster.ts';
import { offerFailure } from './offers.ts';
import type { Offer } from './offers.ts';
import { digestOf, left, shared } from './world.ts';
import type { Tables } from './world.ts';

/** What a lane may do: answer, die, act, end its method, and have its state stored. */
export function offerWork(now: Cluster, host: number, offer: Offer, tables: Tables): void {
  const copy = now.lane(host);
  const name = now.self(host);
  const [reply, ...later] = now.replies(host);
  if (reply !== undefined) {
    offer(`${name}'s lane has ${reply.kind}`, true, (cluster) => {
      cluster.setReplies(host, later);
      cluster.happen({ to: 'ownership', host, event: reply });
    });
  }
  if (copy !== null) {
    offerFailure(now, 'laneDeaths', `${name}'s lane dies`, offer, (cluster) => {
      cluster.setLane(host, null);
      const fresh = nonce(`${name} copyLost ${copy.epoch}`);
      cluster.happen({ to: 'ownership', host, event: { kind: 'copyLost', nonce: fresh } });
    });
  }
  if (copy === null || !copy.running || !now.mayAct(host)) return;
  const tenure = {
    execution: now.row().execution,
    epoch: copy.epoch,
    generation: copy.generation,
  } as never;
  if (now.get(left('acts')) > 0) {
    offer(`${name} acts`, true, (cluster) => {
      cluster.spend('acts');
      judgeAct(cluster, tables, host, copy);
      cluster.setLane(host, { ...copy, acts: copy.acts + 1 });
    });
  } else {
    offer(`${name} ends the method`, true, (cluster) => {
      const result = { vaultKey: `result/${copy.epoch}`, outcome: 'returned', endedAtMs: null } as const;
      cluster.setLane(host, { ...copy, running: false });
      cluster.happen({ to: 'ownership', host, event: { kind: 'resultStored', tenure, result } });
    });
  }
  if (now.get(left('checkpoints')) > 0) {
    offer(`${name} stores a checkpoint`, false, (cluster) => {
      cluster.spend('checkpoints');
      const vaultKey = `checkpoint/${copy.epoch}/${copy.generation}/${copy.acts}`;
      const { epoch, generation } = tenure as { epoch: never; generation: never };
      const point = {
        kind: 'snapshot',
        vaultKey,
        digest: digestOf(copy),
        epoch,
        generation,
        effectSequence: copy.acts,
      } as const;
      const row = cluster.row();
      const revision = tables.rows.id(row);
      cluster.happen({
        to: 'ownership',
        host,
        // By the time that the swap arrives, the row may be another one.
        event: { kind: 'checkpointStored', tenure, point, proven: false, seen: { row, revision } },
      });
    });
  }
}

/** The witness outside: within a generation no act is repeated and none is missing; no old generation comes back. */
function judgeAct(
  cluster: Cluster,
  tables: Tables,
  host: number,
  copy: { readonly generation: number; readonly acts: number },
): void {
  const seen = tables.witnesses.value(cluster.get(shared.witness));
  const { generation } = copy;
  if (generation < seen.generation)
    cluster.violate(`host ${host} acts in generation ${generation}, which is over`);
  if (generation === seen.generation && copy.acts !== seen.acts) {
    cluster.violate(`host ${host} goes on after act ${copy.acts}, the witness has seen ${seen.acts}`);
  }
  cluster.world[shared.witness] = tables.witnesses.id({ generation, acts: copy.acts + 1 });
}
