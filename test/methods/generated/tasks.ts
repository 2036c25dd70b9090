import { type Choice, type Draft, type Place, way } from './draft.ts';
import { simple } from './expressions.ts';
import { job } from './functions.ts';
import { noteText } from './jumps.ts';
import { code, commas, expression, type Piece, statement } from './pieces.ts';

/** A promise whose making cannot throw: nobody holds those that were made just before it yet. */
function promise(d: Draft, p: Place): Piece {
  const tasks = d.callees.filter(({ kind }) => kind === 'async');
  const jobs = p.of('job');
  const has = (list: readonly unknown[], weight: number): number => (list.length > 0 ? weight : 0);
  d.use('later', laterText);
  return d.choose<Piece>([
    way(has(tasks, 4), null, () => code`${d.pick(tasks).name}(c, ${simple(d, p)})`),
    way(has(jobs, 2), 'closures', () => code`${d.pick(jobs).name}(${simple(d, p)})`),
    way(1, null, () => code`later(c, ${simple(d, p)}, ${d.below(4)})`),
    way(1, 'promiseConstructor', () => constructed(d, p)),
    way(1, 'promiseMethods', () => code`Promise.resolve(${simple(d, p)})`),
    way(1, 'timers', () => {
      d.functions += 1;
      return code`new Promise<any>((resolve) => void setTimeout(() => resolve(${simple(d, p)}), 1))`;
    }),
  ]);
}

function constructed(d: Draft, p: Place): Piece {
  d.functions += 1;
  const inside = p.nested('plain', { isQuiet: false });
  const end = d.pick(['resolve', 'resolve', 'reject']);
  const late = d.has('async') && d.below(2) === 0;
  if (late)
    return code`new Promise<any>((resolve, reject) => void later(c, 1, 1).then(() => ${end}(${simple(d, p)}), reject))`;
  // What comes after may return or throw: the promise has its outcome by then.
  return code`new Promise<any>((resolve, reject) => {\n${end}(${d.number(inside, 2)});\n${d.block(inside, 1)}\n})`;
}

/** Statements that start tasks, hold their promises and wait for them. All of them are handled in time. */
export function taskStatements(d: Draft, p: Place): readonly Choice<Piece>[] {
  const hold = (piece: Piece): Piece => {
    d.use('later', laterText);
    d.use('hold', holdText);
    d.use('note', noteText);
    return statement(code`c.held.push(hold(c, ${piece}));`);
  };
  return [
    way(3, 'async', () => hold(promise(d, p))),
    way(p.awaits ? 2 : 0, 'async', () => statement(code`c.log.push(await ${promise(d, p)});`)),
    way(p.awaits ? 1 : 0, 'async', () => {
      // It may be its own promise: nobody waits for ever.
      d.use('later', laterText);
      return statement(code`c.log.push(await Promise.race([c.held.pop(), later(c, 'gone', 6)]));`);
    }),
    way(p.awaits ? 12 : 0, 'combinators', () => combinator(d, p)),
    way(2, 'promiseMethods', () => hold(chain(d, p))),
    way(p.awaits ? 1 : 0, 'promiseMethods', () => statement(code`c.log.push(await ${chain(d, p)});`)),
    way(1, 'microtasks', () => {
      d.functions += 1;
      return statement(code`queueMicrotask(() => void c.log.push(${simple(d, p)}));`);
    }),
    way(1, 'timers', () => {
      d.functions += 1;
      return statement(
        code`setTimeout(() => void c.log.push('timer' + ${simple(d, p)}), ${d.pick(['0', '1'])});`,
      );
    }),
    way(p.awaits ? 1 : 0, 'closures', () => {
      d.functions += 1;
      return statement(code`c.log.push(await (${job(d, p)})(${simple(d, p)}));`);
    }),
  ];
}

function combinator(d: Draft, p: Place): Piece {
  d.use('note', noteText);
  const name = d.pick(['all', 'allSettled', 'race', 'any']);
  const list = commas(
    Array.from({ length: d.between(1, 3) }, () => (d.below(4) === 0 ? simple(d, p) : promise(d, p))),
  );
  const waiting =
    name === 'allSettled'
      ? code`(await Promise.allSettled([${list}])).map((end: any) => end.value ?? note(end.reason)).join()`
      : code`await Promise.${name}([${list}])`;
  // Nobody hears of those that a race or a failure leaves behind: that is as it should be.
  return statement(
    code`try {\nc.log.push(${waiting});\n} catch (e: any) {\nc.log.push(e.errors?.length ?? note(e));\n}`,
  );
}

function chain(d: Draft, p: Place): Piece {
  d.functions += 1;
  const base = promise(d, p);
  return d.choose<Piece>([
    way(3, null, () => code`${base}.then(${d.action(p)})`),
    way(2, null, () => code`${base}.then(${d.action(p)}, ${d.action(p)})`),
    way(2, null, () => code`${base}.catch(${d.action(p)})`),
    way(1, null, () => code`${base}.finally(${d.action(p)})`),
    way(1, null, () => code`${base}.then(${job(d, p)}).catch(() => ${simple(d, p)})`),
    way(
      1,
      null,
      () => code`${base}.then(${expression(code`${simple(d, p)}`)} as any).finally(() => void c.left--)`,
    ),
  ]);
}

export const laterText = `async function later(c: any, x: any, turns: number): Promise<any> {
  for (let i = 0; i < turns; i++) {
    if (c.left-- <= 0) break;
    await null;
  }
  if (x === 3) throw new Error('later');
  return x;
}`;

export const holdText = `async function hold(c: any, p: any): Promise<any> {
  try {
    return await p;
  } catch (e: any) {
    c.log.push(note(e));
    return -1;
  }
}`;
