import { expect, test } from 'vitest';
import { Turns } from '../../src/wire/turns.ts';

test('turns are given in the order of asking, never more at a time than may run', async () => {
  const turns = new Turns(2, 3);
  const order: number[] = [];
  const asked = [0, 1, 2, 3, 4].map(async (index) => {
    const turn = await turns.next();
    order.push(index);
    return turn;
  });
  const [first, second] = await Promise.all([asked[0], asked[1]]);
  expect(order).toEqual([0, 1]);
  expect(await turns.next()).toBeNull();

  first?.end();
  first?.end();
  const third = await asked[2];
  expect(order).toEqual([0, 1, 2]);
  second?.end();
  third?.end();
  const [fourth, fifth] = await Promise.all([asked[3], asked[4]]);
  expect(order).toEqual([0, 1, 2, 3, 4]);
  fourth?.end();
  fifth?.end();
  expect(await turns.next()).not.toBeNull();
});
