import type { FleetReport } from './metrics.ts';

const width = 900;
const height = 460;
const margin = { left: 64, right: 190, top: 40, bottom: 46 };
const colours = ['#1b6ca8', '#c8553d', '#4b8f3a', '#8e5ea2', '#b58900', '#2aa198', '#d33682', '#6c757d'];

/**
 * An SVG of the overload that each policy let pass, summed from the start: where a line rises, hosts were overloaded.
 * The axis is logarithmic above 1, since policies differ by orders of magnitude.
 *
 * @param sampleMs length of a sample of the workload
 */
export function overloadPlot(title: string, reports: readonly FleetReport[], sampleMs: number): string {
  const lines = reports.map((report) => cumulated(report.overloadBySample));
  const samples = Math.max(2, ...lines.map((line) => line.length));
  const most = Math.max(10, ...lines.map((line) => line.at(-1) ?? 0));
  const x = (sample: number): number =>
    margin.left + (sample / (samples - 1)) * (width - margin.left - margin.right);
  const y = (minutes: number): number =>
    height - margin.bottom - scaled(minutes, most) * (height - margin.top - margin.bottom);
  const hours = ((samples - 1) * sampleMs) / 3_600_000;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${margin.left}" y="22" font-size="15">${escaped(title)}</text>`,
    ...decades(most).map(
      (minutes) =>
        `<line x1="${margin.left}" x2="${width - margin.right}" y1="${fixed(y(minutes))}" y2="${fixed(y(minutes))}" ` +
        `stroke="#ddd"/><text x="${margin.left - 8}" y="${fixed(y(minutes) + 4)}" text-anchor="end">${minutes}</text>`,
    ),
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (share) =>
        `<text x="${fixed(x(share * (samples - 1)))}" y="${height - margin.bottom + 18}" text-anchor="middle">` +
        `${(share * hours).toFixed(1)} h</text>`,
    ),
    `<text x="${margin.left}" y="${height - 8}">overloaded host-minutes since the start, logarithmic above 1</text>`,
    ...lines.map((line, index) => drawn(line, x, y, colours[index % colours.length] ?? '#000', index)),
    ...legend(reports, lines),
    '</svg>',
    '',
  ].join('\n');
}

function cumulated(bySample: Float64Array): Float64Array {
  let sum = 0;
  return bySample.map((minutes) => (sum += minutes));
}

/** 0 at 0, and even steps for each factor of ten above 1. */
function scaled(minutes: number, most: number): number {
  const bend = (value: number): number => (value <= 1 ? value : 1 + Math.log10(value));
  return bend(minutes) / bend(most);
}

function decades(most: number): readonly number[] {
  const found = [0, 1];
  for (let minutes = 10; minutes <= most; minutes *= 10) found.push(minutes);
  return found;
}

function drawn(
  line: Float64Array,
  x: (sample: number) => number,
  y: (minutes: number) => number,
  colour: string,
  index: number,
): string {
  const points = Array.from(line, (minutes, sample) => `${fixed(x(sample))},${fixed(y(minutes))}`);
  const dash = index >= colours.length ? ' stroke-dasharray="5 3"' : '';
  return `<polyline fill="none" stroke="${colour}" stroke-width="1.8"${dash} points="${points.join(' ')}"/>`;
}

/** The policies, the most overloaded first, as their lines end. */
function legend(reports: readonly FleetReport[], lines: readonly Float64Array[]): readonly string[] {
  const order = reports
    .map(({ policy }, index) => ({ policy, index, end: lines[index]?.at(-1) ?? 0 }))
    .toSorted((a, b) => b.end - a.end);
  return order.map(({ policy, index, end }, row) => {
    const at = margin.top + 16 * row;
    const left = width - margin.right + 12;
    return (
      `<rect x="${left}" y="${at}" width="10" height="10" fill="${colours[index % colours.length] ?? '#000'}"/>` +
      `<text x="${left + 16}" y="${at + 9}">${escaped(policy)}: ${end.toFixed(0)}</text>`
    );
  });
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
