'use movable';

import { type Chance, nextChance } from './chance.ts';
import type { Scene, Sphere } from './scene.ts';

/** A ray on its way, what it hit last, and the light that it has gathered. */
export interface Path {
  x: number;
  y: number;
  z: number;
  /** Its direction, of length 1. */
  dx: number;
  dy: number;
  dz: number;
  /** The surface that it hit: its normal, towards the ray, and the sphere; null for the floor. */
  nx: number;
  ny: number;
  nz: number;
  sphere: Sphere | null;
  /** Whether the ray came from outside the sphere. */
  entering: boolean;
  /** What of later light still comes through, in each colour. */
  throughRed: number;
  throughGreen: number;
  throughBlue: number;
  red: number;
  green: number;
  blue: number;
}

const gap = 1e-4;
const glassIndex = 1.5;

export function pathOf(): Path {
  const ray = { x: 0, y: 0, z: 0, dx: 0, dy: 0, dz: 1 };
  const surface = { nx: 0, ny: 1, nz: 0, sphere: null, entering: true };
  const light = { throughRed: 1, throughGreen: 1, throughBlue: 1, red: 0, green: 0, blue: 0 };
  return { ...ray, ...surface, ...light };
}

/** Follows the ray until it leaves the scene, is absorbed, or was deflected too often. */
export function followRay(scene: Scene, path: Path, chance: Chance, bouncesMax: number): void {
  path.red = path.green = path.blue = 0;
  path.throughRed = path.throughGreen = path.throughBlue = 1;
  let seesLamp = true; // Matt surfaces ask for the lamp's light themselves; it must not count twice.
  for (let bounce = 0; bounce < bouncesMax; bounce += 1) {
    if (!advance(scene, path)) return gather(path, skyRed(path.dy), skyGreen(path.dy), skyBlue(path.dy));
    const sphere = path.sphere;
    if (sphere !== null && sphere.material === 'lamp') {
      if (seesLamp) gather(path, sphere.red, sphere.green, sphere.blue);
      return;
    }
    if (sphere !== null && sphere.material === 'glass') {
      refract(path, chance, sphere);
      seesLamp = true;
    } else if (sphere !== null && sphere.material === 'glossy') {
      mirror(path);
      blurBy(path, chance, sphere.blur);
      dim(path, sphere.red, sphere.green, sphere.blue);
      seesLamp = true;
    } else if (nextChance(chance) < varnishOf(path)) {
      mirror(path);
      seesLamp = true;
    } else {
      dimByColour(path, sphere);
      gatherLamp(scene, path, chance);
      scatter(path, chance);
      seesLamp = false;
    }
    if (bounce > 2 && !survives(path, chance)) return;
  }
}

/** Moves the path to the nearest surface. @returns false when there is none */
function advance(scene: Scene, path: Path): boolean {
  const { x, y, z, dx, dy, dz } = path;
  let nearest = Infinity;
  let found: Sphere | null = null;
  for (const sphere of scene.spheres) {
    const distance = distanceTo(sphere, x, y, z, dx, dy, dz);
    if (distance < nearest) {
      nearest = distance;
      found = sphere;
    }
  }
  const floor = dy < -1e-6 ? -y / dy : Infinity;
  if (floor > gap && floor < nearest) {
    nearest = floor;
    found = null;
  }
  if (nearest > 60) return false;
  path.x = x + dx * nearest;
  path.y = y + dy * nearest;
  path.z = z + dz * nearest;
  path.sphere = found;
  path.entering = true;
  path.nx = found === null ? 0 : (path.x - found.x) / found.radius;
  path.ny = found === null ? 1 : (path.y - found.y) / found.radius;
  path.nz = found === null ? 0 : (path.z - found.z) / found.radius;
  if (path.nx * dx + path.ny * dy + path.nz * dz > 0) {
    path.entering = false;
    path.nx = -path.nx;
    path.ny = -path.ny;
    path.nz = -path.nz;
  }
  return true;
}

/** @returns Infinity when the ray misses the sphere */
function distanceTo(
  sphere: Sphere,
  x: number,
  y: number,
  z: number,
  dx: number,
  dy: number,
  dz: number,
): number {
  const ox = x - sphere.x;
  const oy = y - sphere.y;
  const oz = z - sphere.z;
  const half = ox * dx + oy * dy + oz * dz;
  const beyond = ox * ox + oy * oy + oz * oz - sphere.radius * sphere.radius;
  const discriminant = half * half - beyond;
  if (discriminant <= 0) return Infinity;
  const root = Math.sqrt(discriminant);
  if (-half - root > gap) return -half - root;
  return -half + root > gap ? -half + root : Infinity;
}

function gather(path: Path, red: number, green: number, blue: number): void {
  path.red += path.throughRed * red;
  path.green += path.throughGreen * green;
  path.blue += path.throughBlue * blue;
}

function dim(path: Path, red: number, green: number, blue: number): void {
  path.throughRed *= red;
  path.throughGreen *= green;
  path.throughBlue *= blue;
}

/** The sphere's colour, or that of the floor's tiles, which fade into the distance. */
function dimByColour(path: Path, sphere: Sphere | null): void {
  if (sphere !== null) return dim(path, sphere.red, sphere.green, sphere.blue);
  const isDark = (Math.floor(path.x * 0.8) + Math.floor(path.z * 0.8)) % 2 === 0;
  if (isDark) dim(path, 0.1, 0.12, 0.16);
  else dim(path, 0.62, 0.6, 0.56);
}

/** An evening: warm at the horizon, blue above. */
function skyRed(up: number): number {
  return mix(0.62, 0.07, up);
}

function skyGreen(up: number): number {
  return mix(0.42, 0.13, up);
}

function skyBlue(up: number): number {
  return mix(0.36, 0.34, up);
}

function mix(low: number, high: number, up: number): number {
  const share = Math.sqrt(Math.max(0, up));
  return low + (high - low) * share;
}

function mirror(path: Path): void {
  const twice = 2 * (path.dx * path.nx + path.dy * path.ny + path.dz * path.nz);
  path.dx -= twice * path.nx;
  path.dy -= twice * path.ny;
  path.dz -= twice * path.nz;
}

/** The share that varnish mirrors: little from above, everything at a flat angle (Schlick 1994). */
function varnishOf(path: Path): number {
  const facing = 1 + (path.dx * path.nx + path.dy * path.ny + path.dz * path.nz);
  const share = path.sphere === null ? 0.03 : 0.045;
  return share + (1 - share) * fifthPower(facing);
}

function fifthPower(x: number): number {
  const squared = x * x;
  return squared * squared * x;
}

function refract(path: Path, chance: Chance, sphere: Sphere): void {
  const { nx, ny, nz } = path;
  if (!path.entering) dim(path, sphere.red, sphere.green, sphere.blue);
  const ratio = path.entering ? 1 / glassIndex : glassIndex;
  const cosine = -(path.dx * nx + path.dy * ny + path.dz * nz);
  const left = 1 - ratio * ratio * (1 - cosine * cosine);
  const base = ((1 - glassIndex) / (1 + glassIndex)) ** 2;
  const flat = 1 - (path.entering ? cosine : Math.sqrt(Math.max(0, left)));
  if (left <= 0 || nextChance(chance) < base + (1 - base) * fifthPower(flat)) return mirror(path);
  const along = ratio * cosine - Math.sqrt(left);
  path.dx = ratio * path.dx + along * nx;
  path.dy = ratio * path.dy + along * ny;
  path.dz = ratio * path.dz + along * nz;
}

function blurBy(path: Path, chance: Chance, blur: number): void {
  if (blur === 0) return;
  deflect(path, path.dx, path.dy, path.dz, blur, chance);
}

/** In any direction, more often straight up than flat: towards a random point of the unit sphere on the normal. */
function scatter(path: Path, chance: Chance): void {
  deflect(path, path.nx, path.ny, path.nz, 1, chance);
}

function deflect(path: Path, x: number, y: number, z: number, radius: number, chance: Chance): void {
  const height = 1 - 2 * nextChance(chance);
  const angle = 2 * Math.PI * nextChance(chance);
  const around = Math.sqrt(Math.max(0, 1 - height * height));
  const dx = x + radius * around * Math.cos(angle);
  const dy = y + radius * around * Math.sin(angle);
  const dz = z + radius * height;
  const length = Math.sqrt(dx * dx + dy * dy + dz * dz);
  if (length < gap) return;
  path.dx = dx / length;
  path.dy = dy / length;
  path.dz = dz / length;
}

/** Adds the light that falls from the lamp on a matt surface, unless something is in between. */
function gatherLamp(scene: Scene, path: Path, chance: Chance): void {
  const { lamp } = scene;
  const cx = lamp.x - path.x;
  const cy = lamp.y - path.y;
  const cz = lamp.z - path.z;
  const distance = Math.sqrt(cx * cx + cy * cy + cz * cz);
  const cosineMin = Math.sqrt(Math.max(0, 1 - (lamp.radius / distance) ** 2));
  const cosine = 1 - nextChance(chance) * (1 - cosineMin);
  const sine = Math.sqrt(Math.max(0, 1 - cosine * cosine));
  const angle = 2 * Math.PI * nextChance(chance);
  // Two directions across the way to the lamp: u is horizontal, v is across both.
  const flat = Math.sqrt(cx * cx + cz * cz) || 1;
  const ux = -cz / flat;
  const uz = cx / flat;
  const wx = cx / distance;
  const wy = cy / distance;
  const wz = cz / distance;
  const across = sine * Math.cos(angle);
  const along = sine * Math.sin(angle);
  const dx = wx * cosine + ux * across + wy * uz * along;
  const dy = wy * cosine + (wz * ux - wx * uz) * along;
  const dz = wz * cosine + uz * across - wy * ux * along;
  const facing = dx * path.nx + dy * path.ny + dz * path.nz;
  if (facing <= 0) return;
  const reach = distanceTo(lamp, path.x, path.y, path.z, dx, dy, dz);
  if (reach === Infinity) return;
  for (const sphere of scene.spheres) {
    if (sphere !== lamp && distanceTo(sphere, path.x, path.y, path.z, dx, dy, dz) < reach) return;
  }
  const share = 2 * (1 - cosineMin) * facing;
  gather(path, lamp.red * share, lamp.green * share, lamp.blue * share);
}

/** Ends dim paths by chance; the ones that go on count for them. */
function survives(path: Path, chance: Chance): boolean {
  const brightest = Math.min(0.95, Math.max(path.throughRed, path.throughGreen, path.throughBlue));
  if (nextChance(chance) >= brightest) return false;
  dim(path, 1 / brightest, 1 / brightest, 1 / brightest);
  return true;
}
