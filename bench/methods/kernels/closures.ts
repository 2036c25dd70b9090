'use movable';

interface Account {
  readonly deposit: (amount: number) => number;
  readonly withdraw: (amount: number) => number;
  readonly balance: () => number;
}

/** Three closures that share a variable that changes. */
function openAccount(limit: number): Account {
  let balance = 0;
  return {
    deposit: (amount) => {
      balance += amount;
      return balance;
    },
    withdraw: (amount) => {
      if (balance + limit < amount) return -1;
      balance -= amount;
      return balance;
    },
    balance: () => balance,
  };
}

type Stage = (value: number) => number;

function compose(first: Stage, second: Stage): Stage {
  return (value) => second(first(value));
}

function pipeline(length: number): Stage {
  let stage: Stage = (value) => value;
  for (let i = 1; i <= length; i++) stage = compose(stage, (value) => (Math.imul(value, 3) + i) | 0);
  return stage;
}

function memoized(compute: (n: number, self: (n: number) => number) => number): (n: number) => number {
  const known: number[] = [];
  const self = (n: number): number => {
    const found = known[n];
    if (found !== undefined) return found;
    const value = compute(n, self);
    known[n] = value;
    return value;
  };
  return self;
}

/** Closures that are made, kept in data structures and called: counters, pipelines, memoized functions. */
export function main(n: number): number {
  const accounts: Account[] = [];
  for (let i = 0; i < 20; i++) accounts.push(openAccount(i * 10));
  const stage = pipeline(10);
  let hash = 0;
  for (let i = 0; i < n; i++) {
    const account = accounts[i % 20]!;
    hash = (hash + account.deposit(i & 15)) | 0;
    hash = (hash ^ account.withdraw(i & 31)) | 0;
    hash = stage(hash);
    if (i % 64 === 0) {
      const ways = memoized((k, self) => (k < 3 ? k : (self(k - 1) + self(k - 2)) | 0));
      hash = (hash + ways(30)) | 0;
    }
  }
  for (const account of accounts) hash = (hash + account.balance()) | 0;
  return hash;
}
