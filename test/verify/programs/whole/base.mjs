export class Base {
  run(n) {
    let sum = 0;
    for (let i = 0; i < n; i += 1) sum += this.first(this.second());
    return sum;
  }
  first() {
    throw new Error('for heirs');
  }
  second() {
    throw new Error('for heirs');
  }
}
