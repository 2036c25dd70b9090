import { median } from 'simple-statistics';
import type { HostIdentity } from '../core/execution.ts';
import type { LatencyMessage, LatencyReply } from '../protocols/messages.ts';
import type { Links } from '../wire/contract.ts';
import type { Directory } from './directory.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';

export interface LatencyPorts {
  readonly identity: HostIdentity;
  readonly directory: Directory;
  readonly links: Pick<Links, 'connect' | 'roundTrip'>;
  readonly lookEveryMs: number;
  /** Median round trip to the other hosts, in ms; 0 while none was measured. */
  readonly publish: (medianMs: number) => void;
}

export type LatencyActorMessage = LatencyMessage | { readonly kind: 'look' };

type Peers = LatencyReply['peers'];
type Context = ActorContext<LatencyActorMessage, LatencyReply>;

/** Keeps a link to every other host, whose pings measure the round trip, and answers with what they showed. */
export function latencyActor(ports: LatencyPorts): Behaviour<Peers, LatencyActorMessage, LatencyReply> {
  return {
    init(context) {
      context.after(ports.lookEveryMs, { kind: 'look' });
      return [];
    },
    receive(peers, message, context) {
      if (message.kind === 'look') return look(context, ports);
      context.replyTo?.answer({ kind: 'matrix', peers } satisfies LatencyReply);
      return peers;
    },
  };
}

function look(context: Context, { directory, identity, links, lookEveryMs, publish }: LatencyPorts): Peers {
  context.after(lookEveryMs, { kind: 'look' });
  const peers = directory
    .hosts()
    .filter((host) => host.incarnation !== identity.incarnation)
    .flatMap((host) => {
      links.connect(host);
      const measured = links.roundTrip(host.incarnation);
      if (measured === null) return [];
      return [
        { host: host.name, rack: host.rack, roundTripMs: measured.smoothedMs, jitterMs: measured.jitterMs },
      ];
    });
  publish(peers.length === 0 ? 0 : median(peers.map(({ roundTripMs }) => roundTripMs)));
  return peers;
}
