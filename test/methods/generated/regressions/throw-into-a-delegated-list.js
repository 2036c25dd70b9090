/* oxlint-disable */
'use movable';
function* f() {
  yield* [0, 1];
}
export async function main() {
  const log = [];
  const it = f();
  try {
    log.push(it.next(1), it.throw(0));
  } catch (e) {
    log.push(`${e.name}: ${e.message}`);
  }
  return log;
}
