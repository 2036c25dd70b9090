import type { FleetReport } from './metrics.ts';

/** One column of the printed table. */
interface Column {
  readonly title: string;
  readonly cell: (report: FleetReport) => string;
}

const columns: readonly Column[] = [
  { title: 'POLICY', cell: ({ policy }) => policy },
  { title: 'OVERLOAD host-min', cell: ({ overloadHostMinutes }) => whole(overloadHostMinutes) },
  { title: 'SHARE %', cell: ({ overloadShare }) => (100 * overloadShare).toFixed(2) },
  { title: 'UNSERVED %', cell: ({ unservedShare }) => (100 * unservedShare).toFixed(3) },
  { title: 'SLOW p50', cell: ({ slowdownP50 }) => slow(slowdownP50) },
  { title: 'p95', cell: ({ slowdownP95 }) => slow(slowdownP95) },
  { title: 'p99', cell: ({ slowdownP99 }) => slow(slowdownP99) },
  { title: 'CROSS-RACK GB', cell: ({ crossRackBytes }) => (crossRackBytes / 1e9).toFixed(1) },
  { title: 'LATENCY ms', cell: ({ messageLatencyMs }) => messageLatencyMs.toFixed(3) },
  { title: 'kWh', cell: ({ energyWh }) => (energyWh / 1_000).toFixed(2) },
  { title: 'HOSTS', cell: ({ hostsInUse }) => hostsInUse.toFixed(1) },
  { title: 'MOVES', cell: ({ moves }) => whole(moves) },
  { title: 'MOVED GB', cell: ({ movedBytes }) => (movedBytes / 1e9).toFixed(1) },
  { title: 'DECISION ms', cell: ({ decisionMs }) => decisionMs.toFixed(2) },
  { title: 'max', cell: ({ decisionMaxMs }) => decisionMaxMs.toFixed(1) },
];

/** The reports as cells, the header first. */
export function reportCells(reports: readonly FleetReport[]): readonly (readonly string[])[] {
  return [
    columns.map(({ title }) => title),
    ...reports.map((report) => columns.map(({ cell }) => cell(report))),
  ];
}

/** For JSON: all figures, the series as plain numbers. */
export function reportDocument(report: FleetReport): Readonly<Record<string, unknown>> {
  return { ...report, overloadBySample: Array.from(report.overloadBySample) };
}

function whole(value: number): string {
  return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
}

function slow(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
