/** The errors in which V8 names an expression. */
const naming = / is not (?:a function|a constructor|iterable|async iterable)|^Cannot destructure /;

/** A shared variable that is called stands behind a comma, so that its box is not `this`; one that may be unset behind a look. */
const behindComma = /\((?:0 , ([^\s()]+\.v)|[^\s()]+\.let\(\.\.\.\) , ([^\s()]+))\)/gu;

const generated =
  /([\p{ID_Continue}$\u200c\u200d]*\$[\p{ID_Continue}$\u200c\u200d]*)(\.own\(\.\.\.\)|\.v(?![\p{ID_Continue}$]))?/gu;

/** What V8 calls what the generated names of a module stand for; nothing where that is its value. Read when it is needed first. */
export class SpokenNames {
  readonly #described: string;
  #names: ReadonlyMap<string, string> | null = null;

  /** @param described each name, and what it stands for, by turns, as JSON */
  constructor(described: string) {
    this.#described = described;
  }

  /** What an error's message would be in its author's names. */
  authors(said: string): string {
    const names = (this.#names ??= read(this.#described));
    const byValue = said.endsWith(' as it is null.') ? 'object null' : 'undefined';
    return said.replace(behindComma, '$1$2').replace(generated, (whole, name: string, suffix = '') => {
      if (suffix === '.v' && /.\$b\d*$/.test(name)) return name.replace(/\$b\d*$/, '');
      const known = names.get(name);
      if (known === undefined) return names.get(whole) ?? whole;
      return (known === '' ? byValue : known) + suffix;
    });
  }
}

export const nothingSpoken = new SpokenNames('[]');

function read(described: string): ReadonlyMap<string, string> {
  const turns = JSON.parse(described) as readonly string[];
  return new Map(turns.flatMap((name, at) => (at % 2 === 0 ? [[name, turns[at + 1] as string]] : [])));
}

/** Says an error of V8 in its author's names, where it names what generated code has in place of what they wrote. */
export function respell(error: TypeError, names: SpokenNames): void {
  const message = Object.getOwnPropertyDescriptor(error, 'message');
  const said: unknown = message?.value;
  if (typeof said !== 'string' || !said.includes('$') || !naming.test(said)) return;
  const meant = names.authors(said);
  if (meant === said || message?.writable !== true) return;
  const { stack } = error;
  error.message = meant;
  if (typeof stack === 'string') error.stack = stack.replace(said, () => meant);
}
