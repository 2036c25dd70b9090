import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { SystemClock } from '../../src/clock.ts';
import { incarnationId } from '../../src/core/ids.ts';
import { unknownCoordinate } from '../../src/protocols/probing/coordinates.ts';
import { ProbeSeal, tagOf } from '../../src/wire/probe-packet.ts';
import { probeSettings, type ProbeSettings, UdpProbes } from '../../src/wire/probes.ts';

const secret = Buffer.from('a secret of a bench, long enough');
const unbounded: ProbeSettings = {
  ...probeSettings,
  stormPerSecond: Number.MAX_SAFE_INTEGER,
  rates: {
    ...probeSettings.rates,
    known: { burst: 1e9, perSecond: 1e9 },
    knownTotal: { burst: 1e9, perSecond: 1e9 },
  },
};

/** Two ends of probes on the loopback, in this process. */
async function ends(settings: ProbeSettings): Promise<readonly [UdpProbes, UdpProbes]> {
  const clock = new SystemClock();
  const opened = ['a.1', 'b.1'].map(
    (name) => new UdpProbes({ self: incarnationId(name), secret, clock, settings }),
  );
  for (const one of opened) await one.open('127.0.0.1', 0);
  return opened as unknown as readonly [UdpProbes, UdpProbes];
}

function addressOf(probes: UdpProbes): string {
  const standing = probes.standing();
  if (standing.kind === 'closed') throw new Error(standing.reason);
  return standing.address;
}

/** CPU time of one probe with its answer, both ends together, in µs. */
export async function costOfProbe(count: number): Promise<number> {
  const [a, b] = await ends(unbounded);
  const to = incarnationId('b.1');
  const address = addressOf(b);
  let answers = 0;
  const before = process.cpuUsage();
  await new Promise<void>((resolve) => {
    a.onAnswer(() => {
      answers += 1;
      if (answers === count) resolve();
      else a.send(to, address);
    });
    a.send(to, address);
  });
  const { user, system } = process.cpuUsage(before);
  await Promise.all([a.close(), b.close()]);
  return (user + system) / count;
}

export interface Flood {
  /** Packets that were sent within the time. */
  readonly sent: number;
  /** Seals that were checked. */
  readonly checked: number;
  /** Share of the time in which the port was closed, because too much came. */
  readonly closedShare: number;
  /** CPU time of the receiving end, in the other process's absence, as a share of one core. */
  readonly cpuShare: number;
}

/** Forged probes for a while, as fast as this process can send them: in turns, so that the costs can be told apart. */
export async function flood(seconds: number): Promise<Flood> {
  const [a, b] = await ends(probeSettings);
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const forged = new ProbeSeal(Buffer.from('the secret of another cluster')).write({
    kind: 'probe',
    number: 1,
    from: tagOf(incarnationId('a.1')),
    to: tagOf(incarnationId('b.1')),
    coordinate: unknownCoordinate,
  });
  const port = Number(addressOf(b).split(':')[1]);
  const endMs = performance.now() + seconds * 1_000;
  let [sent, closed, turns, receivingUs] = [0, 0, 0, 0];
  while (performance.now() < endMs) {
    await new Promise<void>((resolve) => {
      for (let count = 0; count < 63; count += 1) socket.send(forged, port, '127.0.0.1');
      socket.send(forged, port, '127.0.0.1', () => resolve());
    });
    sent += 64;
    const before = process.cpuUsage();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    const { user, system } = process.cpuUsage(before);
    receivingUs += user + system;
    turns += 1;
    if (b.standing().kind === 'closed') closed += 1;
  }
  const { unauthentic } = b.refused();
  socket.close();
  await Promise.all([a.close(), b.close()]);
  return {
    sent,
    checked: unauthentic,
    closedShare: closed / turns,
    cpuShare: receivingUs / 1e6 / seconds,
  };
}
