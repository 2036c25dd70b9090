import type { Code } from './ir.ts';
import { spokenName } from './spoken-names.ts';
import type { Node } from './syntax.ts';

const temporaryName = /^\$\d+$/;
const temporaryNames = /(?<![\w$])\$\d+(?![\w$])/g;

/** What a method's values are in the source, for errors of V8 that name what stands for them. */
export class SpokenValues {
  readonly #values = new WeakMap<Code, Node | string>();
  /** The same by the names of temporaries. */
  readonly #held = new Map<string, Node | string>();
  readonly #shown = new Set<string>();

  /** Notes what a value is, for errors that name it. */
  named(value: Code, what: Node | string): Code {
    this.#values.set(value, what);
    if (temporaryName.test(value.text)) this.#held.set(value.text, what);
    return value;
  }

  /** What a value is in the source, or V8's own name for it; null where nobody noted it. */
  whatIs(value: Code): Node | string | null {
    return this.#values.get(value) ?? this.#held.get(value.text) ?? null;
  }

  /** Notes that V8 may name this value in an error of its own. */
  shows({ text }: Code): void {
    for (const [name] of text.matchAll(temporaryNames)) this.#shown.add(name);
  }

  /** For each temporary that V8 may name what it would name in the author's code, the one after the other. */
  get names(): readonly string[] {
    return [...this.#shown].flatMap((name) => {
      const what = this.#held.get(name);
      if (what === undefined) return [];
      return [name, typeof what === 'string' ? what : spokenName(what)];
    });
  }
}
