'use movable';

abstract class Shape {
  static #made = 0;
  readonly id: number;
  #scale = 1;

  constructor(id: number) {
    this.id = id;
  }

  static describe(shape: Shape): number {
    return shape.id * 1000 + shape.corners;
  }

  abstract get corners(): number;
  abstract area(): number;

  get scale(): number {
    return this.#scale;
  }

  set scale(value: number) {
    this.#scale = value > 8 ? 1 : value;
  }

  scaled(): number {
    return this.area() * this.#scale * this.#scale;
  }

  static isShape(value: object): boolean {
    return #scale in value && Shape.#made === 0;
  }
}

class Rectangle extends Shape {
  protected readonly width: number;
  protected readonly height: number;

  constructor(id: number, width: number, height: number) {
    super(id);
    this.width = width;
    this.height = height;
  }

  override get corners(): number {
    return 4;
  }

  override area(): number {
    return this.width * this.height;
  }
}

class Square extends Rectangle {
  constructor(id: number, side: number) {
    super(id, side, side);
  }

  override scaled(): number {
    return super.scaled() + 1;
  }
}

class Circle extends Shape {
  readonly radius: number;

  constructor(id: number, radius: number) {
    super(id);
    this.radius = radius;
  }

  override get corners(): number {
    return 0;
  }

  override area(): number {
    return 3 * this.radius * this.radius;
  }
}

class Triangle extends Shape {
  base = 3;
  height: number;

  constructor(id: number, height: number) {
    super(id);
    this.height = height;
  }

  override get corners(): number {
    return 3;
  }

  override area(): number {
    return (this.base * this.height) / 2;
  }
}

function make(id: number): Shape {
  switch (id % 4) {
    case 0:
      return new Rectangle(id, (id % 7) + 1, (id % 5) + 1);
    case 1:
      return new Square(id, (id % 6) + 1);
    case 2:
      return new Circle(id, (id % 9) + 1);
    default:
      return new Triangle(id, (id % 8) + 2);
  }
}

/** A hierarchy of classes: accessors, private fields, `super`, statics, fields with initialisers. */
export function main(n: number): number {
  let sum = 0;
  const kept: Shape[] = [];
  for (let i = 0; i < n; i++) {
    const shape = make(i);
    if (kept.length < 64) kept.push(shape);
    else kept[i & 63] = shape;
    const other = kept[(i * 7) & 63] ?? shape;
    other.scale += 1;
    sum = (sum + other.scaled() + Shape.describe(shape)) % 1_000_003;
    if (!Shape.isShape(other)) sum = -1;
    if (other instanceof Rectangle) sum += other.corners;
  }
  return sum;
}
