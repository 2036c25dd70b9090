/** Examples to learn from: features row after row, and what the trees should answer. */
export interface Rows {
  readonly count: number;
  /** Features of a row. */
  readonly width: number;
  readonly features: Float32Array;
  readonly targets: Float32Array;
  /** How much an error of 1 in each row costs; positive. */
  readonly weights: Float32Array;
}

/** Collects rows up to a number that is known beforehand. */
export class RowCollector {
  readonly width: number;
  readonly features: Float32Array;
  readonly targets: Float32Array;
  readonly weights: Float32Array;
  count = 0;

  constructor(width: number, countMax: number) {
    this.width = width;
    this.features = new Float32Array(width * countMax);
    this.targets = new Float32Array(countMax);
    this.weights = new Float32Array(countMax);
  }

  get full(): boolean {
    return this.count === this.targets.length;
  }

  add(features: Float32Array, target: number, weight: number): void {
    this.features.set(features, this.count * this.width);
    this.targets[this.count] = target;
    this.weights[this.count] = weight;
    this.count += 1;
  }

  rows(): Rows {
    const { count, width } = this;
    return {
      count,
      width,
      features: this.features.subarray(0, count * width),
      targets: this.targets.subarray(0, count),
      weights: this.weights.subarray(0, count),
    };
  }
}
