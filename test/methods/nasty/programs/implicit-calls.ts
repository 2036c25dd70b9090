'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, unicorn/no-thenable, unicorn/no-new-array, typescript/await-thenable, typescript/no-base-to-string, eqeqeq */

// User code that the language calls by itself, each piece with loops in which fuel can run out: getters, conversions, proxy
// traps, template tags, comparators, constructors. Nothing of it may run twice, or not at all.

type Log = unknown[];

function spin(log: Log, what: string, turns = 4): number {
  let sum = 0;
  for (let k = 0; k < turns; k += 1) sum += k;
  log.push(what);
  return sum;
}

/** Accessors of objects, of classes, static and inherited ones; as calls, in patterns, in spreads, through `super`. */
export async function accessors(): Promise<unknown> {
  const log: Log = [];
  class Base {
    #v = 1;
    get v(): number {
      return this.#v + spin(log, 'Base get v');
    }
    set v(value: number) {
      this.#v = value + spin(log, 'Base set v');
    }
    static get made(): string {
      return `made ${spin(log, 'static get', 3)}`;
    }
    get call(): (n: number) => number {
      spin(log, 'get call');
      return (n) => n + spin(log, 'called');
    }
  }
  class Derived extends Base {
    override get v(): number {
      return super.v * 2 + spin(log, 'Derived get v', 2);
    }
    override set v(value: number) {
      super.v = value - 1;
      spin(log, 'Derived set v');
    }
    static override get made(): string {
      return `${super.made} again`;
    }
  }
  const one = new Derived();
  one.v += one.v++ + ((await null) ?? 1);
  one.v ??= spin(log, 'never');
  const { v, call } = one;
  const spread = {
    ...Object.defineProperty({ plain: 1 }, 'got', { get: () => spin(log, 'spread'), enumerable: true }),
  };
  await null;
  const assigned = Object.assign(one, { v: 5, w: 6 });
  log.push(
    v,
    call(1),
    one.call(2),
    one['call']?.(3),
    Derived.made,
    spread,
    assigned.v,
    Object.entries(assigned),
  );
  return log;
}

/** `valueOf`, `toString`, `Symbol.toPrimitive`, `toJSON`, `Symbol.hasInstance`, keys, lengths, `then`. */
export async function conversions(): Promise<unknown> {
  const log: Log = [];
  const number = { valueOf: () => spin(log, 'valueOf') } as unknown as number;
  const text = { toString: () => `t${spin(log, 'toString', 3)}` } as unknown as string;
  const both = { [Symbol.toPrimitive]: (hint: string) => spin(log, `hint ${hint}`, 5) } as unknown as number;
  const out: unknown[] = [];
  out.push(
    number + 1,
    2 * number - number / 2,
    number < 7,
    both >= number,
    -both,
    ~number,
    number ** 2,
    +text,
  );
  await null;
  out.push(
    `${text}${both}`,
    `${number}`.length,
    text + text,
    both + '',
    [text, both].join(),
    String(text),
    both == 10,
  );
  let counter = number;
  counter++;
  counter += both;
  out.push(counter, { [text]: 1 }, [10, 20, 30][both - 8], text in { t3: 1 });
  await null;
  const json = {
    list: [{ toJSON: (key: string) => [key, spin(log, `toJSON ${key}`)] }],
    date: new Date(0),
    get deep(): unknown {
      return { n: spin(log, 'deep') };
    },
  };
  out.push(
    JSON.stringify(json, (key, value: unknown) =>
      spin(log, `replace ${key}`, 2) === 1 && key === 'date' ? 1 : value,
    ),
  );
  out.push(
    JSON.parse('{"a":[1,{"b":2}]}', (key, value: unknown) => (key === 'b' ? spin(log, 'revive') : value)),
  );
  const kind = {
    [Symbol.hasInstance]: (value: unknown) => spin(log, 'hasInstance') === value,
  } as unknown as new () => object;
  out.push((6 as unknown) instanceof kind, (7 as unknown) instanceof kind);
  const thenable = {
    then(resolve: (value: unknown) => void): void {
      spin(log, 'then');
      resolve(spin(log, 'resolved', 3));
    },
  };
  out.push(
    await thenable,
    await Promise.all([thenable, 1]),
    Math.max(number, both),
    new Array(number).length,
  );
  return [log, out];
}

/** Traps of a Proxy, with loops and closures inside, through every operator that reaches one. */
export async function traps(): Promise<unknown> {
  const log: Log = [];
  const target: Record<string, unknown> = { a: 1, b: 2 };
  const handler: ProxyHandler<Record<string, unknown>> = {
    get: (t, key, receiver) => (spin(log, `get ${String(key)}`), Reflect.get(t, key, receiver) as unknown),
    set: (t, key, value) => (spin(log, `set ${String(key)}`), Reflect.set(t, key, value)),
    has: (t, key) => (spin(log, `has ${String(key)}`), key in t),
    deleteProperty: (t, key) => (spin(log, `delete ${String(key)}`), Reflect.deleteProperty(t, key)),
    ownKeys: (t) => (spin(log, 'ownKeys'), Reflect.ownKeys(t)),
    getOwnPropertyDescriptor: (t, key) => (
      spin(log, `own ${String(key)}`),
      Reflect.getOwnPropertyDescriptor(t, key)
    ),
    getPrototypeOf: () => (spin(log, 'getPrototypeOf'), Array.prototype),
  };
  const run = (): unknown[] => {
    const proxy = new Proxy(target, handler);
    const callable = new Proxy(
      function (this: unknown, ...all: unknown[]): unknown {
        return [spin(log, 'target called'), ...all];
      },
      {
        apply: (f, self, all: unknown[]) => (spin(log, 'apply'), [Reflect.apply(f, self, all), all.length]),
        construct: (_f, all: unknown[]) => ({ constructed: spin(log, 'construct'), all }),
      },
    ) as unknown as { (...all: unknown[]): unknown; new (...all: unknown[]): object };
    const keys: string[] = [];
    for (const key in proxy) keys.push(key);
    const { a, ...left } = proxy;
    (proxy['n'] as number) = (proxy['a'] as number) += 2;
    return [
      a,
      left,
      keys,
      'b' in proxy,
      delete proxy['b'],
      Object.keys(proxy),
      { ...proxy },
      proxy instanceof Array,
      callable(1, 2),
      new callable(3),
    ];
  };
  const first = run();
  await null;
  return [first, run(), target, log];
}

/** Template tags, comparators, replacers, and callbacks of natives, some of which throw half-way. */
export async function callbacks(): Promise<unknown> {
  const log: Log = [];
  const seen: unknown[] = [];
  const tag = (texts: TemplateStringsArray, ...values: unknown[]): string => {
    seen.push(texts);
    return texts.raw.map((part, n) => `${part}<${String(values[n] ?? spin(log, `tag ${n}`, 3))}>`).join('');
  };
  const tagged = (n: number): string => tag`a${n}\u0041${tag`inner${n + 1}`}`;
  const made = [tagged(1), tagged(2)];
  await null;
  made.push(tagged(3));
  let compared = 0;
  const compare = (a: number, b: number): number => {
    compared += spin([], 'compared', 3);
    if (a === 99) throw new RangeError('cannot be compared');
    return a - b;
  };
  const list = [5, 3, 9, 1, 3];
  const sorted = [
    list.toSorted(compare),
    [...list].sort((a, b) => compare(b, a)),
    new Float64Array(list).sort(compare),
  ];
  let failed: unknown = null;
  try {
    [1, 99, 2].sort(compare);
  } catch (error) {
    failed = (error as Error).message;
  }
  await null;
  const replaced = 'a1b22c'.replace(
    /\d+/g,
    (digits, at: number) => `[${spin(log, digits, digits.length + 1)}@${at}]`,
  );
  const from = Array.from({ length: 3 }, (_, n) => n + spin(log, `from ${n}`, 2));
  const reduced = list.reduceRight((sum, x, at) => sum * 2 + x + spin(log, `reduce ${at}`, 2), 0);
  const found = list.find((x) => x > 5 && spin(log, `find ${x}`) > 0);
  const grouped = new Map(list.map((x) => [x % 3, spin(log, `map ${x}`)]));
  new Map([['p', 1]]).forEach((value, key) => spin(log, `${key}${value}`));
  return [
    made,
    seen[0] === seen[2],
    seen.length,
    sorted,
    failed,
    replaced,
    from,
    reduced,
    found,
    [...grouped],
    compared % 3 === 0 && compared > 30,
    log,
  ];
}

/** Constructors: derived ones, of built-ins too, with fields and returns of their own; the object is `this` only after `super`. */
export async function constructors(): Promise<unknown> {
  const log: Log = [];
  class Base {
    readonly tag: string;
    base = spin(log, 'Base field');
    constructor(n: number) {
      this.tag = `${new.target.name} ${n}`;
      spin(log, `Base ${n}`);
      this.hook();
    }
    hook(): void {
      spin(log, 'Base hook');
    }
  }
  class Derived extends Base {
    field = [spin(log, 'Derived field'), this.tag];
    late: string;
    constructor(n: number, fail = false) {
      const before = spin(log, 'before super');
      try {
        spin(log, 'in try');
        super(n + before);
      } finally {
        spin(log, 'finally after super');
      }
      for (let k = 0; k < 2; k += 1) spin(log, `after super ${k}`);
      if (fail) throw new Error(`failed ${this.tag}`);
      this.late = this.tag;
    }
    override hook(): void {
      super.hook();
      log.push(['Derived hook', (this as { field?: unknown }).field === undefined]);
    }
  }
  const returned = { returned: true };
  class Returning extends Derived {
    constructor(what: unknown) {
      super(1);
      spin(log, 'returning');
      if (what !== undefined) return what as Returning;
    }
  }
  class List extends Array<number> {
    sum = 0;
    add(n: number): this {
      this.push(n);
      for (const x of this) this.sum += x;
      return this;
    }
  }
  const fails: unknown[] = [];
  for (const make of [
    () => new Derived(1, true),
    () => new Returning(5),
    () => new Returning(returned),
    () => new Returning(undefined),
  ]) {
    try {
      const made = make();
      fails.push([made instanceof Derived, made === (returned as unknown), (made as { late?: string }).late]);
    } catch (error) {
      fails.push([(error as Error).name, (error as Error).message]);
    }
    await null;
  }
  const list = new List(3)
    .fill(1)
    .add(2)
    .map((x) => x * spin(log, 'species', 3)) as List;
  const reflected = Reflect.construct(Base, [9], Returning) as Returning;
  function Old(this: { own: number }, n: number): void {
    this.own = n + spin(log, 'Old');
  }
  const old = new (Old as unknown as new (n: number) => { own: number })(1);
  return [
    fails,
    list instanceof List,
    list.length,
    [...list],
    reflected.tag,
    reflected instanceof Derived,
    [old.own, old instanceof Old, old.constructor === Old],
    log,
  ];
}

export async function main(): Promise<unknown> {
  return [await accessors(), await conversions(), await traps(), await callbacks(), await constructors()];
}
