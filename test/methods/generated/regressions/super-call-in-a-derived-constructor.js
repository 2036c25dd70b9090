/* oxlint-disable */
'use movable';
import { describe } from 'observer';

// After super() a constructor calls its parent's method, as an operand that waits and as the whole value.

class K0 {
  step(n) {
    const c = this.c;
    if (c.left-- <= 0) return 0;
    return n + 1;
  }
}

class K1 extends K0 {
  constructor(c, x) {
    super(c, 0);
    this.c = c;
    if (c.left-- > 0) {
      x -= super.step(x);
      this.x = super.step(x);
    }
  }
}

export async function main() {
  const c = { left: 9, kept: [] };
  for (let turn = 0; turn < 4; turn++) c.kept.push(new K1(c, turn), new K1(c, turn).step(turn));
  return describe(c);
}
