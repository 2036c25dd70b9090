/**
 * A random program of asynchronous functions, known and unknown where they are called, that await, hand on and combine each
 * other's promises beside one another. Its log has every turn of the job queue.
 */
export const awaitedProgram = `'use movable';
async function settled(value) { return value; }
async function boxed(value) { return { value }; }
async function fails(value) { throw new Error('failed ' + value); }
async function late(value, turns = 1) { for (let k = 0; k < turns; k++) await null; return value; }
async function failsLate(value) { await null; throw new Error('failed late ' + value); }
async function handsOn(value) { return settled(value); }
async function handsOnLate(value) { return late(value); }
const handsOnFailure = async (value) => fails(value);
async function guarded(log, value) {
  try { return failsLate(value); } catch (error) { return 'not here'; } finally { log.push('finally ' + value); await null; }
}
async function kept(value) { try { return await fails(value); } catch (error) { return error.message; } finally { await null; } }
async function foreign(log, value) { return { then(resolve) { log.push('then ' + value); resolve(value); } }; }
async function thenable(log, value) { return await { then(resolve, reject) { log.push('thenable ' + value); reject(value); } }; }
async function tree(log, value, depth) {
  log.push('down ' + value + depth);
  if (depth === 0) return late(value);
  const first = await tree(log, value, depth - 1);
  log.push('up ' + value + depth);
  return first + depth;
}
async function pair(value) { return await Promise.all([settled(value), late(value), 3, boxed(value), fails(value).catch(() => 'caught')]); }
async function lost(value) { return await Promise.any([fails(value), failsLate(value), late(value, 3)]); }
async function raced(value) { return await Promise.race([late(value, 2), kept(value)]); }
async function all(value) { return await Promise.allSettled([fails(value), settled(value), late(value), Promise.reject(value)]); }
async function many(...values) { return await settled(values.length); }
async function counted() { return await settled(arguments.length); }
class Walker {
  #log;
  constructor(log) { this.#log = log; }
  async #step(value, turns) { this.#log.push('step ' + value); return turns === undefined ? value : await late(value, turns); }
  async walk(value) { return [await this.#step(value), await this.#step(value, 2)]; }
}

async function ticks(log, name, turns) { for (let k = 0; k < turns; k++) { log.push(name + k); await null; } }

async function act(log, walker, kind, name) {
  const local = async (value) => { log.push('local ' + value); return await settled(value); };
  switch (kind) {
    case 0: return await settled(name);
    case 1: return await boxed(name);
    case 2: return await fails(name);
    case 3: return await late(name, 2);
    case 4: return await handsOn(name);
    case 5: return await handsOnLate(name);
    case 6: return await handsOnFailure(name);
    case 7: return await guarded(log, name);
    case 8: return await kept(name);
    case 9: return await foreign(log, name);
    case 10: return await thenable(log, name);
    case 11: return await tree(log, name, 4);
    case 12: return await pair(name);
    case 13: return await lost(name);
    case 14: return await raced(name);
    case 15: return await all(name);
    case 16: return [await many(1, 2), await many(), await counted(1, 2, 3)];
    case 17: return await walker.walk(name);
    case 18: return await local(name);
    case 19: return [await [1].map(late)[0], await late.call(null, name), await (0, late)(name)];
    case 20: return await Promise.resolve(late(name));
    case 21: return await Promise.reject(name);
    case 22: return [await Promise.resolve(name), await settled(), await late(undefined, 1)];
    case 23: { const promise = settled(name); await promise; return [promise === (await promise), await promise]; }
    case 24: return handsOn(await late(await settled(name)));
    default: return await Promise.all([tree(log, name, 1), act(log, walker, kind % 7, name + '!'), walker.walk(name)]);
  }
}

async function told(log, walker, kind, name) {
  log.push('begin ' + name);
  try { log.push(name, await act(log, walker, kind, name)); } catch (error) { log.push('caught ' + name, String(error)); }
  log.push('end ' + name);
}

export async function main(seed) {
  const log = [];
  const pending = [];
  const walker = new Walker(log);
  let state = seed * 7919 + 13;
  const below = (limit) => { state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff; return (state >> 8) % limit; };
  for (let round = 0; round < 10; round++) {
    const kind = below(30);
    const name = 'r' + round + ':' + kind + ' ';
    switch (below(6)) {
      case 0: pending.push(told(log, walker, kind, name)); break;
      case 1: pending.push(ticks(log, name + 't', 6)); await told(log, walker, kind, name); break;
      case 2: Promise.resolve().then(() => log.push('micro ' + name)); await told(log, walker, kind, name); break;
      case 3: pending.push(Promise.resolve().then(() => told(log, walker, kind, name))); break;
      default: await told(log, walker, kind, name);
    }
    log.push('next');
  }
  await Promise.all(pending);
  return log;
}
`;
