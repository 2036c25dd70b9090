'use movable';

/** A body of a small solar system: place, velocity, mass. */
class Body {
  x: number;
  y: number;
  z: number;
  vx: number;
  vy: number;
  vz: number;
  readonly mass: number;

  constructor(place: readonly number[], velocity: readonly number[], mass: number) {
    this.x = place[0]!;
    this.y = place[1]!;
    this.z = place[2]!;
    this.vx = velocity[0]!;
    this.vy = velocity[1]!;
    this.vz = velocity[2]!;
    this.mass = mass;
  }

  get kinetic(): number {
    return 0.5 * this.mass * (this.vx * this.vx + this.vy * this.vy + this.vz * this.vz);
  }

  distanceTo(other: Body): number {
    const dx = this.x - other.x;
    const dy = this.y - other.y;
    const dz = this.z - other.z;
    return Math.sqrt(dx * dx + dy * dy + dz * dz);
  }

  /** Both fall towards each other for a moment. */
  attract(other: Body, dt: number): void {
    const dx = this.x - other.x;
    const dy = this.y - other.y;
    const dz = this.z - other.z;
    const square = dx * dx + dy * dy + dz * dz;
    const pull = dt / (square * Math.sqrt(square));
    this.vx -= dx * other.mass * pull;
    this.vy -= dy * other.mass * pull;
    this.vz -= dz * other.mass * pull;
    other.vx += dx * this.mass * pull;
    other.vy += dy * this.mass * pull;
    other.vz += dz * this.mass * pull;
  }

  drift(dt: number): void {
    this.x += this.vx * dt;
    this.y += this.vy * dt;
    this.z += this.vz * dt;
  }
}

class System {
  readonly bodies: Body[] = [];

  /** A heavy star, and planets on circles around it, each a little inclined. */
  constructor(planets: number) {
    this.bodies.push(new Body([0, 0, 0], [0, 0, 0], 40));
    for (let i = 1; i <= planets; i++) {
      const radius = 1.5 * i;
      const speed = Math.sqrt(40 / radius);
      const angle = i * 2.4;
      const tilt = 0.05 * i;
      this.bodies.push(
        new Body(
          [radius * Math.cos(angle), radius * Math.sin(angle), 0],
          [-speed * Math.sin(angle), speed * Math.cos(angle), speed * tilt],
          0.01 * i,
        ),
      );
    }
  }

  advance(dt: number): void {
    const { bodies } = this;
    for (let i = 0; i < bodies.length; i++) {
      const body = bodies[i]!;
      for (let j = i + 1; j < bodies.length; j++) body.attract(bodies[j]!, dt);
    }
    for (const body of bodies) body.drift(dt);
  }

  get energy(): number {
    let total = 0;
    this.bodies.forEach((body, i) => {
      total += body.kinetic;
      for (let j = i + 1; j < this.bodies.length; j++) {
        const other = this.bodies[j]!;
        total -= (body.mass * other.mass) / body.distanceTo(other);
      }
    });
    return total;
  }
}

/** Five bodies for n steps. @returns their energy, in millionths */
export function main(n: number): number {
  const system = new System(4);
  for (let step = 0; step < n; step++) system.advance(0.001);
  return Math.round(system.energy * 1e6);
}
