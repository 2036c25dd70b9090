import { type Choice, type Draft, type Place, way } from './draft.ts';
import { code, commas, expression, type Piece } from './pieces.ts';

const operators = ['+', '-', '*', '%', '&', '|', '^', '<<', '>>', '<', '===', '!=='] as const;

/** A number that costs nothing, waits for nothing and never throws. */
export function simple(d: Draft, p: Place): Piece {
  const numbers = p.of('number');
  if (numbers.length > 0 && d.below(3) > 0) return d.pick(numbers).name;
  return String(d.below(8));
}

/** An expression whose value is a number, or something else that arithmetic takes; never a text. */
export function number(d: Draft, p: Place, size: number): Piece {
  if (size <= 0 || (size > 1 && d.below(3) === 0)) return simple(d, p);
  const inner = (): Piece => number(d, p, size - 1);
  return d.choose<Piece>([
    way(12, null, () => simple(d, p)),
    way(8, null, () => expression(code`(${inner()} ${d.pick(operators)} ${inner()})`, 0, 2)),
    way(2, null, () => expression(code`(${inner()} ? ${inner()} : ${inner()})`, 1, 2)),
    way(2, null, () => expression(code`(${inner()} ${d.pick(['&&', '||', '??'])} ${inner()})`, 0, 2)),
    way(1, null, () => expression(code`(${inner()}, ${inner()})`, 1)),
    way(1, null, () => expression(code`${d.pick(['-', '+', '~', '!'])}(${inner()})`, 1)),
    way(1, 'arguments', () => (p.state.hasArguments ? 'arguments.length' : simple(d, p))),
    ...assignments(d, p, inner),
    ...calls(d, p, inner),
    ...readings(d, p, inner),
    ...literals(d, p, inner),
  ]);
}

function assignments(d: Draft, p: Place, inner: () => Piece): readonly Choice<Piece>[] {
  const { slots } = p;
  const lists = p.of('list');
  const records = p.of('record');
  const on = (list: readonly unknown[], weight: number): number => (list.length > 0 ? weight : 0);
  const by = ['=', '+=', '-=', '^=', '||=', '&&=', '??='] as const;
  return [
    way(on(slots, 4), 'pending', () => expression(code`(${d.pick(slots).name} ${d.pick(by)} ${inner()})`, 2)),
    way(on(slots, 3), null, () => d.pick(['++NAME', 'NAME++', '--NAME']).replace('NAME', d.pick(slots).name)),
    way(on(lists, 4), 'pending', () => {
      const index = slots.length > 0 ? `${d.pick(slots).name}++ & 3` : d.below(4);
      return expression(code`(${d.pick(lists).name}[${String(index)}] ${d.pick(by)} ${inner()})`, 3);
    }),
    way(on(records, 4), 'pending', () =>
      expression(code`(${d.pick(records).name}.${d.pick(['a', 'b', 'z'])} ${d.pick(by)} ${inner()})`, 3),
    ),
  ];
}

function calls(d: Draft, p: Place, inner: () => Piece): readonly Choice<Piece>[] {
  const plain = d.callees.filter(({ kind }) => kind === 'plain');
  const tasks = p.awaits ? d.callees.filter(({ kind }) => kind === 'async') : [];
  const generators = d.callees.filter(({ kind }) => kind === 'generator');
  const has = (list: readonly unknown[], weight: number): number => (list.length > 0 ? weight : 0);
  return [
    way(has(plain, 4), null, () => expression(code`${d.pick(plain).name}(c, ${inner()})`, 1)),
    way(has(tasks, 4), 'async', () => expression(code`(await ${d.pick(tasks).name}(c, ${inner()}))`, 1)),
    way(p.awaits ? 2 : 0, 'async', () => expression(code`(await ${inner()})`, 0)),
    way(p.yields ? 3 : 0, 'generators', () => expression(code`((yield ${inner()}) ?? ${d.below(4)})`, 0)),
    way(has(generators, 1), 'generators', () => {
      d.note('spread');
      return expression(code`[...${d.pick(generators).name}(c, ${inner()})].length`, 1);
    }),
    ...closureCalls(d, p, inner),
    ...classCalls(d, p, inner),
  ];
}

function closureCalls(d: Draft, p: Place, inner: () => Piece): readonly Choice<Piece>[] {
  const actions = p.of('action');
  const lists = p.of('actions');
  const jobs = p.awaits ? p.of('job') : [];
  const has = (list: readonly unknown[], weight: number): number => (list.length > 0 ? weight : 0);
  return [
    way(has(actions, 4), 'closures', () => expression(code`${d.pick(actions).name}(${inner()})`, 1)),
    way(has(jobs, 3), 'closures', () => expression(code`(await ${d.pick(jobs).name}(${inner()}))`, 1)),
    way(has(lists, 3), 'storedClosures', () =>
      expression(code`(${d.pick(lists).name}[${inner()} & 1]?.(${inner()}) ?? 1)`, 1, 2),
    ),
    way(1, 'closures', () => {
      d.functions += 1;
      return expression(code`(${d.action(p)})(${inner()})`, 1);
    }),
    way(1, 'callbacks', () => callback(d, p)),
  ];
}

/** Functions that are called by the language's own. */
function callback(d: Draft, p: Place): Piece {
  const lists = p.of('list');
  const list = lists.length > 0 ? d.pick(lists).name : '[3, 1, 2]';
  d.functions += 1;
  return d.choose<Piece>([
    way(2, null, () => expression(code`${list}.map(${d.action(p)}).length`)),
    way(1, null, () => expression(code`${list}.filter(${d.action(p)}).length`)),
    way(1, null, () => expression(code`${list}.findIndex(${d.action(p)})`)),
    way(1, null, () => expression(code`(${list}.some(${d.action(p)}) ? 1 : 2)`)),
    way(1, null, () => expression(code`${list}.reduce((sum: any, x: any) => sum + (${d.action(p)})(x), 0)`)),
    way(1, null, () => expression(code`(${list}.forEach(${d.action(p)}), 3)`)),
    way(1, null, () => expression(code`Array.from({ length: 2 }, ${d.action(p)}).length`)),
    way(1, null, () => expression(code`${list}.flatMap((x: any) => [x, (${d.action(p)})(x)]).length`)),
  ]);
}

function classCalls(d: Draft, p: Place, inner: () => Piece): readonly Choice<Piece>[] {
  const { classes } = d;
  const agents = p.of('agent');
  const later = classes.filter(({ hasLater }) => hasLater);
  const has = (list: readonly unknown[], weight: number): number => (list.length > 0 ? weight : 0);
  return [
    way(has(classes, 2), 'classes', () =>
      expression(code`new ${d.pick(classes).name}(c, ${inner()}).step(${inner()})`, 1, 2),
    ),
    way(has(agents, 3), 'classes', () => expression(code`${d.pick(agents).name}.step(${inner()})`, 1)),
    way(has(agents, 1), 'accessors', () => `${d.pick(agents).name}.at`),
    way(
      has(
        classes.filter(({ hasStatic }) => hasStatic),
        1,
      ),
      'statics',
      () =>
        expression(
          code`${d.pick(classes.filter(({ hasStatic }) => hasStatic)).name}.make(c, ${inner()}).at`,
          1,
        ),
    ),
    way(p.awaits ? has(later, 2) : 0, 'classes', () =>
      expression(code`(await new ${d.pick(later).name}(c, ${inner()}).later(${inner()}))`, 1, 2),
    ),
    way(p.state.hasThis ? 3 : 0, 'classes', () => d.pick(['this.x', 'this.x++', 'this.at'])),
    way(p.state.hasThis ? 1 : 0, 'classes', () => expression(code`this.step(${inner()})`, 0)),
    way(p.state.hasSuper ? 9 : 0, 'inheritance', () => expression(code`super.step(${inner()})`, 0)),
  ];
}

function readings(d: Draft, p: Place, inner: () => Piece): readonly Choice<Piece>[] {
  const lists = p.of('list');
  const records = p.of('record');
  const maps = p.of('map');
  const bytes = p.of('bytes');
  const has = (list: readonly unknown[], weight: number): number => (list.length > 0 ? weight : 0);
  return [
    way(has(lists, 4), null, () => expression(code`${d.pick(lists).name}[${inner()} & 3]`, 1)),
    way(has(lists, 1), null, () => `${d.pick(lists).name}.length`),
    way(has(records, 4), null, () => `${d.pick(records).name}.${d.pick(['a', 'b', 'z'])}`),
    way(has(records, 6), 'optionalChaining', () =>
      expression(code`(${d.pick(records).name}?.none?.deep[${inner()}] ?? ${inner()})`, 1, 2),
    ),
    way(has(records, 6), 'optionalChaining', () =>
      expression(code`(${d.pick(records).name}.self?.[${inner()} & 1 ? 'a' : 'b'] ?? ${inner()})`, 1, 2),
    ),
    way(has(maps, 4), 'collections', () =>
      expression(code`(${d.pick(maps).name}.get(${inner()} & 3) ?? ${inner()})`, 1, 2),
    ),
    way(has(maps, 1), 'collections', () =>
      expression(code`${d.pick(maps).name}.set(${inner()} & 3, ${inner()}).size`, 1, 2),
    ),
    way(has(bytes, 5), 'typedArrays', () =>
      expression(code`(${d.pick(bytes).name}[${inner()} & 3] += ${inner()})`, 1, 2),
    ),
  ];
}

function literals(d: Draft, p: Place, inner: () => Piece): readonly Choice<Piece>[] {
  const lists = p.of('list');
  const records = p.of('record');
  const list = (): string => (lists.length > 0 ? d.pick(lists).name : '[1, 2]');
  const record = (): string => (records.length > 0 ? d.pick(records).name : '{ a: 2 }');
  return [
    way(1, 'spread', () => expression(code`Math.max(${inner()}, ...${list()}, ${inner()})`, 0, 2)),
    way(1, 'spread', () => expression(code`[${inner()}, ...${list()}, ${inner()}][${inner()} & 1]`, 0, 2, 3)),
    way(1, 'spread', () =>
      expression(
        code`({ a: ${inner()}, ...${record()}, [\`k\${${inner()}}\`]: ${inner()} } as any).a`,
        0,
        2,
        3,
      ),
    ),
    way(1, 'spread', () => {
      const plain = d.callees.filter(({ kind }) => kind === 'plain');
      const name = plain.length > 0 ? d.pick(plain).name : 'Math.max';
      return expression(code`${name}(...[c, ${inner()}], ${inner()})`, 1, 2);
    }),
    way(1, 'spread', () => {
      const { name } = d.pick([...d.classes, { name: 'Array' }]);
      return expression(code`Number(new ${name}(...[c, ${inner()}]).x ?? ${inner()})`, 1, 2);
    }),
    way(1, 'optionalChaining', () => {
      d.functions += 1;
      const object = d.pick(['{ act: ACT }', '{}']).split('ACT');
      const made = object.length === 1 ? code`{}` : code`${object[0] ?? ''}${d.action(p)}${object[1] ?? ''}`;
      return expression(code`((${made} as any).act?.(${inner()}) ?? ${inner()})`, 1, 2);
    }),
    way(1, 'optionalChaining', () =>
      expression(code`(${record()} as any)?.[\`k\${${inner()}}\`]?.deep(${inner()}).er`, 1, 2),
    ),
    way(1, null, () => `('a' in ${record()})`),
    way(1, null, () => expression(code`((${inner()} & 3) ** (${inner()} & 3))`, 0, 1)),
    way(1, 'templates', () => expression(code`\`\${${inner()}}-\${${inner()}}\`.length`, 0, 1)),
    way(1, 'tags', () => {
      d.use('tag', tagText);
      return expression(code`tag(c)\`a\${${inner()}}b\${${inner()}}\``, 0, 1);
    }),
    way(1, 'conversions', () => conversion(d, p, inner)),
    way(1, 'toJson', () => {
      d.functions += 1;
      return expression(code`JSON.stringify([{ toJSON: ${d.action(p)} }, ${inner()}]).length`, 1);
    }),
    way(1, 'rest', () => expression(code`((...all: any[]) => all.length)(${commas([inner(), inner()])})`)),
    way(1, 'bigints', () => expression(code`Number(BigInt.asIntN(16, BigInt(${inner()} | 0) * 3n))`, 0)),
    way(1, 'typedArrays', () => expression(code`new Uint8Array([${inner()}, ${inner()}])[1]`, 0, 1)),
    way(p.state.kind === 'plain' && p.state.hasArguments ? 1 : 0, 'newTarget', () =>
      d.pick(['(new.target === undefined ? 1 : 2)', '(typeof new.target).length']),
    ),
  ];
}

/** An object that arithmetic, a template or a key turns into a primitive by its own code. */
function conversion(d: Draft, p: Place, inner: () => Piece): Piece {
  d.functions += 1;
  const action = d.action(p);
  return d.choose<Piece>([
    way(1, null, () => expression(code`(${inner()} + ({ valueOf: ${action} } as any))`, 0)),
    way(1, null, () => expression(code`(({ [Symbol.toPrimitive]: ${action} } as any) * ${inner()})`, 1)),
    way(1, null, () => expression(code`(({ valueOf: ${action} } as any) > ${inner()})`, 1)),
    way(1, null, () => expression(code`\`\${{ toString: ${action} } as any}\`.length`)),
  ]);
}

const tagText = `function tag(c: any) {
  return (texts: any, ...values: any[]): any => {
    c.left -= 1;
    let sum = texts.raw.length;
    for (const value of values) sum += value ^ 1;
    return sum;
  };
}`;
