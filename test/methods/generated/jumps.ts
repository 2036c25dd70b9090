import { type Choice, type Draft, type Place, way } from './draft.ts';
import { simple } from './expressions.ts';
import { code, expression, type Piece, statement } from './pieces.ts';

/** Exceptions through every construct, and jumps that a `finally` stands in the way of. */
export function jumpStatements(d: Draft, p: Place): readonly Choice<Piece>[] {
  return [
    way(2, 'exceptions', () => caught(d, p)),
    way(4, 'finally', () => guarded(d, p)),
    way(1, 'exceptions', () => thrown(d, p)),
    way(1, null, () => statement(code`if (${d.number(p)}) return ${expression(code`${d.number(p)}`)};`)),
    way(p.state.depth > 1 ? 1 : 0, null, () =>
      statement(code`if (${d.number(p)} === 3) return ${simple(d, p)};`),
    ),
  ];
}

function caught(d: Draft, p: Place): Piece {
  const tried = d.block(p.inner(), 3);
  const handled = d.block(p.inner(), 2);
  const pattern = d.below(4) === 0 ? ' ' : ' (e: any) ';
  const logged = pattern === ' ' ? '' : 'c.log.push(note(e));';
  d.use('note', noteText);
  return statement(
    code`try {\n${tried}\n} catch${pattern}{\n${statement(code`${logged}`)}\n${handled}\n}`,
    0,
    3,
  );
}

function guarded(d: Draft, p: Place): Piece {
  const within = d.block(p.inner(), 3);
  const tried = code`${within}\n${pending(d, p)}`;
  const last = d.block(p.inner(), 2);
  const ends = ending(d, p);
  if (d.below(2) === 0) return statement(code`try {\n${tried}\n} finally {\n${last}\n${ends}\n}`, 0, 1);
  const handled = d.block(p.inner(), 1);
  d.use('note', noteText);
  return statement(
    code`try {\n${tried}\n} catch (e: any) {\nc.log.push(note(e));\n${handled}\n} finally {\n${last}\n${ends}\n}`,
    0,
    2,
  );
}

/** What a `finally` finds waiting for its end. */
function pending(d: Draft, p: Place): Piece {
  const inLoop = p.state.loops.length > 0;
  const label = [...p.state.loops, ...p.state.blocks].filter((name) => name !== '').at(-1);
  return statement(
    d.choose([
      way(3, null, () => code``),
      way(2, null, () => code`if (${d.number(p)}) return ${simple(d, p)};`),
      way(2, null, () => code`if (${d.number(p)}) throw new Error('waits');`),
      way(inLoop ? 3 : 0, null, () => code`if (${d.number(p)}) ${d.pick(['break', 'continue'])};`),
      way(label === undefined ? 0 : 2, 'labels', () => code`if (${d.number(p)}) break ${label ?? ''};`),
    ]),
  );
}

/** What the end of a `finally` may do to the jump or the error that waits for it. */
function ending(d: Draft, p: Place): Piece {
  const inLoop = p.state.loops.length > 0;
  const label = [...p.state.loops, ...p.state.blocks].filter((name) => name !== '').at(-1);
  return statement(
    d.choose([
      way(6, null, () => code``),
      way(1, null, () => code`if (${d.number(p)} === 1) return ${simple(d, p)};`),
      way(inLoop ? 2 : 0, null, () => code`if (${d.number(p)}) ${d.pick(['break', 'continue'])};`),
      way(label === undefined ? 0 : 2, 'labels', () => code`if (${d.number(p)}) break ${label ?? ''};`),
      way(1, 'exceptions', () => code`if (${d.number(p)} === 2) throw new Error('last');`),
    ]),
  );
}

function thrown(d: Draft, p: Place): Piece {
  const value = d.choose([
    way(3, null, () => code`new Error('e' + ${simple(d, p)})`),
    way(1, 'errors', () => code`new TypeError('t', { cause: ${d.number(p)} })`),
    way(1, 'errors', () => code`Object.assign(new RangeError('r'), { code: ${d.number(p)} })`),
    way(1, null, () => code`(${d.number(p)})`),
  ]);
  return statement(code`if (${d.number(p)} & 1) throw ${value};`);
}

/** What of an error a log keeps. */
export const noteText = `function note(e: any): any {
  return e instanceof Error ? e.name + ':' + e.message : typeof e;
}`;
