import { type Choice, type Draft, type Place, way } from './draft.ts';
import { simple } from './expressions.ts';
import { code, expression, lines, type Piece, statement } from './pieces.ts';

/** Plain statements: variables, logs, conditions, destructuring. */
export function plainStatements(d: Draft, p: Place): readonly Choice<Piece>[] {
  const { slots } = p;
  return [
    way(3, null, () => {
      const value = d.number(p, 2);
      return statement(code`let ${p.declare(d.fresh('v'), 'number')}: any = ${value};`);
    }),
    way(2, null, () => statement(code`c.log.push(${d.number(p, 2)});`)),
    way(slots.length > 0 ? 3 : 0, null, () =>
      statement(code`${d.pick(slots).name} ${d.pick(['=', '+=', '-=', '^='])} ${d.number(p, 2)};`),
    ),
    way(1, null, () => {
      const value = d.number(p, 2);
      return statement(code`const ${p.declare(d.fresh('k'), 'number', true)} = ${value};`);
    }),
    way(2, null, () => statement(code`${d.number(p, 2)};`)),
    way(2, null, () => condition(d, p)),
    way(1, 'switch', () => switching(d, p)),
    way(2, 'destructuring', () => destructuring(d, p)),
    way(3, 'moduleState', () => {
      d.use('moduleState', moduleStateText);
      return statement(
        d.choose([
          way(2, null, () => code`total ${d.pick(['=', '+=', '-=', '??='])} ${d.number(p)};`),
          way(1, null, () => code`registry.set(${d.number(p)} & 3, ${d.number(p)});`),
          way(1, null, () => code`c.log.push(total++, registry.size, registry.get(${d.number(p)} & 3));`),
        ]),
      );
    }),
  ];
}

/** Variables of the module, and code that runs when it is evaluated. */
const moduleStateText = `let total: any = 0;
export const registry: any = new Map<any, any>();
for (let i = 0; i < 3; i++) registry.set(i, () => (total += i));
total = registry.get(1)();`;

function condition(d: Draft, p: Place): Piece {
  const test = d.number(p);
  const then = d.block(p.inner(), 3);
  if (d.below(2) === 0) return statement(code`if (${test}) {\n${then}\n}`, 1);
  return statement(code`if (${test}) {\n${then}\n} else {\n${d.block(p.inner(), 2)}\n}`, 1, 2);
}

function switching(d: Draft, p: Place): Piece {
  const inside = p.inner({ blocks: [...p.state.blocks, ''] });
  const cases = Array.from({ length: d.between(1, 3) }, (_, index): Piece => {
    const end = d.pick(['break;', 'break;', '']);
    const label = d.below(4) === 0 ? expression(code`${d.number(p)}`) : String(index);
    return statement(code`case ${label}:\n${d.block(inside.inner(), 2)}\n${end}`);
  });
  const other = statement(code`default:\n${d.block(inside.inner(), 1)}\n`);
  const all = d.below(2) === 0 ? [...cases, other] : [other, ...cases];
  return statement(code`switch (${d.number(p)} & 3) {\n${lines(all)}\n}`);
}

/** Patterns with defaults, whose parts are evaluated while others wait. */
function destructuring(d: Draft, p: Place): Piece {
  const [a, b, rest] = [d.fresh('v'), d.fresh('v'), d.fresh('rest')];
  const value = d.number(p);
  const fallback = d.number(p);
  const piece = d.choose([
    way(2, null, () => code`let [${a} = ${fallback}, , ${b} = ${simple(d, p)}]: any = [${value}, 1];`),
    way(
      2,
      null,
      () =>
        code`let { a: ${a} = ${fallback}, b: { z: ${b} = ${d.number(p)} } = { z: ${value} } }: any = { a: undefined };`,
    ),
    way(
      1,
      'rest',
      () =>
        code`let [${a}, ${b} = ${fallback}, ...${rest}]: any = [${value}, , 3, ${d.number(p)}];\nc.log.push(${rest}.length);`,
    ),
    way(
      1,
      'rest',
      () =>
        code`let { a: ${a}, b: ${b} = ${fallback}, ...${rest} }: any = { z: 1, a: ${value}, y: ${d.number(p)} };\nc.log.push(Object.keys(${rest}).join());`,
    ),
    way(
      1,
      null,
      () => code`let { [\`k\${${value}}\`]: ${a} = ${fallback}, length: ${b} }: any = { length: 2 };`,
    ),
    way(1, 'iterables', () => code`let [${a}, ${b} = ${fallback}]: any = new Set([${value}, 2]);`),
    way(
      1,
      null,
      () =>
        code`let ${a}: any, ${b}: any;\n[${a}, ${b} = ${fallback}] = [${value}];\n({ a: ${a} = ${d.number(p)} } = { b: ${b} } as any);`,
    ),
  ]);
  p.declare(a, 'number');
  p.declare(b, 'number');
  return statement(piece);
}
