'use movable';

import { effect } from 'godwit';
import { writePng } from './png.ts';
import { type Chance, chanceOf, nextChance } from './chance.ts';
import { followRay, type Path, pathOf } from './light.ts';
import { type Scene, sceneOf } from './scene.ts';
import { act } from './witness.ts';

export interface RenderOptions {
  /** Of the whole picture, in pixels. */
  readonly width: number;
  readonly height: number;
  /** The band of the picture that is wanted: `rows` rows from `fromRow` on. The whole picture if not given. */
  readonly fromRow?: number;
  readonly rows?: number;
  /** Rays for each pixel. */
  readonly samples: number;
  /** Times that a ray may be deflected. */
  readonly bouncesMax?: number;
  readonly seed?: number;
  /** The band is written to this PNG file, and then left out of the result; null for none. */
  readonly file?: string | null;
  /** Acts are told to this witness; null for none. */
  readonly witness?: string | null;
  readonly rowsPerAct?: number;
}

export interface RenderResult {
  readonly width: number;
  readonly fromRow: number;
  readonly rows: number;
  readonly rays: number;
  /** Of the band's bytes. */
  readonly checksum: number;
  /** Red, green and blue of each pixel; null when they went to a file. */
  readonly pixels: Uint8Array | null;
  readonly acts: number;
}

/** Renders a picture, or a band of one, by path tracing. A pixel is the same whatever band it is rendered in. */
export async function render(options: RenderOptions): Promise<RenderResult> {
  const { width, height, samples, fromRow = 0, bouncesMax = 8, seed = 1 } = options;
  const { file = null, witness = null, rowsPerAct = 2 } = options;
  const rows = options.rows ?? height - fromRow;
  if (!(width > 0 && rows > 0 && fromRow >= 0 && fromRow + rows <= height)) {
    throw new RangeError(`Rows ${fromRow} to ${fromRow + rows} are no band of ${width} × ${height} pixels.`);
  }
  const scene = sceneOf();
  const path = pathOf();
  const pixels = new Uint8Array(width * rows * 3);
  let acts = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const chance = chanceOf(seed, column, fromRow + row);
      const place = { x: column, y: fromRow + row, width, height };
      const at = (row * width + column) * 3;
      renderPixel(scene, path, chance, place, { samples, bouncesMax }, pixels, at);
    }
    if ((row + 1) % rowsPerAct !== 0 && row + 1 !== rows) continue;
    acts += 1;
    if (witness !== null) await effect('witness', {}, (context) => act(witness, acts, context));
  }
  if (file !== null) await effect('write picture', {}, () => writePng(file, { width, height: rows, pixels }));
  return {
    width,
    fromRow,
    rows,
    rays: width * rows * samples,
    checksum: checksumOf(pixels),
    pixels: file === null ? pixels : null,
    acts,
  };
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function renderPixel(
  scene: Scene,
  path: Path,
  chance: Chance,
  place: Place,
  effort: { readonly samples: number; readonly bouncesMax: number },
  pixels: Uint8Array,
  at: number,
): void {
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let sample = 0; sample < effort.samples; sample += 1) {
    aim(scene, path, chance, place);
    followRay(scene, path, chance, effort.bouncesMax);
    // A single ray that found the lamp by chance would stay visible as a speck.
    red += Math.min(path.red, 6);
    green += Math.min(path.green, 6);
    blue += Math.min(path.blue, 6);
  }
  pixels[at] = toneOf(red / effort.samples);
  pixels[at + 1] = toneOf(green / effort.samples);
  pixels[at + 2] = toneOf(blue / effort.samples);
}

/** Starts the path at the lens, through a random point of the pixel. What lies at the distance of focus is sharp. */
function aim(scene: Scene, path: Path, chance: Chance, place: Place): void {
  const { camera } = scene;
  const across = ((place.x + nextChance(chance)) / place.width - 0.5) * camera.width;
  const up =
    (0.5 - (place.y + nextChance(chance)) / place.height) * ((camera.width * place.height) / place.width);
  const angle = 2 * Math.PI * nextChance(chance);
  const radius = camera.lensRadius * Math.sqrt(nextChance(chance));
  const lensX = radius * Math.cos(angle);
  const lensY = radius * Math.sin(angle);
  const { right, above, ahead } = camera;
  path.x = camera.x + right.x * lensX + above.x * lensY;
  path.y = camera.y + right.y * lensX + above.y * lensY;
  path.z = camera.z + right.z * lensX + above.z * lensY;
  const f = camera.focus;
  const dx = ahead.x * f + right.x * (across * f - lensX) + above.x * (up * f - lensY);
  const dy = ahead.y * f + right.y * (across * f - lensX) + above.y * (up * f - lensY);
  const dz = ahead.z * f + right.z * (across * f - lensX) + above.z * (up * f - lensY);
  const length = Math.sqrt(dx * dx + dy * dy + dz * dz);
  path.dx = dx / length;
  path.dy = dy / length;
  path.dz = dz / length;
}

/** Light as a byte: bright light is compressed as film does it, then coded for screens. */
function toneOf(light: number): number {
  const x = light * 0.75;
  const film = (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14);
  return Math.round(255 * Math.sqrt(Math.max(0, Math.min(1, film))));
}

function checksumOf(bytes: Uint8Array): number {
  let checksum = 0x811c9dc5;
  for (let at = 0; at < bytes.length; at += 1) checksum = Math.imul(checksum ^ (bytes[at] ?? 0), 0x01000193);
  return checksum >>> 0;
}
