'use movable';

class Refusal extends Error {
  readonly amount: number;

  constructor(amount: number) {
    super('refused');
    this.amount = amount;
  }
}

function descend(depth: number, amount: number): number {
  if (depth === 0) {
    if (amount % 2 === 0) throw new Refusal(amount);
    return amount;
  }
  return descend(depth - 1, amount) + 1;
}

/** Every second call throws an error through twenty activations. */
export function main(n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    try {
      sum = (sum + descend(19, i)) | 0;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      sum = (sum ^ error.amount) | 0;
    }
  }
  return sum;
}
