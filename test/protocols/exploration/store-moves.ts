import type { RegisterRow } from '../../../src/protocols/ownership/register.ts';
import type { Cluster } from './cluster.ts';
import { offerFailure } from './offers.ts';
import type { Change, Offer } from './offers.ts';
import { isOpen, placeOf, shared } from './world.ts';
import type { Bounds, ClosedCall, OpenCall, StoreCall, Tables } from './world.ts';

/** Everything that may become of one host's calls to the store. */
export function offerCalls(now: Cluster, host: number, offer: Offer, tables: Tables, bounds: Bounds): void {
  const name = now.self(host);
  const calls = now.calls(host);
  for (const call of calls) {
    const others = calls.filter((other) => other !== call);
    const become = (next: StoreCall): Change => {
      return (cluster) => cluster.setCalls(host, [...others, next]);
    };
    const fail: Change = (cluster) => {
      const ghosts =
        call.kind === 'swap' && call.stage === 'sent' ? [{ ...call, stage: 'ghost' } as const] : [];
      cluster.setCalls(host, [...others, ...ghosts]);
      cluster.happen({ to: 'ownership', host, event: { kind: 'storeFailed' } });
    };
    if (isOpen(call)) {
      offerStore(now, host, call, others, offer, become, tables, bounds);
      if (call.stage === 'sent')
        offerFailure(now, 'ambiguities', `${name}'s ${call.kind} times out`, offer, fail);
      continue;
    }
    offerAnswer(now, host, call, others, offer, tables);
    offerFailure(now, 'ambiguities', `the answer to ${name}'s ${call.kind} is lost`, offer, fail);
  }
}

function offerStore(
  now: Cluster,
  host: number,
  call: OpenCall,
  others: readonly StoreCall[],
  offer: Offer,
  become: (next: StoreCall) => Change,
  tables: Tables,
  bounds: Bounds,
): void {
  const name = now.self(host);
  const row = now.get(shared.row);
  if (call.kind === 'read' && !bounds.slowReads) {
    const event = { kind: 'found', row: tables.rows.value(row), revision: row } as const;
    offer(`${name} reads the register`, true, (cluster) => {
      cluster.setCalls(host, others);
      cluster.happen({ to: 'ownership', host, event });
    });
    offerFailure(now, 'restarts', `${name} reads the register, actor dies after saving`, offer, (cluster) => {
      cluster.setCalls(host, others);
      cluster.happenCut({ to: 'ownership', host, event });
    });
    return;
  }
  if (call.kind === 'read') {
    offer(`the store reads for ${name}`, true, become({ kind: 'read', stage: 'answered', row }));
    return;
  }
  const { token, expected } = call;
  if (expected !== row) {
    offer(
      `the store refuses ${name}'s swap ${token}`,
      true,
      become({ kind: 'swap', stage: 'refused', token }),
    );
    return;
  }
  const label = `the store does ${name}'s ${call.stage === 'ghost' ? 'late ' : ''}swap ${token}`;
  offer(label, call.stage === 'sent', (cluster) => {
    swap(cluster, host, call.row, tables);
    const answered: StoreCall[] = call.stage === 'ghost' ? [] : [{ kind: 'swap', stage: 'done', token }];
    cluster.setCalls(host, [...others, ...answered]);
  });
}

function swap(cluster: Cluster, host: number, id: number, tables: Tables): void {
  const before = cluster.row();
  const after = tables.rows.value(id);
  judgeSwap(cluster, before, after, host);
  cluster.world[shared.row] = id;
}

function offerAnswer(
  now: Cluster,
  host: number,
  call: ClosedCall,
  others: readonly StoreCall[],
  offer: Offer,
  tables: Tables,
): void {
  const name = now.self(host);
  const event =
    call.kind === 'read'
      ? ({ kind: 'found', row: tables.rows.value(call.row), revision: call.row } as const)
      : ({ kind: call.stage === 'done' ? 'swapped' : 'swapRefused', token: call.token } as const);
  const label = `${name} hears ${event.kind}${call.kind === 'swap' ? ` ${call.token}` : ''}`;
  offer(label, true, (cluster) => {
    cluster.setCalls(host, others);
    cluster.happen({ to: 'ownership', host, event });
  });
  offerFailure(now, 'restarts', `${label}, actor dies after saving`, offer, (cluster) => {
    cluster.setCalls(host, others);
    cluster.happenCut({ to: 'ownership', host, event });
  });
}

/** The register only moves forward, and only its owner writes within an epoch (rule 1). */
function judgeSwap(cluster: Cluster, before: RegisterRow, after: RegisterRow, host: number): void {
  if (after.epoch < before.epoch || after.generation < before.generation) {
    cluster.violate(`the register went back from epoch ${before.epoch} to ${after.epoch}`);
  }
  const isClaim = after.epoch > before.epoch;
  if (isClaim && after.epoch !== before.epoch + 1) cluster.violate('a claim skipped an epoch');
  const writer = placeOf(after.owner).host;
  if (
    !isClaim &&
    (after.owner !== before.owner || after.generation !== before.generation || writer !== host)
  ) {
    cluster.violate(`host ${host} wrote a checkpoint or result for an epoch that it does not own`);
  }
}
