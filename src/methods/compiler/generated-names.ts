/** The names that a module's generated code brings along. Each has a `$` in it, and none is a name of the source. */
export class GeneratedNames {
  readonly #taken: ReadonlySet<string>;
  readonly #given = new Set<string>();
  /** How often each base was asked for. */
  readonly #counts = new Map<string, number>();

  /** @param taken every identifier of the source */
  constructor(taken: ReadonlySet<string>) {
    this.#taken = taken;
  }

  /** @param base holds a `$` */
  fresh(base: string): string {
    let count = this.#counts.get(base) ?? 0;
    let name = count === 0 ? base : `${base}${count}`;
    while (this.#given.has(name) || this.#taken.has(name)) name = `${base}${(count += 1)}`;
    this.#counts.set(base, count + 1);
    this.#given.add(name);
    return name;
  }

  /** A text whose generated names are numbered in the order in which they come: an edit elsewhere names them otherwise. */
  normalised(text: string): string {
    const numbers = new Map<string, number>();
    let out = '';
    let from = 0;
    for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', at + 1)) {
      let start = at;
      while (start > from && isPartOfName(text.charCodeAt(start - 1))) start -= 1;
      while (isPartOfName(text.charCodeAt(at + 1))) at += 1;
      const name = text.slice(start, at + 1);
      if (!this.#given.has(name)) continue;
      const number = numbers.get(name) ?? numbers.size;
      numbers.set(name, number);
      out += `${text.slice(from, start)}$#${number}`;
      from = at + 1;
    }
    return out + text.slice(from);
  }
}

/** Whether an identifier may go on with a code unit. */
export function isPartOfName(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) ||
    (unit >= 65 && unit <= 90) ||
    (unit >= 48 && unit <= 57) ||
    unit === 36 ||
    unit === 95 ||
    (unit >= 128 && (isSurrogate(unit) || continuing.test(String.fromCharCode(unit))))
  );
}

const continuing = /\p{ID_Continue}/u;

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
