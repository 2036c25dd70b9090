/** One line of a plot. */
export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const width = 640;
const height = 420;
const edge = 60;

/** A log-log plot as SVG; all values are above 0. */
export function logLogPlot(title: string, xName: string, yName: string, curves: readonly Curve[]): string {
  const xs = curves.flatMap(({ points }) => points.map(({ x }) => Math.log10(x)));
  const ys = curves.flatMap(({ points }) => points.map(({ y }) => Math.log10(y)));
  const [left, right] = [Math.floor(Math.min(...xs)), Math.ceil(Math.max(...xs))];
  const [low, high] = [Math.floor(Math.min(...ys)), Math.ceil(Math.max(...ys))];
  const xAt = (log: number) => edge + ((log - left) / (right - left)) * (width - 2 * edge);
  const yAt = (log: number) => height - edge - ((log - low) / (high - low)) * (height - 2 * edge);
  const parts: string[] = [];
  for (let log = left; log <= right; log += 1) {
    parts.push(line(xAt(log), yAt(low), xAt(log), yAt(high)), text(xAt(log), yAt(low) + 18, `1e${log}`));
  }
  for (let log = low; log <= high; log += 1) {
    parts.push(
      line(xAt(left), yAt(log), xAt(right), yAt(log)),
      text(xAt(left) - 22, yAt(log) + 4, `1e${log}`),
    );
  }
  const colours = ['#1769aa', '#b35900', '#2e7d32'];
  curves.forEach(({ name, points }, k) => {
    const colour = colours[k % colours.length] ?? 'black';
    const path = points.map(
      ({ x, y }) => `${xAt(Math.log10(x)).toFixed(1)},${yAt(Math.log10(y)).toFixed(1)}`,
    );
    parts.push(`<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const at of path)
      parts.push(`<circle cx="${at.split(',')[0]}" cy="${at.split(',')[1]}" r="3" fill="${colour}"/>`);
    parts.push(`<text x="${edge + 12}" y="${edge + 18 + 18 * k}" fill="${colour}">${name}</text>`);
  });
  parts.push(text(width / 2, 28, title), text(width / 2, height - 14, xName));
  parts.push(
    `<text transform="translate(16 ${height / 2}) rotate(-90)" text-anchor="middle">${yName}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>${parts.join('')}</svg>\n`;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#ddd"/>`;
}

function text(x: number, y: number, what: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="middle">${what}</text>`;
}
