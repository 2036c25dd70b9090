import type { Command } from 'commander';
import { address } from '../actors/addresses.ts';
import type { Cluster } from '../cluster.ts';
import type { RackName } from '../core/ids.ts';
import type {
  HostLatencies,
  LatencyReply,
  LatencyStatistics,
  LMSMeasurements,
  RackLatencies,
  RackReply,
} from '../protocols/messages.ts';
import { fillMatrix, type LatencyMatrix } from '../protocols/probing/matrix.ts';
import type { StoreOption } from './options.ts';
import { jsonOption, storeOption, withCluster } from './options.ts';
import { countText, table } from './table.ts';
import { columnsOf } from './terminal.ts';

interface Flags extends StoreOption {
  readonly json: boolean;
  readonly hosts: boolean;
}

interface Shown {
  readonly matrix: LatencyMatrix;
  readonly hosts: readonly HostLatencies[];
  /** Of them, no actor has answered. */
  readonly silentRacks: readonly RackName[];
}

const askMs = 5_000;

/** `godwit latency`: what the latency agents measured, between racks and between hosts. */
export function addLatencyCommand(program: Command): void {
  program
    .command('latency')
    .description('show round trips, jitter and loss between racks, and with --hosts between hosts')
    .option('--hosts', 'what each host measured to each of its peers', false)
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  godwit latency --hosts')
    .action(latency);
}

async function latency(flags: Flags): Promise<void> {
  const shown = await withCluster(flags, (cluster) => gather(cluster, flags.hosts || flags.json));
  const { matrix, hosts, silentRacks } = shown;
  if (flags.json) return console.log(JSON.stringify({ ...matrix, hosts, silentRacks }));
  const columns = columnsOf(process.stdout);
  const titles = ['FROM', 'TO', 'P50 MS', 'P95 MS', 'JITTER MS', 'LOSS', 'SAMPLES', 'AGE', 'SOURCE'];
  console.log(table(titles, matrixRows(matrix.measurements), columns));
  if (flags.hosts) {
    console.log();
    console.log(table([...titles, 'ANSWERS MS'], hosts.flatMap(hostRows), columns));
  }
  for (const note of notes(shown)) console.error(note);
}

async function gather(cluster: Cluster, wantsHosts: boolean): Promise<Shown> {
  const up = await cluster.hosts();
  const racks = [...new Set(up.map(({ identity }) => identity.rack))].toSorted();
  const rows = await Promise.all(racks.map((rack) => rowOf(cluster, rack)));
  const hosts = wantsHosts
    ? await Promise.all(up.map(({ identity }) => agentOf(cluster, address.role(identity.name, 'latency'))))
    : [];
  return {
    matrix: fillMatrix(rows.filter((row) => row !== null)),
    hosts: hosts.filter((host) => host !== null),
    silentRacks: racks.filter((_, index) => rows[index] === null),
  };
}

async function rowOf(cluster: Cluster, rack: RackName): Promise<RackLatencies | null> {
  const reply = await answer<RackReply>(cluster, address.rack(rack), { kind: 'latencyRow' });
  return reply?.kind === 'latencyRow' ? reply.latencies : null;
}

async function agentOf(cluster: Cluster, where: string): Promise<HostLatencies | null> {
  const reply = await answer<LatencyReply>(cluster, where, { kind: 'matrix' });
  return reply?.kind === 'matrix' ? reply.latencies : null;
}

async function answer<Reply>(
  cluster: Cluster,
  where: string,
  message: { readonly kind: string },
): Promise<Reply | null> {
  try {
    return (await cluster.actor(where).ask(message, { timeoutMs: askMs })) as Reply;
  } catch {
    return null; // It is named among those that did not answer.
  }
}

function matrixRows(measurements: LMSMeasurements): readonly (readonly string[])[] {
  return Object.entries(measurements).flatMap(([from, row]) =>
    Object.entries(row)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([to, statistics]) => [from, to, ...cells(statistics)]),
  );
}

function hostRows({ identity, peers }: HostLatencies): readonly (readonly string[])[] {
  return peers
    .toSorted((a, b) => (a.host < b.host ? -1 : 1))
    .map(({ host, statistics, answersP50Ms }) => [
      identity.name,
      host,
      ...cells(statistics),
      answersP50Ms === null ? '-' : msText(answersP50Ms),
    ]);
}

function cells({ p50Ms, p95Ms, jitterMs, lossRatio, samples, ageMs, source }: LatencyStatistics) {
  return [
    msText(p50Ms),
    msText(p95Ms),
    msText(jitterMs),
    `${(100 * lossRatio).toFixed(1)} %`,
    String(samples),
    `${(ageMs / 1_000).toFixed(1)} s`,
    source,
  ];
}

function msText(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : ms.toFixed(1);
}

/** What the tables do not say. */
function notes({ matrix: { score }, hosts, silentRacks }: Shown): readonly string[] {
  const closed = hosts.flatMap(({ identity, probes }) =>
    probes.kind === 'closed'
      ? [`${identity.name} takes no probes: ${probes.reason}. Its links stand in.`]
      : [],
  );
  const silent = silentRacks.map((rack) => `No actor of rack ${rack} answered: its row is missing.`);
  if (score.pairs === 0) return [...silent, ...closed];
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const learned =
    `Coordinates ${score.used ? 'fill' : 'do not fill'} what nobody measured: off by ${percent(score.learnedError)} ` +
    `on ${countText(score.pairs, 'pair')} held back, the racks' plain figures by ${percent(score.plainError)}.`;
  return [...silent, ...closed, learned];
}
