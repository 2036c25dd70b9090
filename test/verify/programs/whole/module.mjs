/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */
import common from './common.cjs';
import { count, names, next } from './counters.mjs';
import * as counters from './counters.mjs';

// No function is marked, and there is no main(): the module is the program.
const rounds = ['a', 'b', 'c'].map((name) => [name, next(name)]);
for (const [name, value] of rounds) console.log(name, value, count);
await null;
console.log(common.collect());
console.log(Array.from(names, ([name]) => name).join(), count);

function throughNamespace(name) {
  return counters.next(name) + counters.count;
}
class Reader {
  read() {
    return counters.names.size;
  }
}
console.log(throughNamespace('d'), new Reader().read());
