/* oxlint-disable */
'use movable';
import { describe } from 'observer';

// Messages of V8 name the expression that failed. They name the author's, not what stands for it in generated code.

export async function main() {
  const out = [];
  const f = async () => ({ a: 1 });
  const g = () => ({ a: 1 });
  let x = { a: 1 };
  const cap = () => {
    x = x;
    return x;
  };
  const arr = [1, 2];
  const no = undefined;
  let k = 'q';
  const say = (e) => {
    out.push(String(e.message));
  };
  await 1;
  try {
    (await f()).step();
  } catch (e) {
    say(e);
  }
  try {
    g().step();
  } catch (e) {
    say(e);
  }
  try {
    g().step.more();
  } catch (e) {
    say(e);
  }
  try {
    x.step();
  } catch (e) {
    say(e);
  }
  try {
    x.step(await f());
  } catch (e) {
    say(e);
  }
  try {
    x[k]();
  } catch (e) {
    say(e);
  }
  try {
    x[k](await 1);
  } catch (e) {
    say(e);
  }
  try {
    x[await k]();
  } catch (e) {
    say(e);
  }
  try {
    arr[0]();
  } catch (e) {
    say(e);
  }
  try {
    arr[0](await 5);
  } catch (e) {
    say(e);
  }
  try {
    no();
  } catch (e) {
    say(e);
  }
  try {
    no(await 5);
  } catch (e) {
    say(e);
  }
  try {
    new no();
  } catch (e) {
    say(e);
  }
  try {
    new no(await 5);
  } catch (e) {
    say(e);
  }
  try {
    new (await f())();
  } catch (e) {
    say(e);
  }
  try {
    new x.a(await f());
  } catch (e) {
    say(e);
  }
  try {
    for (const q of x) say(q);
  } catch (e) {
    say(e);
  }
  try {
    for (const q of await f()) say(q);
  } catch (e) {
    say(e);
  }
  try {
    for (const q of g()) say(q);
  } catch (e) {
    say(e);
  }
  try {
    for (const q of no) say(q);
  } catch (e) {
    say(e);
  }
  try {
    for (const q of x.a) say(q);
  } catch (e) {
    say(e);
  }
  try {
    const [p] = x;
  } catch (e) {
    say(e);
  }
  try {
    const [p] = await f();
  } catch (e) {
    say(e);
  }
  try {
    const [p] = g();
  } catch (e) {
    say(e);
  }
  try {
    const { p } = no;
  } catch (e) {
    say(e);
  }
  try {
    const { p } = x.b;
  } catch (e) {
    say(e);
  }
  try {
    const { p } = await null;
  } catch (e) {
    say(e);
  }
  try {
    const {
      p: { q },
    } = x;
  } catch (e) {
    say(e);
  }
  try {
    const {
      p: { q },
    } = await f();
  } catch (e) {
    say(e);
  }
  try {
    const { [k]: p } = no;
  } catch (e) {
    say(e);
  }
  try {
    const [[p]] = [1];
  } catch (e) {
    say(e);
  }
  try {
    [...x];
  } catch (e) {
    say(e);
  }
  try {
    [...(await f())];
  } catch (e) {
    say(e);
  }
  try {
    say(...x);
  } catch (e) {
    say(e);
  }
  try {
    say(...no);
  } catch (e) {
    say(e);
  }
  try {
    say(...(await f()));
  } catch (e) {
    say(e);
  }
  try {
    x.a.b.c;
  } catch (e) {
    say(e);
  }
  try {
    (await f()).b.c;
  } catch (e) {
    say(e);
  }
  try {
    x.b.c = await 1;
  } catch (e) {
    say(e);
  }
  try {
    x.b.c(await 1);
  } catch (e) {
    say(e);
  }
  try {
    (await f()).b.c();
  } catch (e) {
    say(e);
  }
  try {
    1 in no;
  } catch (e) {
    say(e);
  }
  try {
    (await 1) in no;
  } catch (e) {
    say(e);
  }
  try {
    x instanceof no;
  } catch (e) {
    say(e);
  }
  try {
    (await 1) instanceof x;
  } catch (e) {
    say(e);
  }
  try {
    k = 1n + (await 1);
  } catch (e) {
    say(e);
  }
  try {
    await f().then.x();
  } catch (e) {
    say(e);
  }
  try {
    (function () {
      return function* () {
        yield* no;
      };
    })()().next();
  } catch (e) {
    say(e);
  }
  try {
    (function* () {
      yield* x;
    })().next();
  } catch (e) {
    say(e);
  }
  try {
    const [p, q] = no;
  } catch (e) {
    say(e);
  }
  try {
    await (async ({ a }) => a)();
  } catch (e) {
    say(e);
  }
  try {
    await (async ([a]) => a)();
  } catch (e) {
    say(e);
  }
  try {
    await (async ([a]) => a)(x);
  } catch (e) {
    say(e);
  }
  try {
    x?.step();
  } catch (e) {
    say(e);
  }
  try {
    x.step?.().more();
    x.a?.();
  } catch (e) {
    say(e);
  }
  try {
    x`a`;
  } catch (e) {
    say(e);
  }
  try {
    x.a`a`;
  } catch (e) {
    say(e);
  }
  try {
    (() => 5)().foo();
  } catch (e) {
    say(e);
  }
  try {
    (k ? x : no).foo();
  } catch (e) {
    say(e);
  }
  try {
    (no || x).foo(await 1);
  } catch (e) {
    say(e);
  }
  await 2;
  class A {
    #p = 1;
    static is(o) {
      return o.#p;
    }
    m() {
      this.step();
    }
    async n() {
      await 1;
      this.step();
    }
    o() {
      const r = () => this.step();
      r();
    }
    async p() {
      const r = async () => {
        await 1;
        this.step();
      };
      await r();
    }
    q() {
      super.foo();
    }
    async r() {
      await 1;
      super.foo();
    }
    s() {
      this.a.b();
    }
  }
  try {
    (0, x.foo)();
  } catch (e) {
    say(e);
  }
  try {
    [1, 2].foo();
  } catch (e) {
    say(e);
  }
  try {
    ({}).foo(await 1);
  } catch (e) {
    say(e);
  }
  try {
    'abc'.foo();
  } catch (e) {
    say(e);
  }
  try {
    (await 'abc').foo(await 2);
  } catch (e) {
    say(e);
  }
  {
    let x = { b: 1 };
    try {
      x.foo();
    } catch (e) {
      say(e);
    }
    try {
      for (const q of x) say(q);
    } catch (e) {
      say(e);
    }
    try {
      x.foo(await 1);
    } catch (e) {
      say(e);
    }
    const h = () => {
      x = x;
    };
    try {
      x.foo(await 1);
    } catch (e) {
      say(e);
    }
    try {
      const { p } = x.foo;
    } catch (e) {
      say(e);
    }
    try {
      const [p] = x;
    } catch (e) {
      say(e);
    }
    try {
      new x();
    } catch (e) {
      say(e);
    }
  }
  try {
    A.is({});
  } catch (e) {
    say(e);
  }
  try {
    class B extends no {}
  } catch (e) {
    say(e);
  }
  try {
    class B extends x {}
  } catch (e) {
    say(e);
  }
  try {
    class B extends A {
      constructor() {}
    }
    new B();
  } catch (e) {
    say(e);
  }
  try {
    class B extends A {
      constructor() {
        super();
        this.step();
      }
    }
    new B();
  } catch (e) {
    say(e);
  }
  try {
    for await (const q of x) say(q);
  } catch (e) {
    say(e);
  }
  try {
    for await (const q of await f()) say(q);
  } catch (e) {
    say(e);
  }
  try {
    for (const [p] of [1]) say(p);
  } catch (e) {
    say(e);
  }
  try {
    for (const { p } of [null]) say(p);
  } catch (e) {
    say(e);
  }
  try {
    ({ p: x.q.r } = { p: await 1 });
  } catch (e) {
    say(e);
  }
  try {
    (({ p }) => p)();
  } catch (e) {
    say(e);
  }
  try {
    ((p, { q }) => p)(1, null);
  } catch (e) {
    say(e);
  }
  try {
    [1].map(no);
  } catch (e) {
    say(e);
  }
  try {
    [1].map(async (v) => v).foo();
  } catch (e) {
    say(e);
  }
  try {
    new Map(x);
  } catch (e) {
    say(e);
  }
  try {
    await Promise.all(x);
  } catch (e) {
    say(e);
  }
  try {
    arguments_.x();
  } catch (e) {
    say(e);
  }
  try {
    new.target.foo();
  } catch (e) {
    say(e);
  }
  const early = () => {
    try {
      later.foo(1);
    } catch (e) {
      say(e);
    }
    try {
      later();
    } catch (e) {
      say(e);
    }
    try {
      new later.a.b();
    } catch (e) {
      say(e);
    }
  };
  let later = { a: 1 };
  early();
  await 1;
  later = { a: {} };
  early();
  return describe(out);
}
