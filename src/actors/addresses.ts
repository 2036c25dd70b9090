import type { ActorAddress, ExecutionId, HostName, MigrationId, RackName } from '../core/ids.ts';
import { actorAddress } from '../core/ids.ts';

/** Where the actors of a cluster are reached. */
export const address = {
  host: (name: HostName): ActorAddress => actorAddress(`host/${name}`),
  role: (
    name: HostName,
    role:
      | 'lease'
      | 'ownership'
      | 'executions'
      | 'migrations'
      | 'affinity'
      | 'engine'
      | 'latency'
      | 'monitor'
      | 'checkpoints',
  ): ActorAddress => actorAddress(`host/${name}/${role}`),
  migration: (name: HostName, migration: MigrationId): ActorAddress =>
    actorAddress(`host/${name}/migrations/${migration}`),
  execution: (execution: ExecutionId): ActorAddress => actorAddress(`execution/${execution}`),
  rack: (rack: RackName): ActorAddress => actorAddress(`rack/${rack}`),
  /** At the holder of the cluster's one control seat. */
  cluster: (role: 'analyzer' | 'orchestrator'): ActorAddress => actorAddress(`cluster/${role}`),
};

/** The seat in the registry whose holder carries the cluster's analyzer and orchestrator. */
export const controlSeat = 'cluster/control';

/** What an address names; null when it names nothing that exists in this design. */
export type Place =
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'execution'; readonly execution: string }
  | { readonly kind: 'rack'; readonly rack: string }
  | { readonly kind: 'cluster'; readonly role: string };

export function placeOf(text: ActorAddress): Place | null {
  const [kind, name] = text.split('/');
  if (name === undefined || name === '') return null;
  if (kind === 'host') return { kind, host: name };
  if (kind === 'execution') return { kind, execution: name };
  if (kind === 'rack') return { kind, rack: name };
  if (kind === 'cluster') return { kind, role: name };
  return null;
}
