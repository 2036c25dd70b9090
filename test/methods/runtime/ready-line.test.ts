import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReadyLine } from '../../../src/methods/runtime/ready-line.ts';

class Member {
  isReady = false;
  looks = 0;
  booked: readonly (readonly [boolean, number])[] = [];

  noteReady(isReady: boolean, nowMs: number): void {
    this.looks += 1;
    this.booked = [...this.booked, [isReady, nowMs]];
  }
}

test('whoever came or ran longest ago is first of those that are ready', () => {
  const line = new ReadyLine<Member>();
  const members = [new Member(), new Member(), new Member()] as const;
  for (const member of members) {
    line.toEnd(member);
    member.isReady = true;
  }
  expect(line.next(1)).toBe(members[0]);
  line.toEnd(members[0]);
  expect(line.next(2)).toBe(members[1]);
  members[1].isReady = false;
  line.stir(members[1]);
  expect(line.next(3)).toBe(members[2]);
  line.leave(members[2]);
  expect(line.next(4)).toBe(members[0]);
  expect(line.count(5)).toBe(1);
});

test('it looks only at those that something has happened to', () => {
  const line = new ReadyLine<Member>();
  const members = Array.from({ length: 100 }, () => new Member());
  for (const member of members) line.toEnd(member);
  expect(line.count(1)).toBe(0);
  for (let turn = 0; turn < 50; turn += 1) {
    members[7]!.isReady = true;
    line.stir(members[7]!);
    expect(line.next(2)).toBe(members[7]);
    members[7]!.isReady = false;
    line.toEnd(members[7]!);
  }
  expect(line.count(3)).toBe(0);
  expect(members.reduce((sum, { looks }) => sum + looks, 0)).toBe(100 + 50 + 1);
  expect(members[7]!.booked.slice(-2)).toEqual([
    [true, 2],
    [false, 3],
  ]);
});

test('one that has left does not come back by being stirred', () => {
  const line = new ReadyLine<Member>();
  const gone = new Member();
  line.toEnd(gone);
  line.leave(gone);
  gone.isReady = true;
  line.stir(gone);
  expect(line.next(1)).toBeNull();
  expect(gone.looks).toBe(0);
});

const deed = fc.record({
  who: fc.integer({ min: 0, max: 4 }),
  what: fc.constantFrom('ready', 'waits', 'runs', 'leaves', 'comes'),
});

test('it says what a search through everybody would say', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
      const line = new ReadyLine<Member>();
      const all = Array.from({ length: 5 }, () => new Member());
      const order: Member[] = [];
      for (const { who, what } of deeds) {
        const member = all[who]!;
        const at = order.indexOf(member);
        if (what === 'ready' || what === 'waits') {
          member.isReady = what === 'ready';
          line.stir(member);
        } else if (what === 'leaves') {
          if (at >= 0) order.splice(at, 1);
          line.leave(member);
        } else if (what === 'comes' || at >= 0) {
          if (at >= 0) order.splice(at, 1);
          order.push(member);
          line.toEnd(member);
        }
        expect(line.next(0)).toBe(order.find(({ isReady }) => isReady) ?? null);
        expect(line.count(0)).toBe(order.filter(({ isReady }) => isReady).length);
      }
    }),
    { seed: 13, numRuns: 300 },
  );
});
