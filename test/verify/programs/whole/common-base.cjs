class CommonBase {
  run(n) {
    let sum = 0;
    for (let i = 0; i < n; i += 1) sum += this.third(i + 1);
    return sum;
  }
  third() {
    throw new Error('for heirs');
  }
}

exports.CommonBase = CommonBase;
