import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Measured round trips between some places, at one or several times. */
export interface Network {
  readonly name: string;
  readonly places: number;
  readonly times: number;
  /** In ms; null where nothing was measured. */
  readonly roundTripMs: (from: number, to: number, time: number) => number | null;
}

/** @throws Error when no folder of recorded round trips is named */
export function loadNetworks(): readonly Network[] {
  const folder = process.env['GODWIT_DATA'];
  if (folder === undefined) {
    throw new Error('GODWIT_DATA names no folder. It must hold the recorded round trips, in rtt/.');
  }
  const read = (file: string): string => {
    const bytes = readFileSync(join(folder, 'rtt', file));
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim();
  };
  return [
    planetlab('PlanetLab, 245 hosts', read('planetlab_slice01_nodes1-245.tsv.gz')),
    planetlab('PlanetLab later, 245 hosts', read('planetlab_slice18_nodes1-245.tsv.gz')),
    seattle(read('seattle_20nodes_688slices.csv.gz')),
    pairwise('AWS, 19 regions', csv(read('aws_regions_2020-06-05.csv')), 'from', 'to', 'avg_ms'),
    pairwise(
      'IBM, zones and regions',
      newest(csv(read('ibm_vpc_zones_regions_weekly.csv.gz'))),
      'from',
      'to',
      'rtt_ms',
    ),
  ];
}

type Row = Readonly<Record<string, string>>;

function csv(text: string): readonly Row[] {
  const [header, ...lines] = text.split('\n').map((line) => line.trim().split(','));
  return lines.map((cells) =>
    Object.fromEntries((header ?? []).map((title, index) => [title, cells[index] ?? ''])),
  );
}

function newest(rows: readonly Row[]): readonly Row[] {
  const last = rows.reduce((latest, row) => {
    const at = row['end_of_30_day_window'] ?? '';
    return at > latest ? at : latest;
  }, '');
  return rows.filter((row) => row['end_of_30_day_window'] === last);
}

function positive(ms: number | undefined): number | null {
  return ms !== undefined && ms > 0 ? ms : null;
}

function planetlab(name: string, text: string): Network {
  const matrix = text.split('\n').map((line) => line.split('\t').map(Number));
  return {
    name,
    places: matrix.length,
    times: 1,
    roundTripMs: (from, to) => positive(matrix[from]?.[to]),
  };
}

/** Seconds in the file. */
function seattle(text: string): Network {
  const rows = csv(text);
  const pairs = Object.keys(rows[0] ?? {}).filter((title) => title.includes('>'));
  const names = [...new Set(pairs.map((pair) => pair.split('>')[0] ?? ''))];
  return {
    name: 'Seattle, 20 hosts over time',
    places: names.length,
    times: rows.length,
    roundTripMs: (from, to, time) => positive(Number(rows[time]?.[`${names[from]}>${names[to]}`]) * 1_000),
  };
}

function pairwise(name: string, rows: readonly Row[], from: string, to: string, ms: string): Network {
  const names = [...new Set(rows.map((row) => row[from] ?? ''))];
  const known = new Map(rows.map((row) => [`${row[from]}>${row[to]}`, Number(row[ms])]));
  return {
    name,
    places: names.length,
    times: 1,
    roundTripMs: (a, b) => positive(known.get(`${names[a]}>${names[b]}`)),
  };
}
