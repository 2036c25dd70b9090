import { expect, test } from 'vitest';
import { movedByThirds, prepare } from './moved-programs.ts';
import { runMovable } from './workshop.ts';

const burn = `
function burn(steps) { let left = steps; while (left > 0) left -= 1; return steps; }
const after = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
`;

const programs: Readonly<Record<string, string>> = {
  listeners: `
    const log = [];
    const state = { calls: 0 };
    const controller = new AbortController();
    const { signal } = controller;
    const removed = () => log.push('never');
    const first = (event) => {
      state.calls += burn(1);
      log.push(['first', event.type, event.target === signal, signal.aborted, signal.reason.why]);
      signal.removeEventListener('abort', removed);
      signal.addEventListener('abort', () => log.push('too late'));
    };
    signal.addEventListener('abort', first);
    signal.addEventListener('abort', first);
    signal.onabort = function () { burn(2); log.push(['onabort', this === signal]); };
    signal.addEventListener('abort', removed);
    signal.addEventListener('abort', { calls: 0, handleEvent(event) { burn(1); this.calls += 1; log.push(['object', this.calls, event.type]); } });
    signal.addEventListener('abort', () => { burn(1); log.push('once'); }, { once: true });
    signal.addEventListener('other', () => log.push('another type'));
    burn(2);
    log.push(signal.aborted, signal.reason, typeof signal.onabort);
    controller.abort({ why: 'asked' });
    burn(1);
    controller.abort('again');
    log.push(state, signal.aborted, signal.reason.why);
    log.push(signal.dispatchEvent(new Event('abort')), signal.dispatchEvent(new Event('nothing')));
    signal.onabort = null;
    log.push(signal.onabort);
    try { signal.throwIfAborted(); } catch (error) { log.push(error); }
    return log;`,
  kinds: `
    const log = [];
    const controller = new AbortController();
    burn(1);
    log.push(controller instanceof AbortController, controller.signal instanceof AbortSignal, controller.signal === controller.signal);
    log.push(controller.signal instanceof EventTarget, String(controller.signal), String(controller));
    controller.signal.throwIfAborted();
    controller.abort();
    burn(1);
    const { reason } = controller.signal;
    log.push(reason.name, reason.message, reason.code, reason instanceof DOMException, reason instanceof Error);
    const given = AbortSignal.abort(new RangeError('given'));
    const plain = AbortSignal.abort();
    burn(1);
    log.push(given.aborted, String(given.reason), plain.reason.name);
    for (const wrong of [-1, 'x', 1.5]) try { AbortSignal.timeout(wrong); log.push('no error'); } catch (error) { log.push(error.code); }
    try { new AbortSignal(); } catch (error) { log.push(error.name); }
    return log;`,
  timeout: `
    const log = [];
    const signal = AbortSignal.timeout(20);
    const seen = new Promise((resolve) => { signal.onabort = (event) => { burn(2); resolve([event.type, signal.reason.name, signal.reason.message]); }; });
    await after(10);
    log.push(signal.aborted);
    log.push(await seen, signal.aborted);
    return log;`,
  any: `
    const log = [];
    const one = new AbortController();
    const other = new AbortController();
    const both = AbortSignal.any([one.signal, other.signal, AbortSignal.timeout(1_000_000)]);
    const nested = AbortSignal.any([both]);
    const note = (name) => () => { burn(1); log.push([name, one.signal.aborted, other.signal.aborted, both.aborted, nested.aborted]); };
    nested.addEventListener('abort', note('nested'));
    both.addEventListener('abort', note('both'));
    other.signal.addEventListener('abort', note('other'));
    burn(2);
    log.push(both.aborted);
    other.abort('by the other');
    burn(1);
    one.abort('too late');
    log.push(both.reason, nested.reason, AbortSignal.any([]).aborted, AbortSignal.any([one.signal, other.signal]).reason);
    return log;`,
  waiting: `
    const log = [];
    const controller = new AbortController();
    const wait = (ms, signal) => new Promise((resolve, reject) => {
      const timer = setTimeout(() => { burn(1); resolve('in time'); }, ms);
      signal.addEventListener('abort', () => { clearTimeout(timer); burn(1); reject(signal.reason); }, { once: true });
    });
    log.push(await wait(5, controller.signal));
    setTimeout(() => controller.abort(new Error('enough')), 10);
    try { await wait(1_000, controller.signal); } catch (error) { log.push(error.message); }
    return log;`,
};

test.each(Object.entries(programs))('%s: moved at each point', async (_name, body) => {
  expect(await movedByThirds(await prepare(burn, body))).toBeGreaterThan(6);
});

test("an error of a listener is nobody's: the others are called, then it ends the execution", async () => {
  const folder = await prepare(
    burn,
    `
    const { signal, ...rest } = Object.assign(new AbortController());
    const controller = new AbortController();
    controller.signal.addEventListener('abort', () => { burn(1); throw new RangeError('of a listener'); });
    controller.signal.addEventListener('abort', () => { burn(1); });
    controller.abort();
    await after(5);
    return 'not reached';`,
  );
  const { outcome } = await runMovable(folder, 'm.ts#main', [], () => false);
  expect(outcome).toEqual({ ok: false, error: 'RangeError: of a listener' });
});
