/* The code of functions and classes that tests move: each is made by a factory, as compiled code does it. */
import { HandmadeCode } from './code-table.ts';

interface Box<T> {
  v: T;
}

type Constructor = new (...args: never[]) => object;

function accountClass([log]: readonly [string[]]) {
  let isBlank = false;
  class Account {
    #balance = isBlank ? 0 : this.opening();
    static opened = 0;
    static readonly kinds = ['plain'];

    opening(): number {
      log.push('opened');
      Account.opened += 1;
      return 10;
    }
    get balance(): number {
      return this.#balance;
    }
    set balance(value: number) {
      this.#balance = value;
    }
    pay(amount: number): this {
      this.#balance -= amount;
      return this;
    }
    static of(balance: number): Account {
      const account = new Account();
      account.balance = balance;
      return account;
    }
    static read(o: object): readonly unknown[] | null {
      return #balance in o ? [o.#balance] : null;
    }
    static write(o: object, values: readonly unknown[]): void {
      (o as Account).#balance = values[0] as number;
    }
  }
  const read = Reflect.get(Account, 'read') as (o: object) => readonly unknown[] | null;
  const write = Reflect.get(Account, 'write') as (o: object, values: readonly unknown[]) => void;
  for (const key of ['read', 'write']) Reflect.deleteProperty(Account, key);
  const blank = (prototype: object): object => {
    isBlank = true;
    const made = new Account();
    isBlank = false;
    return Object.setPrototypeOf(made, prototype) as object;
  };
  return { made: Account as unknown as (...args: never[]) => unknown, privates: { read, write, blank } };
}

const closures = {
  adder: (box: Box<number>) => (amount: number) => (box.v += amount),
  reader: (box: Box<number>) => () => box.v,
  compose: (f: (x: number) => number, g: (x: number) => number) => (x: number) => g(f(x)),
  increment: () => (x: number) => x + 1,
  /** Refers to itself through a box. */
  factorial: (self: Box<(n: number) => number>) => (n: number) => (n < 2 ? 1 : n * self.v(n - 1)),
  point: () =>
    function Point(this: { x: number; y: number }, x: number, y: number) {
      this.x = x;
      this.y = y;
    },
  length: () =>
    function length(this: { x: number; y: number }) {
      return Math.hypot(this.x, this.y);
    },
  getter: (box: Box<number>) =>
    function (this: unknown) {
      return box.v;
    },
  setter: (box: Box<number>) =>
    function (this: unknown, value: number) {
      box.v = value;
    },
  holder: (held: object) => () => held,
  tagged: () =>
    function (this: unknown) {
      return 'tag';
    },
};

const subclass =
  (make: (superclass: Constructor) => Constructor) => (_: readonly never[], superclass: never) =>
    make(superclass) as unknown as (...args: never[]) => unknown;

const classes = {
  Account: accountClass as never,
  Savings: subclass(
    (Account) =>
      class Savings extends Account {
        rate = 2;
        get double(): number {
          return 2 * (this as unknown as { balance: number }).balance;
        }
      },
  ),
  Sub: subclass(
    (Base) =>
      class Sub extends Base {
        readonly isSub = true;
        whoAmI(): string {
          return 'Sub';
        }
      },
  ),
  Keyed: (_: readonly never[], __: never, [key = 'none']: readonly PropertyKey[]) =>
    class Keyed {
      [key](): string {
        return 'by key';
      }
      static [key] = 7;
    } as unknown as (...args: never[]) => unknown,
  Plain: () =>
    class Plain {
      x = 1;
      get twice(): number {
        return this.x * 2;
      }
    } as unknown as (...args: never[]) => unknown,
};

/** A fresh table: what one execution at one host knows. */
export const newCode = (): HandmadeCode => new HandmadeCode(closures as never, classes as never);
