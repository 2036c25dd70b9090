'use movable';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

class JsonError extends Error {
  readonly at: number;

  constructor(expected: string, at: number) {
    super(`expected ${expected} at ${at}`);
    this.at = at;
  }
}

/** A recursive-descent parser of JSON, character by character. */
class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Json {
    const value = this.#value();
    this.#blank();
    if (this.#at < this.#text.length) throw new JsonError('the end', this.#at);
    return value;
  }

  #value(): Json {
    this.#blank();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object();
      case '[':
        return this.#array();
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(): Json {
    const object: { [key: string]: Json } = {};
    this.#at++;
    this.#blank();
    if (this.#takes('}')) return object;
    for (;;) {
      this.#blank();
      const key = this.#string();
      this.#blank();
      if (!this.#takes(':')) throw new JsonError("':'", this.#at);
      object[key] = this.#value();
      this.#blank();
      if (this.#takes('}')) return object;
      if (!this.#takes(',')) throw new JsonError("',' or '}'", this.#at);
    }
  }

  #array(): Json {
    const array: Json[] = [];
    this.#at++;
    this.#blank();
    if (this.#takes(']')) return array;
    for (;;) {
      array.push(this.#value());
      this.#blank();
      if (this.#takes(']')) return array;
      if (!this.#takes(',')) throw new JsonError("',' or ']'", this.#at);
    }
  }

  #string(): string {
    if (!this.#takes('"')) throw new JsonError('a string', this.#at);
    let start = this.#at;
    let text = '';
    for (;;) {
      const c = this.#text[this.#at];
      if (c === undefined) throw new JsonError('"', this.#at);
      if (c === '"') {
        text += this.#text.slice(start, this.#at);
        this.#at++;
        return text;
      }
      if (c === '\\') {
        text += this.#text.slice(start, this.#at) + this.#escape();
        start = this.#at;
      } else this.#at++;
    }
  }

  #escape(): string {
    const c = this.#text[this.#at + 1];
    this.#at += 2;
    switch (c) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'u': {
        const code = Number.parseInt(this.#text.slice(this.#at, this.#at + 4), 16);
        this.#at += 4;
        return String.fromCharCode(code);
      }
      default:
        return c ?? '';
    }
  }

  #number(): number {
    const start = this.#at;
    if (this.#text[this.#at] === '-') this.#at++;
    while (this.#isDigit()) this.#at++;
    if (this.#takes('.')) while (this.#isDigit()) this.#at++;
    if (this.#takes('e') || this.#takes('E')) {
      if (!this.#takes('-')) this.#takes('+');
      while (this.#isDigit()) this.#at++;
    }
    if (start === this.#at) throw new JsonError('a value', start);
    return Number(this.#text.slice(start, this.#at));
  }

  #word<T extends Json>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw new JsonError(word, this.#at);
    this.#at += word.length;
    return value;
  }

  #isDigit(): boolean {
    const code = this.#text.charCodeAt(this.#at);
    return code >= 48 && code <= 57;
  }

  #takes(c: string): boolean {
    if (this.#text[this.#at] !== c) return false;
    this.#at++;
    return true;
  }

  #blank(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 9 && code !== 13) return;
      this.#at++;
    }
  }
}

function print(value: Json): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) {
    const parts: string[] = [];
    for (const element of value) parts.push(print(element));
    return `[${parts.join(',')}]`;
  }
  const parts: string[] = [];
  for (const key of Object.keys(value)) parts.push(`${quoted(key)}:${print(value[key] ?? null)}`);
  return `{${parts.join(',')}}`;
}

function quoted(text: string): string {
  let out = '"';
  for (const c of text) {
    if (c === '"' || c === '\\') out += `\\${c}`;
    else if (c === '\n') out += '\\n';
    else out += c;
  }
  return `${out}"`;
}

/** A document of n records, some nested, with escapes and numbers of each kind. */
function document(n: number): Json {
  const records: Json[] = [];
  for (let i = 0; i < n; i++) {
    records.push({
      id: i,
      name: `record "${i}"\nof ${n}`,
      price: i * 1.25 - 3,
      tiny: i / 1e9,
      tags: ['red', 'green', `t${i % 7}`],
      active: i % 2 === 0,
      parent: i === 0 ? null : { id: i - 1, path: '\\root\\' + i },
    });
  }
  return { version: 1, records };
}

/** Prints a document, parses it, and prints it again, as its fixed point. */
export function main(n: number): number {
  const text = print(document(n));
  const again = print(new Parser(`\n  ${text}\t`).parse());
  if (again !== text) return -1;
  let errors = 0;
  for (const broken of ['{"a" 1}', '[1,2', '"abc', '[tru]', '{}x']) {
    try {
      new Parser(broken).parse();
    } catch (error) {
      if (error instanceof JsonError) errors += error.at + 1;
    }
  }
  let hash = errors;
  for (let i = 0; i < text.length; i += 3) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}
