'use movable';

const wall = 500;

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(): number {
    this.#state = (Math.imul(this.#state, 69_069) + 1) >>> 0;
    return this.#state >>> 16;
  }
}

class Ball {
  x: number;
  y: number;
  dx: number;
  dy: number;

  constructor(random: Random) {
    this.x = random.next() % wall;
    this.y = random.next() % wall;
    this.dx = (random.next() % 300) - 150;
    this.dy = (random.next() % 300) - 150;
  }

  /** @returns whether it has hit a wall */
  step(): boolean {
    this.x += this.dx;
    this.y += this.dy;
    let bounced = false;
    if (this.x > wall) {
      this.x = wall;
      this.dx = -Math.abs(this.dx);
      bounced = true;
    }
    if (this.x < 0) {
      this.x = 0;
      this.dx = Math.abs(this.dx);
      bounced = true;
    }
    if (this.y > wall) {
      this.y = wall;
      this.dy = -Math.abs(this.dy);
      bounced = true;
    }
    if (this.y < 0) {
      this.y = 0;
      this.dy = Math.abs(this.dy);
      bounced = true;
    }
    return bounced;
  }
}

/** A hundred balls in a box for n steps. @returns how often they bounced */
export function main(n: number): number {
  const random = new Random(74_755);
  const balls = Array.from({ length: 100 }, () => new Ball(random));
  let bounces = 0;
  for (let step = 0; step < n; step++) {
    for (const ball of balls) if (ball.step()) bounces++;
  }
  return bounces;
}
