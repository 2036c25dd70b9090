import { type Choice, type Draft, type Place, way } from './draft.ts';
import { guard } from './functions.ts';
import { code, expression, type Piece, statement } from './pieces.ts';

/** Statements whose code is called without a call being written. */
export function implicitStatements(d: Draft, p: Place): readonly Choice<Piece>[] {
  return [
    way(1, 'getters', () => accessors(d, p)),
    way(1, 'proxies', () => proxy(d, p)),
    way(1, 'comparators', () => sorted(d, p)),
    way(1, 'callbacks', () => replaced(d, p)),
    way(1, 'iterables', () => iterable(d, p)),
  ];
}

function accessors(d: Draft, p: Place): Piece {
  d.functions += 2;
  const name = d.fresh('r');
  const inner = p.nested('plain', { hasThis: false, hasSuper: false, hasArguments: true });
  const setter = inner.inner();
  setter.declare('x', 'number');
  const piece = code`const ${name}: any = {
a: ${d.number(p)},
get b(): any {
${guard('plain')}
${d.block(inner, 1)}
return this.a + ${expression(code`${d.number(inner)}`)};
},
set b(x: any) {
if (c.left-- <= 0) return;
${d.block(setter, 1)}
this.a = x;
},
};`;
  p.declare(name, 'record', true);
  return statement(piece);
}

/** Its traps run, and then it is gone: no program holds a proxy while it moves. */
function proxy(d: Draft, p: Place): Piece {
  d.functions += 1;
  const made = d.choose<Piece>([
    way(
      1,
      null,
      () =>
        code`(new Proxy({ a: 1 }, { get: (_: any, key: any) => key === 'a' ? (${d.action(p)})(1) : 0 }) as any).a`,
    ),
    way(1, null, () => code`('a' in new Proxy({}, { has: () => ((${d.action(p)})(1) as any) > 0 }))`),
    way(
      1,
      null,
      () => code`Object.keys(new Proxy({ a: 1 }, { ownKeys: () => ((${d.action(p)})(1), ['a']) })).length`,
    ),
    way(
      1,
      null,
      () =>
        code`(new Proxy((x: any) => x, { apply: (_: any, __: any, [x]: any) => (${d.action(p)})(x) }) as any)(${d.number(p)})`,
    ),
  ]);
  return statement(code`c.log.push(${made});`);
}

/** What compares has no effects: how often it is called is nobody's promise. */
function sorted(d: Draft, p: Place): Piece {
  d.functions += 1;
  const list = code`[${d.number(p)}, 5, ${d.number(p)}, 2, ${d.number(p)}, 4]`;
  const sign = d.pick(['a - b', 'b - a', '(a & 3) - (b & 3)']);
  const method = d.pick(['sort', 'toSorted']);
  return statement(
    code`c.log.push(${list}.map((x: any) => x | 0).${method}((a: any, b: any) => {
let result = 0;
for (let i = 0; i < 2; i++) result = ${sign};
return result;
}).join());`,
  );
}

function replaced(d: Draft, p: Place): Piece {
  d.functions += 1;
  const inner = p.nested('plain');
  inner.declare('x', 'number');
  return statement(
    code`c.log.push('a1b22'.replace(/\\d+/g, (text: any) => {\nlet x = +text;\n${d.block(inner, 1)}\nreturn String(x);\n}));`,
  );
}

/** An object that is walked by its own generator, or by its own steps. */
function iterable(d: Draft, p: Place): Piece {
  d.functions += 1;
  const inner = p.nested('plain', { hasThis: false, hasSuper: false });
  const it = d.fresh('it');
  const value = d.number(inner);
  const made = code`const ${it}: any = {
[Symbol.iterator]() {
let at = 0;
return {
next: () => {
if (c.left-- <= 0) return { done: true, value: 0 };
${d.block(inner, 1)}
return { done: at++ > 1, value: ${value} };
},
return: () => {
c.log.push('returned');
return {};
},
};
},
};`;
  const use = d.pick([
    `c.log.push([...${it}].length);`,
    `const [${it}a] = ${it};\nc.log.push(${it}a);`,
    `for (const x of ${it}) {\nc.log.push(x);\nbreak;\n}`,
    `c.log.push(new Set(${it}).size, Math.max(...${it}));`,
  ]);
  return statement(code`${made}\n${statement(code`${use}`)}`);
}
