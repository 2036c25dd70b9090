/** Text of a program that knows how it could be simpler. */
export type Piece = string | Part | List;

export interface Part {
  readonly kind: 'part';
  /** Text around the holes: one more than those. */
  readonly texts: readonly string[];
  readonly holes: readonly Piece[];
  /** The simplest text that may stand in its place; null when there is none. */
  readonly fallback: string | null;
  /** Which of the holes may stand in its place. */
  readonly heirs: readonly number[];
}

/** Items of which any may be missing. */
export interface List {
  readonly kind: 'list';
  readonly items: readonly Piece[];
  readonly separator: string;
}

/** Text with pieces in it. */
export function code(texts: TemplateStringsArray, ...holes: readonly (Piece | number)[]): Part {
  const pieces = holes.map((hole) => (typeof hole === 'number' ? String(hole) : hole));
  return { kind: 'part', texts, holes: pieces, fallback: null, heirs: [] };
}

/** An expression: `0`, or one of the holes named, may stand in its place. */
export function expression(part: Part, ...heirs: readonly number[]): Part {
  return { ...part, fallback: '0', heirs };
}

/** A statement: nothing, or one of the holes named, may stand in its place. */
export function statement(part: Part, ...heirs: readonly number[]): Part {
  return { ...part, fallback: '', heirs };
}

export function lines(items: readonly Piece[]): List {
  return { kind: 'list', items, separator: '\n' };
}

export function commas(items: readonly Piece[]): List {
  return { kind: 'list', items, separator: ', ' };
}

export function textOf(piece: Piece): string {
  if (typeof piece === 'string') return piece;
  if (piece.kind === 'list') {
    const items = piece.items.map(textOf).filter((item) => item !== '');
    return items.join(piece.separator);
  }
  return piece.texts.reduce((text, next, index) => text + textOf(piece.holes[index - 1] ?? '') + next);
}

/** Every piece that is one step simpler: large cuts first, from the outside to the inside. */
export function* simplified(piece: Piece): Generator<Piece, void, undefined> {
  if (typeof piece === 'string') return;
  if (piece.kind === 'list') {
    yield* shortened(piece);
    for (const [index, inner] of piece.items.entries()) {
      for (const simpler of simplified(inner)) yield { ...piece, items: piece.items.with(index, simpler) };
    }
    return;
  }
  if (piece.fallback !== null) yield piece.fallback;
  for (const heir of piece.heirs) yield piece.holes[heir] ?? '';
  for (const [index, inner] of piece.holes.entries()) {
    for (const simpler of simplified(inner)) yield { ...piece, holes: piece.holes.with(index, simpler) };
  }
}

function* shortened(list: List): Generator<Piece, void, undefined> {
  for (let size = list.items.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < list.items.length; at += size) {
      yield { ...list, items: [...list.items.slice(0, at), ...list.items.slice(at + size)] };
    }
  }
}
