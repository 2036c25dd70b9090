import { acceptFunctions } from './library.ts';
import { callerUrl } from './stack-walk.ts';

// Two runs become one, as in Tim Peters's sort: element by element, or in gallops where one run keeps winning.

/** Negative when `one` belongs before `other`. */
export type Order = (one: unknown, other: unknown) => number;

export interface MergeState {
  readonly work: unknown[];
  /** So many elements in a row from one side let a merge gallop. */
  gallop: number;
}

/** Wins in a row that are worth galloping for. */
export const gallopWins = 7;

/** Where `key` belongs before its equals, looked for from `hint` on in growing steps. */
export function gallopLeft(
  list: readonly unknown[],
  key: unknown,
  base: number,
  length: number,
  hint: number,
  order: Order,
): number {
  let near = 0;
  let far = 1;
  if (order(list[base + hint], key) < 0) {
    const most = length - hint;
    while (far < most && order(list[base + hint + far], key) < 0) [near, far] = [far, far * 2 + 1];
    [near, far] = [near + hint, Math.min(far, most) + hint];
  } else {
    const most = hint + 1;
    while (far < most && order(list[base + hint - far], key) >= 0) [near, far] = [far, far * 2 + 1];
    [near, far] = [hint - Math.min(far, most), hint - near];
  }
  near += 1;
  while (near < far) {
    const middle = near + ((far - near) >> 1);
    if (order(list[base + middle], key) < 0) near = middle + 1;
    else far = middle;
  }
  return far;
}

/** Where `key` belongs after its equals. */
export function gallopRight(
  list: readonly unknown[],
  key: unknown,
  base: number,
  length: number,
  hint: number,
  order: Order,
): number {
  let near = 0;
  let far = 1;
  if (order(key, list[base + hint]) < 0) {
    const most = hint + 1;
    while (far < most && order(key, list[base + hint - far]) < 0) [near, far] = [far, far * 2 + 1];
    [near, far] = [hint - Math.min(far, most), hint - near];
  } else {
    const most = length - hint;
    while (far < most && order(key, list[base + hint + far]) >= 0) [near, far] = [far, far * 2 + 1];
    [near, far] = [near + hint, Math.min(far, most) + hint];
  }
  near += 1;
  while (near < far) {
    const middle = near + ((far - near) >> 1);
    if (order(key, list[base + middle]) < 0) far = middle;
    else near = middle + 1;
  }
  return far;
}

/** How a merge goes on: until one side has so little left that the rest needs no comparing. */
type End = 'firstLeft' | 'secondLeft';

/** Two runs side by side; the shorter one is set aside while the merge overwrites its place. */
export class Merge {
  readonly #state: MergeState;
  readonly #work: unknown[];
  readonly #order: Order;
  readonly #base: number;
  #aside: unknown[] = [];
  /** Next element of the run that was set aside, of the other one, and the place to fill. */
  #own = 0;
  #other = 0;
  #place = 0;
  #left: number;
  #right: number;
  #leftWins = 0;
  #rightWins = 0;

  constructor(state: MergeState, base: number, left: number, otherBase: number, right: number, order: Order) {
    this.#state = state;
    this.#work = state.work;
    this.#order = order;
    this.#base = base;
    this.#left = left;
    this.#right = right;
    this.#other = otherBase;
  }

  /** The first run is set aside; places are filled from the front. */
  upwards(): void {
    const work = this.#work;
    this.#aside = work.slice(this.#base, this.#base + this.#left);
    this.#place = this.#base;
    const end = this.#mergeUpwards();
    if (end === 'firstLeft') {
      for (let index = 0; index < this.#left; index += 1)
        work[this.#place + index] = this.#aside[this.#own + index];
      return;
    }
    for (let index = 0; index < this.#right; index += 1)
      work[this.#place + index] = work[this.#other + index];
    work[this.#place + this.#right] = this.#aside[this.#own];
  }

  #mergeUpwards(): End {
    this.#takeOtherUp();
    if (this.#right === 0) return 'firstLeft';
    if (this.#left === 1) return 'secondLeft';
    for (;;) {
      const end = this.#stepUpwards() ?? this.#gallopUpwards();
      if (end !== null) return end;
    }
  }

  #takeOtherUp(): void {
    this.#work[this.#place] = this.#work[this.#other];
    this.#place += 1;
    this.#other += 1;
    this.#right -= 1;
  }

  #takeOwnUp(): void {
    this.#work[this.#place] = this.#aside[this.#own];
    this.#place += 1;
    this.#own += 1;
    this.#left -= 1;
  }

  /** One by one, until one side wins often enough. */
  #stepUpwards(): End | null {
    const order = this.#order;
    this.#leftWins = 0;
    this.#rightWins = 0;
    for (;;) {
      if (order(this.#work[this.#other], this.#aside[this.#own]) < 0) {
        this.#takeOtherUp();
        this.#rightWins += 1;
        this.#leftWins = 0;
        if (this.#right === 0) return 'firstLeft';
        if (this.#rightWins >= this.#state.gallop) return null;
      } else {
        this.#takeOwnUp();
        this.#leftWins += 1;
        this.#rightWins = 0;
        if (this.#left === 1) return 'secondLeft';
        if (this.#leftWins >= this.#state.gallop) return null;
      }
    }
  }

  #gallopUpwards(): End | null {
    const work = this.#work;
    const state = this.#state;
    state.gallop += 1;
    do {
      state.gallop = Math.max(1, state.gallop - 1);
      this.#leftWins = gallopRight(this.#aside, work[this.#other], this.#own, this.#left, 0, this.#order);
      for (let index = 0; index < this.#leftWins; index += 1) this.#takeOwnUp();
      if (this.#leftWins > 0 && this.#left === 1) return 'secondLeft';
      // Only an inconsistent comparator comes here.
      if (this.#left === 0) return 'firstLeft';
      this.#takeOtherUp();
      if (this.#right === 0) return 'firstLeft';
      this.#rightWins = gallopLeft(work, this.#aside[this.#own], this.#other, this.#right, 0, this.#order);
      for (let index = 0; index < this.#rightWins; index += 1) this.#takeOtherUp();
      if (this.#right === 0) return 'firstLeft';
      this.#takeOwnUp();
      if (this.#left === 1) return 'secondLeft';
    } while (this.#leftWins >= gallopWins || this.#rightWins >= gallopWins);
    state.gallop += 1;
    return null;
  }

  /** The second run is set aside; places are filled from the back. */
  downwards(): void {
    const work = this.#work;
    this.#aside = work.slice(this.#other, this.#other + this.#right);
    this.#place = this.#other + this.#right - 1;
    this.#own = this.#right - 1;
    this.#other = this.#base + this.#left - 1;
    const end = this.#mergeDownwards();
    if (end === 'secondLeft') {
      for (let index = 0; index < this.#right; index += 1)
        work[this.#place - this.#right + 1 + index] = this.#aside[index];
      return;
    }
    for (let index = 0; index < this.#left; index += 1) work[this.#place - index] = work[this.#other - index];
    work[this.#place - this.#left] = this.#aside[this.#own];
  }

  #mergeDownwards(): End {
    this.#takeOtherDown();
    if (this.#left === 0) return 'secondLeft';
    if (this.#right === 1) return 'firstLeft';
    for (;;) {
      const end = this.#stepDownwards() ?? this.#gallopDownwards();
      if (end !== null) return end;
    }
  }

  #takeOtherDown(): void {
    this.#work[this.#place] = this.#work[this.#other];
    this.#place -= 1;
    this.#other -= 1;
    this.#left -= 1;
  }

  #takeOwnDown(): void {
    this.#work[this.#place] = this.#aside[this.#own];
    this.#place -= 1;
    this.#own -= 1;
    this.#right -= 1;
  }

  #stepDownwards(): End | null {
    const order = this.#order;
    this.#leftWins = 0;
    this.#rightWins = 0;
    for (;;) {
      if (order(this.#aside[this.#own], this.#work[this.#other]) < 0) {
        this.#takeOtherDown();
        this.#leftWins += 1;
        this.#rightWins = 0;
        if (this.#left === 0) return 'secondLeft';
        if (this.#leftWins >= this.#state.gallop) return null;
      } else {
        this.#takeOwnDown();
        this.#rightWins += 1;
        this.#leftWins = 0;
        if (this.#right === 1) return 'firstLeft';
        if (this.#rightWins >= this.#state.gallop) return null;
      }
    }
  }

  #gallopDownwards(): End | null {
    const work = this.#work;
    const state = this.#state;
    state.gallop += 1;
    do {
      state.gallop = Math.max(1, state.gallop - 1);
      const [left, base] = [this.#left, this.#base];
      this.#leftWins = left - gallopRight(work, this.#aside[this.#own], base, left, left - 1, this.#order);
      for (let index = 0; index < this.#leftWins; index += 1) this.#takeOtherDown();
      if (this.#left === 0) return 'secondLeft';
      this.#takeOwnDown();
      if (this.#right === 1) return 'firstLeft';
      const right = this.#right;
      this.#rightWins = right - gallopLeft(this.#aside, work[this.#other], 0, right, right - 1, this.#order);
      for (let index = 0; index < this.#rightWins; index += 1) this.#takeOwnDown();
      if (this.#rightWins > 0 && this.#right === 1) return 'firstLeft';
      // Only an inconsistent comparator comes here.
      if (this.#right === 0) return 'secondLeft';
      this.#takeOtherDown();
      if (this.#left === 0) return 'secondLeft';
    } while (this.#leftWins >= gallopWins || this.#rightWins >= gallopWins);
    state.gallop += 1;
    return null;
  }
}

const between = 'gallopLeft gallopRight upwards downwards';
const merging = 'mergeUpwards stepUpwards gallopUpwards mergeDownwards stepDownwards gallopDownwards';
acceptFunctions(
  callerUrl(),
  Object.fromEntries(
    [...between.split(' '), ...merging.split(' ').flatMap((name) => [name, `#${name}`])].map((name) => [
      name,
      'passes',
    ]),
  ),
);
