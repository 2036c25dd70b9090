import { Base } from './base.mjs';
import common from './common-base.cjs';

/** What their parents' own methods would have ended at once takes many points here. */
class Heir extends Base {
  first(x) {
    let sum = 0;
    for (let i = 0; i < 2_000; i += 1) sum += i % x;
    return sum;
  }
  second() {
    let sum = 0;
    for (let i = 0; i < 3_000; i += 1) sum += i & 1;
    return sum;
  }
}

class CommonHeir extends common.CommonBase {
  third(x) {
    let sum = 0;
    for (let i = 0; i < 3_000; i += 1) sum += i % x;
    return sum;
  }
}

console.log(new Heir().run(8), new CommonHeir().run(8));
