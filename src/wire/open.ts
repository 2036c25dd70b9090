import { isLoopback, parseAddress } from './address.ts';
import { BulkChannel } from './bulk.ts';
import type { Wire } from './contract.ts';
import { ListenRefusedError } from './errors.ts';
import { Gate } from './gate.ts';
import { ClusterSecret } from './handshake.ts';
import { SocketLinks } from './links.ts';
import { probeSettings, UdpProbes } from './probes.ts';
import type { WirePorts } from './settings.ts';

/**
 * The wire of one process, a host or a client; it listens only when it is told to.
 *
 * @throws {WeakSecretError} when the cluster secret is shorter than 16 bytes
 */
export function openWire(ports: WirePorts): Wire {
  const secret = new ClusterSecret(ports.secret);
  const links = new SocketLinks(ports, secret);
  const bulk = new BulkChannel(ports, secret);
  const { self, clock } = ports;
  const probes = new UdpProbes({ self, secret: ports.secret, clock, settings: probeSettings });
  const gate = new Gate(ports, secret, {
    admitLink: (hello) => links.admit(hello),
    onLink: (socket, session) => links.accept(socket, session),
    onBulk: (hello, response) => bulk.serve(hello, response),
  });
  return {
    links,
    bulk,
    probes,
    listen: async (host, port, advertised) => {
      const hostAdvertised = advertised === null ? host : (parseAddress(advertised)?.host ?? advertised);
      if (!isLoopback(hostAdvertised)) throw new ListenRefusedError(hostAdvertised, 'advertise');
      const bound = await gate.listen(host, port);
      const address = advertised ?? bound;
      links.announce(address);
      await probes.open(host, parseAddress(bound)?.port ?? 0, advertised);
      return { address, bound };
    },
    stop: async () => {
      links.stop();
      bulk.stop();
      await Promise.all([gate.close(), probes.close()]);
    },
  };
}
