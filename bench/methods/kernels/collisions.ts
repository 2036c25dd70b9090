'use movable';

// Aircraft that come too near each other, after the idea of the CDx benchmarks (Kalibera et al., 2009): the airspace is
// cut into columns; whoever passed through the same column in one frame is compared in continuous time.

class Vector {
  readonly x: number;
  readonly y: number;
  readonly z: number;

  constructor(x: number, y: number, z: number) {
    this.x = x;
    this.y = y;
    this.z = z;
  }

  plus(other: Vector): Vector {
    return new Vector(this.x + other.x, this.y + other.y, this.z + other.z);
  }

  minus(other: Vector): Vector {
    return new Vector(this.x - other.x, this.y - other.y, this.z - other.z);
  }

  times(factor: number): Vector {
    return new Vector(this.x * factor, this.y * factor, this.z * factor);
  }

  dot(other: Vector): number {
    return this.x * other.x + this.y * other.y + this.z * other.z;
  }
}

interface Motion {
  readonly aircraft: string;
  readonly from: Vector;
  readonly to: Vector;
}

interface Collision {
  readonly a: string;
  readonly b: string;
  readonly at: Vector;
}

const radius = 1;
const columnSize = 4;

/** Where the two come within reach of each other first; null when they do not. */
function meeting(one: Motion, two: Motion): Vector | null {
  const apart = one.from.minus(two.from);
  const speed = one.to.minus(one.from).minus(two.to.minus(two.from));
  const a = speed.dot(speed);
  const b = apart.dot(speed);
  const c = apart.dot(apart) - 4 * radius * radius;
  let time = 0;
  if (c > 0) {
    if (a === 0) return null;
    const root = b * b - a * c;
    if (root < 0) return null;
    time = (-b - Math.sqrt(root)) / a;
    if (time < 0 || time > 1) return null;
  }
  const mine = one.from.plus(one.to.minus(one.from).times(time));
  const theirs = two.from.plus(two.to.minus(two.from).times(time));
  return mine.plus(theirs).times(0.5);
}

class Airspace {
  readonly #last = new Map<string, Vector>();

  /** What collides within one frame, by names. */
  observe(positions: readonly { readonly aircraft: string; readonly at: Vector }[]): Collision[] {
    const motions: Motion[] = [];
    const seen = new Set<string>();
    for (const { aircraft, at } of positions) {
      motions.push({ aircraft, from: this.#last.get(aircraft) ?? at, to: at });
      this.#last.set(aircraft, at);
      seen.add(aircraft);
    }
    for (const aircraft of this.#last.keys()) if (!seen.has(aircraft)) this.#last.delete(aircraft);
    return this.#compare(this.#columns(motions));
  }

  /** Which motions pass through each column that more than one passes through. */
  #columns(motions: readonly Motion[]): Motion[][] {
    const columns = new Map<number, Motion[]>();
    for (const motion of motions) {
      const { from, to } = motion;
      const left = Math.floor((Math.min(from.x, to.x) - radius) / columnSize);
      const right = Math.floor((Math.max(from.x, to.x) + radius) / columnSize);
      const near = Math.floor((Math.min(from.y, to.y) - radius) / columnSize);
      const far = Math.floor((Math.max(from.y, to.y) + radius) / columnSize);
      for (let x = left; x <= right; x++) {
        for (let y = near; y <= far; y++) {
          const key = x * 4096 + y;
          const column = columns.get(key);
          if (column === undefined) columns.set(key, [motion]);
          else column.push(motion);
        }
      }
    }
    const shared: Motion[][] = [];
    columns.forEach((column) => {
      if (column.length > 1) shared.push(column);
    });
    return shared;
  }

  #compare(columns: readonly (readonly Motion[])[]): Collision[] {
    const found = new Map<string, Collision>();
    for (const column of columns) {
      for (let i = 0; i < column.length; i++) {
        const one = column[i]!;
        for (let j = i + 1; j < column.length; j++) {
          const two = column[j]!;
          const at = meeting(one, two);
          if (at !== null)
            found.set(`${one.aircraft}/${two.aircraft}`, { a: one.aircraft, b: two.aircraft, at });
        }
      }
    }
    return [...found.values()];
  }
}

/** Flights on crossing waves. */
function positionsAt(time: number, count: number): { readonly aircraft: string; readonly at: Vector }[] {
  const positions = [];
  for (let i = 0; i < count; i++) {
    const phase = time + i * 0.37;
    const at =
      i % 2 === 0
        ? new Vector(time * 3 + (i % 10) * 5, Math.cos(phase) * 4 + Math.floor(i / 10) * 8, 10)
        : new Vector(time * 3 + 10, Math.sin(phase) * 4 + i * 2, 10 + (i % 3));
    positions.push({ aircraft: `flight-${i}`, at });
  }
  return positions;
}

/** Forty aircraft over n frames. */
export function main(n: number): number {
  const airspace = new Airspace();
  let hash = 0;
  for (let frame = 0; frame < n; frame++) {
    for (const { a, b, at } of airspace.observe(positionsAt(frame / 10, 40))) {
      hash = (Math.imul(hash, 31) + a.length * b.length + Math.round(at.x * 8)) | 0;
    }
  }
  return hash;
}
