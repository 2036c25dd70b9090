'use movable';

import { effect } from 'godwit';
import { charge } from './bank.ts';

/** Charges for each item of an order. Returns the sum, in cents. */
export async function fulfil(prices: readonly number[]): Promise<number> {
  let sum = 0;
  for (const cents of prices) {
    await effect('charge', {}, ({ key }) => charge(cents, key));
    sum += cents;
  }
  return sum;
}
