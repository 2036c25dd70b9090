/* oxlint-disable */
'use movable';
import { describe } from 'observer';

// A list has no `throw`: the engine's words say so.

function* f(c, a) {
  yield* [0, 1];
  return a;
}

export async function main() {
  const c = { log: [] };
  for (let turn = 0; turn < 3; turn++) {
    const it = f(c, turn);
    try {
      c.log.push(JSON.stringify(it.next(turn)));
      c.log.push(JSON.stringify(it.throw(0)));
    } catch (e) {
      c.log.push(e.name + ': ' + e.message);
    }
    await null;
  }
  return describe({ c });
}
