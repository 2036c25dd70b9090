'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable, typescript/unbound-method */

// Classes whose code stands once in the text, and which are made many times.

type Log = unknown[];

async function rest(turns = 2): Promise<void> {
  for (let k = 0; k < turns; k += 1) await null;
}

/** Classes made at run time, in loops and by functions: each has an own environment, heritage, computed keys and statics. */
export async function madeAtRunTime(): Promise<unknown> {
  const log: Log = [];
  const named = (key: string): string => {
    for (let k = 0; k < 2; k += 1) log.push(`key ${key}${k}`);
    return key;
  };
  const countable = <T extends new (...all: never[]) => object>(Parent: T, start: number) =>
    class extends (Parent as unknown as new (...all: unknown[]) => object) {
      static total = start;
      // @ts-expect-error -- only run time knows this key
      static [named(`of${start}`)] = [start];
      own = [start];
      // @ts-expect-error -- nor this one
      [named(`field${start}`)] = (this.constructor as unknown as { total: number }).total;
      count(): number {
        return ((this.constructor as unknown as { total: number }).total += start);
      }
      static get [named(`get${start}`)](): string {
        return `got ${this.total}`;
      }
    };
  const classes: (ReturnType<typeof countable> & { total: number })[] = [];
  for (let start = 1; start <= 3; start += 1) {
    const previous = classes.at(-1) ?? Date;
    classes.push(countable(previous as never, start) as never);
    await rest(1);
  }
  const things = classes.map((Made, n) => new Made(n * 1000));
  await rest();
  for (const [n, thing] of things.entries()) {
    const { count } = thing as { count(): number };
    log.push(
      count.call(thing),
      (thing as unknown as Date).getTime(),
      Object.keys(thing),
      thing instanceof classes[0]!,
      n,
    );
    await rest(1);
  }
  log.push(classes.map((Made) => [Made.total, Made.name, Object.getOwnPropertyNames(Made).join()]));
  log.push(
    (classes[1] as unknown as { get2: string }).get2,
    Object.getPrototypeOf(classes[2]) === classes[1],
  );
  return log;
}

export async function main(): Promise<unknown> {
  return await madeAtRunTime();
}
