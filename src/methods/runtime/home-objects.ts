// Methods of object literals that say `super`. They are functions of their own, each with a box that holds its literal.

interface Box {
  v: unknown;
}

interface Above {
  get(key: PropertyKey): unknown;
  set(key: PropertyKey, value: unknown): void;
}

const { apply, getPrototypeOf, setPrototypeOf } = Reflect;

const aboves = new WeakMap<object, Above>();

/** Tells each method where it stands. */
export function homed(literal: object, boxes: readonly Box[]): object {
  for (const box of boxes) box.v = literal;
  return literal;
}

/** What stands for `super`: its properties are those of the home's prototype, read and written on `self`. */
export function superOf(home: object, self: unknown): object {
  const above = aboveOf(home);
  return new Proxy(above, {
    get: (_target, key) => apply(above.get, self, [key]),
    set: (_target, key, value) => {
      apply(above.set, self, [key, value]);
      return true;
    },
    deleteProperty: () => {
      throw new ReferenceError("Unsupported reference to 'super'");
    },
  });
}

/** The language's own `super`, with its own errors. */
function aboveOf(home: object): Above {
  let above = aboves.get(home);
  if (above === undefined) {
    above = {
      get(key) {
        return super[key as never] as unknown;
      },
      set(key, value) {
        super[key as never] = value as never;
      },
    };
    aboves.set(home, above);
  }
  const prototype = getPrototypeOf(home);
  if (getPrototypeOf(above) !== prototype) setPrototypeOf(above, prototype);
  return above;
}
