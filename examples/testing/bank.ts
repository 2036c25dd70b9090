import { delay, outside } from 'godwit/testing';

/** What the bank has booked, in cents, by idempotency key. Each simulated cluster begins with an empty one. */
export const booked = outside('bank', () => new Map<string, number>());

/** Stands in for the bank: a request is on its way there, and its answer on its way back. A host may die meanwhile. */
export async function charge(cents: number, key = `request ${booked().size + 1}`): Promise<void> {
  await delay(20);
  if (!booked().has(key)) booked().set(key, cents);
  await delay(20);
}
