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
      | 'latency'
      | 'monitor'
      | 'checkpoints',
  ): ActorAddress => actorAddress(`host/${name}/${role}`),
  migration: (name: HostName, migration: MigrationId): ActorAddress =>
    actorAddress(`host/${name}/migrations/${migration}`),
  execution: (execution: ExecutionId): ActorAddress => actorAddress(`execution/${execution}`),
  rack: (rack: RackName): ActorAddress => actorAddress(`rack/${rack}`),
};

/** What an address names; null when it names nothing that exists in this design. */
export type Place =
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'execution'; readonly execution: string }
  | { readonly kind: 'rack'; readonly rack: string };

export function placeOf(text: ActorAddress): Place | null {
  const [kind, name] = text.split('/');
  if (name === undefined || name === '') return null;
  if (kind === 'host') return { kind, host: name };
  if (kind === 'execution') return { kind, execution: name };
  if (kind === 'rack') return { kind, rack: name };
  return null;
}
