'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

// Promises of a class of one's own take their turns among the others.

type Log = unknown[];

class Parts<T> extends Promise<T> {
  get kind(): string {
    return `parts ${this.constructor.name}`;
  }
}

async function ticks(log: Log, turns: number): Promise<void> {
  for (let k = 0; k < turns; k += 1) {
    log.push(k);
    await null;
  }
}

/** Awaiting, `then`, `catch` and combinators of a subclass, in their order beside another task. */
export async function subclass(): Promise<unknown> {
  const log: Log = [];
  const beside = ticks(log, 20);
  const parts = new Parts<number>((resolve) => resolve(5));
  log.push(await parts, parts.kind, parts instanceof Promise);
  const next = parts.then((n) => n + 1);
  log.push(await next, next.constructor.name, await Parts.all([parts, next, 7]));
  const failed = Parts.reject(new Error('in parts')).catch((error: unknown) => (error as Error).message);
  log.push(await failed, (failed as Parts<unknown>).kind);
  await beside;
  return log;
}

export async function main(): Promise<unknown> {
  return await subclass();
}
