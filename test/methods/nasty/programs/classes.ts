'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable, typescript/unbound-method */

// Classes with everything that they can have, and what of it must still hold after a move.

type Log = unknown[];

async function rest(turns = 2): Promise<void> {
  for (let k = 0; k < turns; k += 1) await null;
}

/**
 * Private members, `super` in arrows in async methods, accessors, brands and a static block, while the instances of both
 * classes are used by tasks.
 */
export async function privates(): Promise<unknown> {
  const log: Log = [];
  class Account {
    static #made = 0;
    static readonly names = new Map<Account, string>();
    static first: Account | null;
    static {
      let n = 0;
      for (let k = 0; k < 3; k += 1) n += k;
      this.first = null;
      this.#made = n - 3;
    }

    #balance: number;
    readonly #log: Log = [];
    readonly id: number;

    constructor(balance: number) {
      this.#balance = balance;
      this.id = Account.#made += 1;
      Account.first ??= this;
    }

    static isAccount(value: object): boolean {
      return #balance in value;
    }

    static made(): number {
      return Account.#made;
    }

    get balance(): number {
      return this.#checked(this.#balance);
    }

    set balance(value: number) {
      this.#log.push(['set', (this.#balance = value)]);
    }

    get #half(): number {
      return this.#balance / 2;
    }

    set #half(value: number) {
      this.#balance = value * 2;
    }

    #checked(value: number): number {
      for (let k = 0; k < 2; k += 1) if (Number.isNaN(value)) throw new Error(`account ${this.id}`);
      return value;
    }

    async add(by: number): Promise<number> {
      const before = this.#balance;
      this.#balance += await this.#later(by);
      this.#half += await this.#later(1);
      this.#log.push([before, this.#balance, this.#half]);
      return this.#balance;
    }

    async #later(value: number): Promise<number> {
      await rest(1);
      return this.#checked(value);
    }

    adder(): (by: number) => Promise<number> {
      return async (by) => {
        await rest(1);
        this.#balance -= by;
        return (this.#balance += by * 2);
      };
    }

    history(): Log {
      return this.#log;
    }
  }

  class Savings extends Account {
    #rate: number;
    static override made(): number {
      return super.made() * 100;
    }

    constructor(balance: number, rate: number) {
      super(balance);
      this.#rate = rate;
    }

    override get balance(): number {
      return super.balance + this.#rate;
    }

    override set balance(value: number) {
      super.balance = value - this.#rate;
    }

    override async add(by: number): Promise<number> {
      const direct = async (): Promise<number> => {
        await rest(1);
        const nested = (): Promise<number> => super.add(by * this.#rate);
        return (await nested()) + super.balance;
      };
      const value = await direct();
      await rest(1);
      super.balance += 1;
      return value;
    }
  }

  const plain = new Account(10);
  const saved = new Savings(100, 2);
  const adders = [plain.adder(), saved.adder()];
  const copies = { plain, again: plain, list: [saved, plain] };
  const tasks = [plain.add(1), saved.add(2), plain.add(3), ...adders.map((add) => add(5)), saved.add(4)];
  await rest();
  plain.balance *= 2;
  saved.balance += 3;
  log.push(await Promise.all(tasks), plain.balance, saved.balance, plain.history(), saved.history());
  log.push(
    Account.isAccount(saved),
    Account.isAccount({}),
    Account.isAccount(Object.create(plain) as object),
  );
  log.push(
    saved instanceof Savings,
    saved instanceof Account,
    plain instanceof Savings,
    copies.again === copies.list[1],
  );
  log.push([Account.made(), Savings.made(), plain.id, saved.id, Account.first === plain]);
  log.push(
    Object.keys(saved),
    JSON.stringify(copies),
    Object.getOwnPropertyNames(Object.getPrototypeOf(saved)),
  );
  try {
    const stolen = Object.getOwnPropertyDescriptor(Account.prototype, 'balance')?.get;
    stolen?.call({});
  } catch (error) {
    log.push((error as Error).constructor === TypeError);
  }
  return log;
}

/** Bound methods and functions as keys; methods that were taken off their object; `name`, `length` and statics of functions. */
export async function boundAndNamed(): Promise<unknown> {
  const log: Log = [];
  class Greeter {
    greeting = 'hello';
    greet(...names: string[]): string {
      return `${this.greeting} ${names.join(' and ')}`;
    }
    arrow = (name: string): string => this.greet(name, 'arrow');
  }
  const one = new Greeter();
  const bound = one.greet.bind(one, 'ann');
  const twice = bound.bind({ greeting: 'ignored' }, 'bob');
  const uses = new Map<unknown, unknown>([
    [bound, 1],
    [twice, 2],
    [one.greet, 3],
    [Greeter, 4],
    [one.arrow, 5],
  ]);
  function tally(this: void, a: number, b = 2, ...rest_: number[]): number {
    tally.calls += 1;
    return a + b + rest_.length;
  }
  tally.calls = 0;
  const odd = Object.assign((n: number) => n % 2, { note: { of: one } });
  Object.defineProperty(odd, 'name', { value: 'renamed' });
  await rest();
  one.greeting = 'good day';
  log.push(
    bound('cid'),
    twice('dan'),
    one.arrow('eve'),
    uses.get(one.greet.bind),
    uses.get(twice),
    uses.get(bound),
  );
  log.push(
    uses.get(one.greet),
    uses.get(Greeter.prototype.greet),
    uses.get(one.constructor),
    uses.get(one.arrow),
  );
  log.push([
    bound.name,
    bound.length,
    twice.name,
    twice.length,
    one.arrow.name,
    Greeter.name,
    Greeter.length,
  ]);
  log.push(
    tally(1),
    tally(1, 1, 1),
    tally.calls,
    tally.length,
    tally.name,
    odd.name,
    odd.note.of === one,
    odd(3),
  );
  await rest();
  const Bound = Greeter.bind(null) as unknown as new () => Greeter;
  const made = new Bound();
  log.push(
    made instanceof Greeter,
    made instanceof Bound,
    made.greet('f'),
    'prototype' in bound,
    'prototype' in odd,
  );
  return log;
}

/** Subclasses of built-ins keep their slots, own fields and brands. */
export async function builtins(): Promise<unknown> {
  const log: Log = [];
  class HttpError extends Error {
    override readonly name = 'HttpError';
    readonly #secret: string;
    constructor(readonly_: number, message: string, options?: ErrorOptions) {
      super(message, options);
      this.status = readonly_;
      this.#secret = `s${readonly_}`;
    }
    readonly status: number;
    get secret(): string {
      return this.#secret;
    }
  }
  class Stack<T> extends Array<T> {
    top(): T | undefined {
      return this.at(-1);
    }
    static override get [Symbol.species](): ArrayConstructor {
      return Array;
    }
  }
  class Counter extends Map<string, number> {
    #adds = 0;
    add(key: string): this {
      this.#adds += 1;
      return this.set(key, (this.get(key) ?? 0) + 1);
    }
    override get size(): number {
      return super.size * 1000 + this.#adds;
    }
  }
  class Tags extends Set<string> {
    override add(tag: string): this {
      return super.add(tag.toLowerCase());
    }
  }
  const cause = new RangeError('inside');
  const error = new HttpError(404, 'not there', { cause });
  const stack = Stack.from(['a', 'b']) as Stack<string>;
  const counter = new Counter().add('x').add('y').add('x');
  const tags = new Tags(['A', 'b']);
  await rest();
  stack.push('c');
  counter.add('z');
  tags.add('C').delete('A');
  try {
    await rest();
    throw error;
  } catch (caught) {
    const { status, secret, name } = caught as HttpError;
    log.push(
      caught === error,
      status,
      secret,
      name,
      String(caught),
      error.cause === cause,
      error instanceof HttpError,
    );
    log.push(Object.prototype.toString.call(caught), typeof error.stack, Object.keys(error));
  }
  log.push(
    stack.length,
    stack.top(),
    stack.map((s) => s).constructor === Array,
    Array.isArray(stack),
    stack instanceof Stack,
  );
  log.push(
    counter.size,
    [...counter],
    counter.get('x'),
    Map.prototype.has.call(counter, 'y'),
    [...tags],
    tags.has('a'),
  );
  return log;
}

export async function main(): Promise<unknown> {
  return [await privates(), await boundAndNamed(), await builtins()];
}
