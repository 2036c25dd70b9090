import { type Choice, type Draft, type Place, way } from './draft.ts';
import { code, expression, type Piece, statement } from './pieces.ts';

const guard = 'if (c.left-- <= 0) break;';

/** Loops of all kinds, and jumps out of them. */
export function loopStatements(d: Draft, p: Place): readonly Choice<Piece>[] {
  const inLoop = p.state.loops.length > 0;
  const labels = p.state.loops.filter((label) => label !== '');
  const blocks = p.state.blocks.filter((label) => label !== '');
  return [
    way(3, 'loops', () => counted(d, p)),
    way(1, 'loops', () => conditional(d, p)),
    way(2, 'loops', () => overList(d, p)),
    way(2, 'collections', () => overCollection(d, p)),
    way(1, 'forIn', () => overKeys(d, p)),
    way(1, 'labels', () => block(d, p)),
    way(inLoop ? 1 : 0, 'loops', () =>
      statement(code`if (${d.number(p)}) ${d.pick(['break', 'continue'])};`),
    ),
    way(labels.length > 0 ? 2 : 0, 'labels', () =>
      statement(code`if (${d.number(p)}) ${d.pick(['break', 'continue'])} ${d.pick(labels)};`),
    ),
    way(blocks.length > 0 ? 2 : 0, 'labels', () =>
      statement(code`if (${d.number(p)}) break ${d.pick(blocks)};`),
    ),
  ];
}

/** @returns the label with its colon, or nothing; and the place inside */
function into(d: Draft, p: Place): { readonly label: string; readonly inside: Place } {
  const name = d.once(3, 'labels') ? d.fresh('loop') : '';
  return {
    label: name === '' ? '' : `${name}: `,
    inside: p.inner({ loops: [...p.state.loops, name] }),
  };
}

function counted(d: Draft, p: Place): Piece {
  const { label, inside } = into(d, p);
  const index = d.fresh('i');
  inside.declare(index, 'number', d.below(3) > 0);
  const bound = d.below(3) === 0 ? code`(${expression(code`${d.number(p)}`)} & 3)` : String(d.between(1, 4));
  const update =
    d.below(6) === 0 ? code`${index} += 1 + (${expression(code`${d.number(p)}`)} & 1)` : `${index}++`;
  return statement(
    code`${label}for (let ${index}: any = 0; ${index} < ${bound}; ${update}) {\n${guard}\n${d.block(inside, 3)}\n}`,
    6,
  );
}

function conditional(d: Draft, p: Place): Piece {
  const { label, inside } = into(d, p);
  const count = d.fresh('n');
  const test = code`${count}-- > 0 && ${d.below(2) === 0 ? '1' : d.number(p)}`;
  const declared = `let ${count}: any = ${d.between(1, 4)};\n`;
  const inner = d.block(inside, 3);
  if (d.below(2) === 0)
    return statement(code`${declared}${label}while (${test}) {\n${guard}\n${inner}\n}`, 4);
  return statement(code`${declared}${label}do {\n${guard}\n${inner}\n} while (${test});`, 3);
}

function overList(d: Draft, p: Place): Piece {
  const { label, inside } = into(d, p);
  const item = inside.declare(d.fresh('e'), 'number', true);
  const lists = p.of('list');
  const list =
    lists.length > 0 && d.below(2) === 0 ? d.pick(lists).name : code`[${d.number(p)}, ${d.number(p)}, 5]`;
  const head = d.choose<Piece>([
    way(3, null, () => code`const ${item} of ${list}`),
    way(1, 'destructuring', () => code`const [${item} = ${d.number(p, 0)}] of ${list}.map((x: any) => [x])`),
    way(1, 'iterables', () => {
      d.use('upTo', upToText);
      return code`const ${item} of upTo(c, ${d.between(1, 4)})`;
    }),
    way(1, null, () => code`let ${item} of 'xyz'.slice(${d.below(3)}).split('').keys()`),
  ]);
  return statement(code`${label}for (${head}) {\n${guard}\n${d.block(inside, 3)}\n}`, 3);
}

/** A walk over a Map or Set that the body changes. */
function overCollection(d: Draft, p: Place): Piece {
  const { label, inside } = into(d, p);
  const maps = p.of('map');
  const sets = p.of('set');
  const [key, value] = [d.fresh('e'), d.fresh('e')];
  if (maps.length > 0 && d.below(2) === 0) {
    const map = d.pick(maps).name;
    inside.declare(key, 'number', true);
    inside.declare(value, 'number', true);
    const change = mapChange(d, inside, map, key);
    return statement(
      code`${label}for (const [${key}, ${value}] of ${map}${d.pick(['', '.entries()'])}) {\n${guard}\n${change}\n${d.block(inside, 2)}\n}`,
      7,
    );
  }
  const set = sets.length > 0 ? d.pick(sets).name : d.fresh('set');
  const made = sets.length > 0 ? '' : `const ${set} = new Set<any>([3, 1, 2]);\n`;
  inside.declare(key, 'number', true);
  const change = d.pick([
    `${set}.delete(${key}); if (c.left & 1) ${set}.add(${key});`,
    `if (c.left % 5 === 0) ${set}.clear();`,
    `${set}.add(c.left % 7);`,
    '',
  ]);
  return statement(
    code`${made}${label}for (const ${key} of ${set}) {\n${guard}\n${statement(code`${change}`)}\n${d.block(inside, 2)}\n}`,
    6,
  );
}

function mapChange(d: Draft, p: Place, map: string, key: string): Piece {
  return statement(
    d.choose([
      way(1, null, () => code`${map}.delete(${key});`),
      way(1, null, () => code`${map}.delete(${key}); ${map}.set(${key}, ${d.number(p)});`),
      way(1, null, () => code`${map}.set(c.left % 6, ${d.number(p)});`),
      way(1, null, () => code`if (c.left % 5 === 0) { ${map}.clear(); ${map}.set(9, ${d.number(p)}); }`),
    ]),
  );
}

function overKeys(d: Draft, p: Place): Piece {
  const { label, inside } = into(d, p);
  const records = p.of('record');
  const key = d.fresh('key');
  const record = records.length > 0 ? d.pick(records).name : code`({ a: ${d.number(p)}, b: 2, 1: 3 } as any)`;
  const change = records.length > 0 ? d.pick([`delete ${d.pick(records).name}.z;`, '']) : '';
  const head = d.pick(['const', 'let']);
  const logged = statement(code`c.log.push(${key});`);
  return statement(
    code`${label}for (${head} ${key} in ${record}) {\n${guard}\n${statement(code`${change}`)}\n${logged}\n${d.block(inside, 2)}\n}`,
    7,
  );
}

function block(d: Draft, p: Place): Piece {
  const label = d.fresh('block');
  const inside = p.inner({ blocks: [...p.state.blocks, label] });
  return statement(code`${label}: {\n${d.block(inside, 3)}\n}`, 1);
}

const upToText = `function upTo(c: any, most: number): any {
  return {
    [Symbol.iterator]() {
      let at = 0;
      return {
        next: () => ({ done: at >= most || c.left <= 0, value: at++ }),
        return: (value: any) => {
          c.log.push('closed at ' + at);
          return { done: true, value };
        },
      };
    },
  };
}`;
