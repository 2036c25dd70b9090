'use movable';

export interface Vector {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** `coated` is coloured under a clear varnish; `glossy` metal blurs what it mirrors by `blur`. */
export type Material = 'coated' | 'glossy' | 'glass' | 'lamp';

export interface Sphere extends Vector {
  readonly radius: number;
  readonly material: Material;
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly blur: number;
}

export interface Camera extends Vector {
  /** Unit vectors. */
  readonly right: Vector;
  readonly above: Vector;
  readonly ahead: Vector;
  /** Of the picture at distance 1. */
  readonly width: number;
  readonly lensRadius: number;
  /** What is sharp is so far away. */
  readonly focus: number;
}

/** Spheres on a floor (y = 0); the lamp is one of them. */
export interface Scene {
  readonly camera: Camera;
  readonly spheres: readonly Sphere[];
  readonly lamp: Sphere;
}

export function sceneOf(): Scene {
  const lamp = sphere('lamp', 3.2, 5.6, 2.4, 1.1, [17, 14.5, 11.5], 0);
  const spheres = [
    lamp,
    sphere('glass', 0, 1.15, 0.25, 1.15, [0.98, 0.99, 0.99], 0),
    sphere('glossy', -2.3, 1, -1.1, 1, [0.95, 0.68, 0.32], 0.08),
    sphere('coated', 2.25, 0.95, -1.2, 0.95, [0.72, 0.07, 0.06], 0),
    sphere('glossy', 0.35, 0.8, -2.9, 0.8, [0.86, 0.88, 0.92], 0),
    sphere('glass', -1.15, 0.42, 1.75, 0.42, [0.75, 0.94, 0.86], 0),
    sphere('glossy', 1.55, 0.4, 1.35, 0.4, [0.8, 0.48, 0.4], 0.22),
  ];
  // Beads around the glass, each an eighth of a turn and a little further than the last.
  for (let bead = 0; bead < 21; bead += 1) {
    const angle = 2.399963 * bead + 0.5;
    const distance = 2.15 + 0.135 * bead;
    const radius = 0.17 + 0.05 * ((bead * 7) % 4);
    const x = distance * Math.cos(angle);
    const z = distance * Math.sin(angle);
    const free = spheres.every((other) => {
      const gap = Math.sqrt((other.x - x) ** 2 + (other.y - radius) ** 2 + (other.z - z) ** 2);
      return gap > other.radius + radius + 0.03;
    });
    if (!free) continue;
    const material: Material = bead % 5 === 3 ? 'glass' : bead % 5 === 1 ? 'glossy' : 'coated';
    spheres.push(sphere(material, x, radius, z, radius, hueOf(bead / 21), 0.05));
  }
  return { camera: cameraAt({ x: -1.6, y: 2.15, z: 7.2 }, { x: 0.05, y: 0.8, z: 0 }), spheres, lamp };
}

function sphere(
  material: Material,
  x: number,
  y: number,
  z: number,
  radius: number,
  colour: readonly [number, number, number],
  blur: number,
): Sphere {
  const [red, green, blue] = colour;
  return { material, x, y, z, radius, red, green, blue, blur };
}

/** A colour of the rainbow, a little muted. */
function hueOf(turn: number): [number, number, number] {
  const part = (shift: number): number => 0.42 + 0.36 * Math.cos(2 * Math.PI * (turn + shift));
  return [part(0), part(0.67), part(0.33)];
}

function cameraAt(from: Vector, to: Vector): Camera {
  const ahead = unit({ x: to.x - from.x, y: to.y - from.y, z: to.z - from.z });
  const right = unit({ x: -ahead.z, y: 0, z: ahead.x });
  const above = {
    x: right.y * ahead.z - right.z * ahead.y,
    y: right.z * ahead.x - right.x * ahead.z,
    z: right.x * ahead.y - right.y * ahead.x,
  };
  const focus = Math.sqrt((to.x - from.x) ** 2 + (to.y - from.y) ** 2 + (to.z - from.z) ** 2) - 0.9;
  return { ...from, right, above, ahead, width: 1.02, lensRadius: 0.045, focus };
}

function unit({ x, y, z }: Vector): Vector {
  const length = Math.sqrt(x * x + y * y + z * z);
  return { x: x / length, y: y / length, z: z / length };
}
