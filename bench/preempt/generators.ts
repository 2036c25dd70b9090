/** A stack of native generators, each of which delegates to the next. */
function* descend(depth: number): Generator<undefined, void, undefined> {
  if (depth > 1) yield* descend(depth - 1);
  else for (;;) yield;
}

/** What people do today to give way from a deep stack: `yield` through generators. @returns microseconds for a suspension with its resumption */
export function generatorTurnUs(depth: number): number {
  const turns = 200_000;
  const stack = descend(depth);
  for (let turn = 0; turn < turns; turn += 1) stack.next();
  const startMs = performance.now();
  for (let turn = 0; turn < turns; turn += 1) stack.next();
  return ((performance.now() - startMs) * 1000) / turns;
}
