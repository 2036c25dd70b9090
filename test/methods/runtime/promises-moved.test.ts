import { expect, test } from 'vitest';
import { movedByThirds, prepare } from './moved-programs.ts';

const burn = `
function burn(steps) {
  let left = steps;
  while (left > 0) left -= 1;
  return steps;
}
async function slow(value, waits) {
  for (let i = 0; i < waits; i++) { burn(1); await null; }
  return value;
}
`;

const programs: Readonly<Record<string, string>> = {
  chains: `
    const log = [];
    const state = { sum: 0 };
    const p = slow(5, 2).then((value) => { burn(2); state.sum += value; return slow(value * 2, 1); });
    const q = p.then((value) => { burn(1); throw new RangeError('was ' + value); }, () => log.push('never'));
    const r = q.catch((error) => { burn(2); log.push([error.name, error.message]); return p; });
    const s = r.finally(() => { burn(2); log.push('finally'); return slow('ignored', 3); });
    log.push(await s, await r, state);
    try { await q.finally(() => { burn(1); throw new TypeError('instead'); }); } catch (error) { log.push(String(error)); }
    log.push(await Promise.resolve(7).then(null, 5).then(undefined).finally(null));
    log.push(await Promise.reject(new Error('x')).then((v) => v).catch((e) => { burn(1); return e.message; }));
    return log;`,
  created: `
    const log = [];
    const kept = {};
    const p = new Promise((resolve, reject) => { burn(2); kept.resolve = resolve; kept.reject = reject; log.push('executor'); });
    const q = new Promise((resolve) => { burn(1); resolve(p); });
    const r = new Promise(() => { burn(1); throw new Error('thrown by the executor'); });
    const seen = q.then((value) => { burn(1); log.push(['q', value]); });
    await slow(0, 2);
    kept.resolve('first');
    burn(1);
    kept.resolve('second');
    kept.reject(new Error('third'));
    log.push(await p, await q);
    await seen;
    try { await r; } catch (error) { log.push(error.message); }
    const late = {};
    const follows = new Promise((resolve, reject) => { late.resolve = resolve; late.reject = reject; });
    late.resolve(slow('followed', 4));
    await slow(0, 1);
    late.resolve('too late');
    late.reject('too late');
    log.push(await follows);
    const self = {};
    self.promise = new Promise((resolve) => { self.resolve = resolve; });
    self.resolve(self.promise);
    try { await self.promise; } catch (error) { log.push(String(error)); }
    try { new Promise(5); } catch (error) { log.push(String(error)); }
    log.push(typeof kept.resolve, kept.resolve.length, kept.resolve.name, kept.resolve === kept.reject);
    return log;`,
  combinators: `
    const log = [];
    const fails = async (text, waits) => { await slow(0, waits); burn(1); throw new Error(text); };
    log.push(await Promise.all([slow(1, 3), 2, slow(3, 1).then((x) => { burn(2); return x; })]));
    log.push((await Promise.allSettled([slow(1, 1), fails('a', 2), 3])).map(({ status, value, reason }) => [status, value, reason?.message]));
    log.push(await Promise.race([slow('slow', 4), slow('fast', 1)]));
    log.push(await Promise.any([fails('b', 1), slow('any', 3)]));
    try { await Promise.any([fails('c', 1), fails('d', 2)]); } catch (error) { log.push(error.name, error.message, error.errors.map((e) => { burn(1); return e.message; })); }
    try { await Promise.all([slow(1, 5), fails('e', 2)]); } catch (error) { log.push(error.message); }
    log.push(await Promise.all([]), await Promise.allSettled(new Set([1])));
    for (const wrong of [5, null, undefined, {}]) try { await Promise.all(wrong); } catch (error) { log.push(String(error)); }
    const one = slow(1, 1);
    log.push(Promise.resolve(one) === one);
    return log;`,
  thenables: `
    const log = [];
    const thenable = (name, how) => ({ name, then(resolve, reject) { burn(2); log.push(name); how(resolve, reject); } });
    log.push(await thenable('a', (resolve) => { burn(1); resolve('A'); resolve('again'); }));
    log.push(await Promise.resolve(thenable('b', (resolve) => resolve(thenable('c', (inner) => { burn(1); inner('C'); })))));
    try { await thenable('d', (_, reject) => { burn(1); reject('D'); throw 'lost'; }); } catch (error) { log.push(error); }
    try { await thenable('e', () => { burn(1); throw 'E'; }); } catch (error) { log.push(error); }
    log.push(await slow(thenable('f', (resolve) => resolve(1)), 1));
    log.push(await Promise.all([thenable('g', (resolve) => { burn(1); resolve('G'); }), 1]));
    return log;`,
  order: `
    const log = [];
    const note = (name) => () => { burn(1); log.push(name); };
    setImmediate(note('immediate'));
    setTimeout(note('timeout'), 5);
    process.nextTick(note('tick'), 1);
    queueMicrotask(note('microtask'));
    Promise.resolve().then(note('then 1')).then(note('then 2')).then(() => { process.nextTick(note('tick of then')); queueMicrotask(note('microtask of then')); });
    (async () => { log.push('async'); await null; burn(2); log.push('after await'); })();
    log.push('sync');
    burn(3);
    log.push('end of sync');
    await new Promise((resolve) => setTimeout(() => setTimeout(resolve, 20), 20));
    return log;`,
  'run to completion': `
    let x = 0, s = 0;
    Promise.resolve().then(() => { x = 1; });
    process.nextTick(() => { x = 2; });
    setTimeout(() => { x = 3; }, 0);
    for (let i = 0; i < 40; i++) { burn(1); s += x; }
    const first = [s, x];
    await null;
    return [first, x];`,
};

test.each(Object.entries(programs))('%s: moved at each point', async (_name, body) => {
  expect(await movedByThirds(await prepare(burn, body))).toBeGreaterThan(16);
});
