import { type Choice, type Draft, type Place, way } from './draft.ts';
import { simple } from './expressions.ts';
import { noteText } from './jumps.ts';
import { code, expression, type Piece, statement } from './pieces.ts';

const guard = 'if (c.left-- <= 0) break;';

/** Statements that make generators, walk them, and end them early. */
export function generatorStatements(d: Draft, p: Place): readonly Choice<Piece>[] {
  const plain = d.callees.filter(({ kind }) => kind === 'generator');
  const late = d.callees.filter(({ kind }) => kind === 'asyncGenerator');
  const has = (list: readonly unknown[], weight: number): number => (list.length > 0 ? weight : 0);
  const isLate = p.state.kind === 'asyncGenerator';
  return [
    way(has(plain, 3), 'generators', () => walk(d, p, code`${d.pick(plain).name}(c, ${d.number(p)})`, 'for')),
    way(has(plain, 2), 'generators', () => byHand(d, p, d.pick(plain).name)),
    way(has(plain, 5), 'earlyReturn', () => early(d, p, d.pick(plain).name)),
    way(has(plain, 2), 'destructuring', () => taken(d, p, d.pick(plain).name)),
    way(p.awaits ? has(late, 8) : 0, 'forAwait', () =>
      walk(d, p, code`${d.pick(late).name}(c, ${d.number(p)})`, 'for await'),
    ),
    way(p.awaits ? 3 : 0, 'forAwait', () =>
      walk(d, p, code`[${d.number(p)}, Promise.resolve(${simple(d, p)})]`, 'for await'),
    ),
    way(p.awaits ? has(late, 7) : 0, 'asyncGenerators', () => queued(d, p, d.pick(late).name)),
    way(p.yields ? has(isLate ? late : plain, 16) : 0, 'delegation', () => {
      const name = d.pick(isLate && d.below(2) === 0 ? late : has(plain, 1) === 0 ? late : plain).name;
      return statement(code`c.log.push(yield* ${name}(c, ${d.number(p)}));`);
    }),
    way(p.yields ? 5 : 0, 'delegation', () => statement(code`yield* [${d.number(p)}, 1];`)),
    way(p.yields ? 4 : 0, 'generators', () => statement(code`yield ${d.number(p)};`)),
    way(p.yields ? 1 : 0, 'generators', () =>
      statement(code`c.log.push([${simple(d, p)}, yield ${d.number(p)}, yield ${simple(d, p)}].join());`),
    ),
    way(1, 'generators', () => local(d, p)),
  ];
}

function walk(d: Draft, p: Place, source: Piece, head: string): Piece {
  const item = d.fresh('e');
  const inside = p.inner({ loops: [...p.state.loops, ''] });
  inside.declare(item, 'number', true);
  return statement(code`${head} (const ${item} of ${source}) {\n${guard}\n${d.block(inside, 3)}\n}`, 4);
}

/** Each call of `next` is given a value. */
function byHand(d: Draft, p: Place, name: string): Piece {
  const it = d.fresh('it');
  const step = code`c.log.push(JSON.stringify(${it}.next(${d.number(p)})));`;
  const between = d.block(p.inner(), 1);
  return statement(
    code`const ${it}: any = ${name}(c, ${d.number(p)});\n${statement(step)}\n${between}\n${statement(code`c.log.push(JSON.stringify(${it}.next(${simple(d, p)})));`)}\nc.kept.push(${it}.next().done);`,
    3,
  );
}

function early(d: Draft, p: Place, name: string): Piece {
  d.use('note', noteText);
  const it = d.fresh('it');
  const end = d.pick(['return', 'throw']);
  return statement(
    code`const ${it}: any = ${name}(c, ${d.number(p)});
try {
${statement(code`c.log.push(JSON.stringify(${it}.next(${simple(d, p)})));`)}
c.log.push(JSON.stringify(${it}.${end}(${expression(code`${d.number(p)}`)})));
${statement(code`c.log.push(JSON.stringify(${it}.next()));`)}
} catch (e: any) {
c.log.push(note(e));
}`,
  );
}

function taken(d: Draft, p: Place, name: string): Piece {
  const [a, b] = [d.fresh('v'), d.fresh('v')];
  const piece = code`let [${a}, ${b} = ${d.number(p)}]: any = ${name}(c, ${d.number(p)});`;
  p.declare(a, 'number');
  p.declare(b, 'number');
  return statement(piece);
}

/** Several calls wait in a queue of their own. */
function queued(d: Draft, p: Place, name: string): Piece {
  d.use('note', noteText);
  const it = d.fresh('it');
  const last = d.pick(['next(4)', 'return(5)', 'throw(6)', 'next()']);
  return statement(
    code`const ${it}: any = ${name}(c, ${d.number(p)});
for (const end of await Promise.allSettled([${it}.next(1), ${it}.next(${simple(d, p)}), ${it}.${last}, ${it}.next()])) {
c.log.push(JSON.stringify((end as any).value ?? note((end as any).reason)));
}`,
  );
}

/** A generator that stands in the middle of a function, and shares its variables. */
function local(d: Draft, p: Place): Piece {
  d.functions += 1;
  const name = d.fresh('gen');
  const inner = p.nested('generator', { hasThis: false, hasSuper: false, hasArguments: true });
  const value = d.number(inner);
  return statement(
    code`const ${name} = function* (): any {\nif (c.left-- <= 0) return;\nyield ${value};\n${d.block(inner, 2)}\n};\nc.log.push([...${name}()].length);`,
  );
}
