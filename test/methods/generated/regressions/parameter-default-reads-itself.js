/* oxlint-disable */
'use movable';
import { describe } from 'observer';

// A parameter is not there yet while its own default is evaluated.

function apply(x, a) {
  const inner = (z, y = (y &&= a)) => [z, y];
  return inner(x, x > 1 ? 5 : undefined);
}

export async function main() {
  const log = [];
  for (let turn = 0; turn < 4; turn++) {
    try {
      log.push(apply(turn, 2));
    } catch (e) {
      log.push(e.name + ':' + e.message);
    }
  }
  return describe(log);
}
