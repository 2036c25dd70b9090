import { type Choice, type Draft, type FunctionKind, type Place, way } from './draft.ts';
import { simple } from './expressions.ts';
import { noteText } from './jumps.ts';
import { code, expression, lines, type Piece, statement } from './pieces.ts';

/** What every body begins with: so programs end. */
export const guard = (kind: FunctionKind): string =>
  kind === 'plain' || kind === 'async' ? 'if (c.left-- <= 0) return 0;' : 'if (c.left-- <= 0) return;';

/** A body in braces: the guard, statements, and what it returns. */
export function body(d: Draft, p: Place, most: number): Piece {
  d.functions += 1;
  const returned = p.state.kind === 'generator' && d.below(2) === 0 ? simple(d, p) : d.number(p, 2);
  const inside = d.block(p, most);
  return code`{\n${guard(p.state.kind)}\n${inside}\nreturn ${expression(code`${returned}`, 0)};\n}`;
}

/** An expression whose value is a function of one number. */
export function action(d: Draft, p: Place): Piece {
  return d.choose<Piece>([
    way(4, null, () => arrow(d, p)),
    way(2, null, () => code`(x: any) => ${blockOf(d, arrowPlace(p, 'plain'), 2)}`),
    way(1, null, () => {
      const inner = p.nested('plain', { hasThis: false, hasSuper: false, hasArguments: true });
      inner.declare('x', 'number');
      return code`function (x: any) ${blockOf(d, inner, 2)}`;
    }),
    way(1, 'namedExpressions', () => {
      const name = d.fresh('own');
      const inner = p.nested('plain', { hasThis: false, hasSuper: false, hasArguments: true });
      inner.declare('x', 'number');
      inner.declare(name, 'action', true);
      return code`function ${name}(x: any): any ${blockOf(d, inner, 2)}`;
    }),
    way(1, 'defaults', () => {
      const early = p.nested('plain', { isQuiet: true });
      early.declare('x', 'number');
      const inner = arrowPlace(p, 'plain');
      inner.declare('y', 'number');
      return code`(x: any, y: any = c.left-- <= 0 ? 0 : ${expression(code`${d.number(early)}`)}) => ${blockOf(d, inner, 1)}`;
    }),
  ]);
}

function arrow(d: Draft, p: Place): Piece {
  const inner = arrowPlace(p, 'plain');
  return code`(x: any) => (c.left-- <= 0 ? 0 : ${d.number(inner, 2)})`;
}

function arrowPlace(p: Place, kind: FunctionKind): Place {
  const inner = p.nested(kind);
  inner.declare('x', 'number');
  return inner;
}

function blockOf(d: Draft, p: Place, most: number): Piece {
  return code`{\n${guard(p.state.kind)}\n${d.block(p, most)}\nreturn ${expression(code`${d.number(p, 1)}`, 0)};\n}`;
}

/** An asynchronous function of one number. */
export function job(d: Draft, p: Place): Piece {
  d.note('async');
  const inner = arrowPlace(p, 'async');
  if (d.below(2) === 0) return code`async (x: any) => ${blockOf(d, inner, 2)}`;
  const own = p.nested('async', { hasThis: false, hasSuper: false, hasArguments: true });
  own.declare('x', 'number');
  return code`async function (x: any) ${blockOf(d, own, 2)}`;
}

/** Statements that make functions and keep them. */
export function closureStatements(d: Draft, p: Place): readonly Choice<Piece>[] {
  const lists = p.of('actions');
  return [
    way(4, 'closures', () => {
      d.functions += 1;
      const made = d.action(p);
      return statement(code`const ${p.declare(d.fresh('g'), 'action', true)} = ${made};`);
    }),
    way(d.has('async') ? 1 : 0, 'closures', () => {
      d.functions += 1;
      const made = job(d, p);
      return statement(code`const ${p.declare(d.fresh('j'), 'job', true)} = ${made};`);
    }),
    way(1, 'hoisting', () => {
      d.functions += 1;
      const name = d.fresh('h');
      const inner = p.nested('plain', { hasThis: false, hasSuper: false, hasArguments: true });
      inner.declare('x', 'number');
      inner.declare(name, 'action', true);
      const made = blockOf(d, inner, 2);
      const early = d.number(p);
      const slot = d.fresh('v');
      const piece = code`let ${slot}: any = ${name}(${early});\nfunction ${name}(x: any): any ${made}`;
      p.declare(slot, 'number');
      p.declare(name, 'action', true);
      return statement(piece);
    }),
    way(2, 'storedClosures', () => {
      d.functions += 2;
      const made = code`[${d.action(p)}, ${d.action(p)}]`;
      return statement(code`const ${p.declare(d.fresh('acts'), 'actions', true)}: any[] = ${made};`);
    }),
    way(lists.length > 0 ? 2 : 0, 'storedClosures', () => {
      d.functions += 1;
      return statement(code`${d.pick(lists).name}.unshift(${d.action(p)});`);
    }),
    way(1, 'storedClosures', () => {
      d.functions += 1;
      return statement(code`c.kept.push(${d.action(p)});`);
    }),
    way(2, 'perIteration', () => perIteration(d, p)),
    way(1, 'lexicalThis', () => lexicalThis(d, p)),
    way(1, 'tdz', () => tooEarly(d, p)),
  ];
}

/** Functions made in each turn of a loop; some of them change the turn's own variable. */
function perIteration(d: Draft, p: Place): Piece {
  d.functions += 2;
  const list = d.fresh('acts');
  const index = d.fresh('i');
  const inner = p.inner({ loops: [...p.state.loops, ''] });
  inner.declare(index, 'number');
  const reader = d.action(inner);
  const writer = d.pick([`() => ${index}++`, `() => (${index} += 2)`, `(x: any) => (${index} = x | 0)`]);
  const update = d.pick([`${index}++`, `(() => ${index}++)()`, `${index} += 1, ${list}.at(-1)?.(1)`]);
  const inside = d.block(inner, 2);
  const piece = code`const ${list}: any[] = [];
for (let ${index}: any = 0; ${index} < ${d.between(2, 4)}; ${update}) {
if (c.left-- <= 0) break;
${lines([code`${list}.push(${reader});`, code`${list}.push(${writer});`, inside])}
}`;
  p.declare(list, 'actions', true);
  return statement(piece);
}

/** A variable that a function reads, or sets, before it is initialised. */
function tooEarly(d: Draft, p: Place): Piece {
  d.functions += 1;
  d.use('note', noteText);
  const [slot, early] = [d.fresh('v'), d.fresh('g')];
  const use = d.pick([`() => ${slot}`, `() => typeof ${slot}`, `() => (${slot} = 1)`, `() => ${slot}++`]);
  const tried = d.below(2) === 0 ? `${early}()` : d.number(p);
  const value = d.number(p);
  const piece = code`const ${early}: any = ${use};
try {
c.log.push(${tried});
} catch (e: any) {
c.log.push(note(e));
}
let ${slot}: any = ${value};
c.log.push(${early}(), ${slot});`;
  p.declare(slot, 'number');
  return statement(piece);
}

/** An object whose method hands its own \`this\` and \`arguments\` to arrows. */
function lexicalThis(d: Draft, p: Place): Piece {
  d.functions += 2;
  const name = d.fresh('o');
  const inner = p.nested('plain', { hasThis: false, hasSuper: false, hasArguments: true });
  inner.declare('x', 'number');
  const value = d.number(inner);
  const piece = code`const ${name}: any = {
n: ${d.number(p)},
run(x: any) {
${guard('plain')}
const own = () => this.n + arguments.length + ${value};
${d.block(inner, 1)}
return own() + (() => (this.n += 1))();
},
};
c.log.push(${name}.run(${d.number(p)}));`;
  return statement(piece);
}
