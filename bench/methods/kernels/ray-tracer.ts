'use movable';

class Vector {
  readonly x: number;
  readonly y: number;
  readonly z: number;

  constructor(x: number, y: number, z: number) {
    this.x = x;
    this.y = y;
    this.z = z;
  }

  plus(o: Vector): Vector {
    return new Vector(this.x + o.x, this.y + o.y, this.z + o.z);
  }

  minus(o: Vector): Vector {
    return new Vector(this.x - o.x, this.y - o.y, this.z - o.z);
  }

  times(factor: number): Vector {
    return new Vector(this.x * factor, this.y * factor, this.z * factor);
  }

  dot(o: Vector): number {
    return this.x * o.x + this.y * o.y + this.z * o.z;
  }

  unit(): Vector {
    return this.times(1 / Math.sqrt(this.dot(this)));
  }

  mirroredAt(normal: Vector): Vector {
    return this.minus(normal.times(2 * this.dot(normal)));
  }
}

interface Ray {
  readonly origin: Vector;
  readonly direction: Vector;
}

interface Surface {
  readonly brightness: (at: Vector) => number;
  readonly mirror: number;
}

abstract class Thing {
  readonly surface: Surface;

  constructor(surface: Surface) {
    this.surface = surface;
  }

  /** How far along the ray it is; infinite when it is not hit. */
  abstract distance(ray: Ray): number;
  abstract normal(at: Vector): Vector;
}

class Sphere extends Thing {
  readonly #centre: Vector;
  readonly #radius: number;

  constructor(centre: Vector, radius: number, surface: Surface) {
    super(surface);
    this.#centre = centre;
    this.#radius = radius;
  }

  override distance({ origin, direction }: Ray): number {
    const to = this.#centre.minus(origin);
    const along = to.dot(direction);
    const square = this.#radius * this.#radius - to.dot(to) + along * along;
    if (along < 0 || square < 0) return Infinity;
    const near = along - Math.sqrt(square);
    return near > 1e-6 ? near : Infinity;
  }

  override normal(at: Vector): Vector {
    return at.minus(this.#centre).unit();
  }
}

class Floor extends Thing {
  readonly #height: number;

  constructor(height: number, surface: Surface) {
    super(surface);
    this.#height = height;
  }

  override distance({ origin, direction }: Ray): number {
    if (direction.y >= -1e-6) return Infinity;
    return (this.#height - origin.y) / direction.y;
  }

  override normal(): Vector {
    return new Vector(0, 1, 0);
  }
}

const deepest = 4;

class Scene {
  readonly #things: readonly Thing[];
  readonly #lights: readonly Vector[];

  constructor(things: readonly Thing[], lights: readonly Vector[]) {
    this.#things = things;
    this.#lights = lights;
  }

  trace(ray: Ray, depth: number): number {
    const hit = this.#nearest(ray);
    if (hit === null) return 0.1;
    const at = ray.origin.plus(ray.direction.times(hit.distance));
    const normal = hit.thing.normal(at);
    const { surface } = hit.thing;
    let light = 0.1;
    for (const lamp of this.#lights) light += this.#lightFrom(lamp, at, normal);
    const own = light * surface.brightness(at);
    if (surface.mirror === 0 || depth === deepest) return own;
    const direction = ray.direction.mirroredAt(normal);
    const mirrored = this.trace({ origin: at.plus(direction.times(1e-4)), direction }, depth + 1);
    return own * (1 - surface.mirror) + mirrored * surface.mirror;
  }

  #lightFrom(lamp: Vector, at: Vector, normal: Vector): number {
    const towards = lamp.minus(at);
    const distance = Math.sqrt(towards.dot(towards));
    const direction = towards.times(1 / distance);
    const facing = direction.dot(normal);
    if (facing <= 0) return 0;
    const hidden = this.#nearest({ origin: at.plus(direction.times(1e-4)), direction });
    return hidden !== null && hidden.distance < distance ? 0 : facing * 0.6;
  }

  #nearest(ray: Ray): { readonly thing: Thing; readonly distance: number } | null {
    let found: { readonly thing: Thing; readonly distance: number } | null = null;
    for (const thing of this.#things) {
      const distance = thing.distance(ray);
      if (distance < (found?.distance ?? Infinity)) found = { thing, distance };
    }
    return found;
  }
}

function scene(): Scene {
  const chequered: Surface = {
    brightness: ({ x, z }) => ((Math.floor(x) + Math.floor(z)) % 2 === 0 ? 0.9 : 0.2),
    mirror: 0.2,
  };
  const plain = (brightness: number, mirror: number): Surface => ({ brightness: () => brightness, mirror });
  const things: Thing[] = [new Floor(-1, chequered)];
  for (let i = 0; i < 6; i++) {
    const centre = new Vector(Math.cos(i) * 2, (i % 3) * 0.6, 4 + Math.sin(i) * 2);
    things.push(new Sphere(centre, 0.5 + (i % 2) * 0.3, plain(0.4 + i * 0.1, i % 2 === 0 ? 0.5 : 0)));
  }
  return new Scene(things, [new Vector(-4, 6, -2), new Vector(3, 5, 0)]);
}

/** A picture of n × n points. @returns a hash of their brightness */
export function main(n: number): number {
  const view = scene();
  const origin = new Vector(0, 0.5, -2);
  let hash = 0;
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      const direction = new Vector(x / n - 0.5, 0.5 - y / n, 1).unit();
      hash = (Math.imul(hash, 31) + Math.round(view.trace({ origin, direction }, 0) * 255)) | 0;
    }
  }
  return hash;
}
