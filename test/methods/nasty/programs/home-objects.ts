'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

// Object literals whose methods know their home object.

type Log = unknown[];

async function rest(turns = 2): Promise<void> {
  for (let k = 0; k < turns; k += 1) await null;
}

/** Methods of object literals: accessors, `super`, and arrows in asynchronous methods that reach it. */
export async function homeObjects(): Promise<unknown> {
  const log: Log = [];
  const accessor = {
    set both(v: number) {
      log.push(['set', v]);
    },
    get both() {
      return 1;
    },
  };
  accessor.both += 4;
  const parent = {
    who: () => 'parent',
    get what() {
      return `what of ${String((this as { n?: number }).n)}`;
    },
  };
  const object = {
    __proto__: parent,
    n: 3,
    who() {
      return [super['who' as never], super.toString === Object.prototype.toString].length;
    },
    async tell() {
      await rest(1);
      const deep = () => super['what' as never] as string;
      return deep();
    },
  };
  log.push(object.who(), await object.tell());
  return log;
}

export async function main(): Promise<unknown> {
  return await homeObjects();
}
