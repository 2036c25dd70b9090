import { assertNever } from '../../core/assert.ts';
import { blocksOf, type Code, leftSites, type Site, type Slot, type Step } from './ir.ts';

type Slots = ReadonlySet<Slot>;
type Loop = Step & { kind: 'loop' };

const none: Slots = new Set();

function union(a: Slots | null, b: Slots | null): Slots | null {
  if (a === null || a === b) return b;
  if (b === null || b.size === 0) return a;
  return a.size === 0 ? b : new Set([...a, ...b]);
}

/** What is known of a method's variables. */
interface Variables {
  /** What it needs when it goes on from a site, besides what is kept at each. */
  readonly live: ReadonlyMap<Site, Slots>;
  readonly kept: Slots;
  /** Those that expressions assign, besides the steps that do nothing else. */
  readonly assigned: Slots;
}

/**
 * What the frame of a generator has to be given, and when. It is one frame for the generator's whole life: where the body
 * is left, only variables are written that may have changed since they were written last.
 */
export class FrameUse {
  /** What is needed where the body goes on after it was left, at any of these places. */
  readonly wantedWhereLeft: Slots;
  readonly #variables: Variables;
  readonly #changed = new Map<Site, Slots>();
  readonly #beforeLoops = new Map<Loop, Slots>();

  /** @param mayStay whether a body may go on where it could be left: then nothing is written there */
  constructor(steps: readonly Step[], variables: Variables, mayStay: boolean) {
    this.#variables = variables;
    const left = leftSites(steps.filter(({ kind }) => kind !== 'begin'));
    this.wantedWhereLeft = new Set(left.flatMap((site) => [...this.liveAt(site)]));
    const { assigned } = variables;
    const changes = new Changes({ use: this, assigned, mayStay }, this.#changed, this.#beforeLoops);
    changes.after(steps, none);
  }

  liveAt(site: Site): Slots {
    const { live, kept } = this.#variables;
    return union(live.get(site) ?? none, kept) ?? none;
  }

  /** What is to be written where the body is left at a site. */
  changedAt(site: Site): readonly Slot[] {
    return [...(this.#changed.get(site) ?? none)];
  }

  /** What is to be written before a loop, so that its rounds do not write what only came in from outside. */
  changedBefore(loop: Loop): readonly Slot[] {
    return [...(this.#beforeLoops.get(loop) ?? none)];
  }
}

interface Facts {
  readonly use: FrameUse;
  readonly assigned: Slots;
  readonly mayStay: boolean;
}

class Changes {
  readonly #facts: Facts;
  readonly #changed: Map<Site, Slots>;
  readonly #beforeLoops: Map<Loop, Slots>;
  /** What has changed where a `break` to the label goes. */
  readonly #targets = new Map<string, Slots | null>();

  constructor(facts: Facts, changed: Map<Site, Slots>, beforeLoops: Map<Loop, Slots>) {
    this.#facts = facts;
    this.#changed = changed;
    this.#beforeLoops = beforeLoops;
  }

  /** @param before null where nothing gets to */
  after(steps: readonly Step[], before: Slots | null): Slots | null {
    let changed = before;
    for (const step of steps) if (changed !== null) changed = this.#after(step, changed);
    return changed;
  }

  #by(part: Code | null, ...slots: readonly (Slot | null)[]): Slots {
    const assigned = part === null ? [] : [...part.uses].filter((slot) => this.#facts.assigned.has(slot));
    return new Set([...assigned, ...slots.filter((slot) => slot !== null)]);
  }

  #left(site: Site, changed: Slots | null): void {
    const live = this.#facts.use.liveAt(site);
    const written = new Set([...(changed ?? none)].filter((slot) => live.has(slot)));
    this.#changed.set(site, union(this.#changed.get(site) ?? none, written) ?? none);
  }

  #stayed(before: Slots): Slots {
    return this.#facts.mayStay ? before : none;
  }

  #after(step: Step, before: Slots): Slots | null {
    switch (step.kind) {
      case 'plain':
        return union(before, this.#by(step.code));
      case 'set':
        return union(before, this.#by(step.code, step.through ? null : step.slot));
      case 'call':
        return union(before, this.#by(step.code, step.slot));
      case 'begin':
        return none;
      case 'tick':
        return before;
      case 'yield':
        this.#left(step.site, union(union(before, this.#by(step.code)), this.#by(step.result)));
        return union(this.#stayed(before), this.#by(step.code, step.slot, step.mode));
      case 'await':
        this.#left(step.site, union(before, this.#by(step.code)));
        return union(this.#stayed(before), this.#by(step.code, step.slot));
      case 'if': {
        const tested = union(before, this.#by(step.test));
        return union(this.after(step.taken, tested), this.after(step.otherwise, tested));
      }
      case 'loop':
        return this.#loop(step, before);
      case 'block':
        return this.#block(step.label, () => this.after(step.body, before));
      case 'break':
        this.#targets.set(step.label, union(this.#targets.get(step.label) ?? null, before));
        return null;
      case 'return':
      case 'throw':
        return null;
      case 'try': {
        const thrown = union(before, this.#anyIn(step.body));
        return union(this.after(step.body, before), union(thrown, new Set([step.flag, step.caught])));
      }
      case 'switch':
        return this.#switch(step, before);
      default:
        return assertNever(step);
    }
  }

  #block(label: string, build: () => Slots | null): Slots | null {
    const end = build();
    return union(end, this.#targets.get(label) ?? null);
  }

  #loop(step: Loop, before: Slots): Slots | null {
    const wanted = new Set(leftSites(step.body).flatMap((site) => [...this.#facts.use.liveAt(site)]));
    const written = [...before].filter((slot) => wanted.has(slot));
    const known = this.#beforeLoops.get(step) ?? none;
    this.#beforeLoops.set(step, new Set([...known, ...written]));
    let head: Slots | null = new Set([...before].filter((slot) => !wanted.has(slot)));
    for (;;) {
      const grown: Slots | null = union(head, this.after(step.body, head));
      if ((grown?.size ?? 0) === (head?.size ?? 0)) return this.#targets.get(step.label) ?? null;
      head = grown;
    }
  }

  #switch(step: Step & { kind: 'switch' }, before: Slots): Slots | null {
    const tested = step.cases.reduce<Slots | null>(
      (changed, { test }) => union(changed, this.#by(test)),
      union(before, this.#by(step.subject)),
    );
    return this.#block(step.label, () => {
      let through: Slots | null = null;
      for (const { body } of step.cases) through = this.after(body, union(tested, through));
      return step.cases.some(({ test }) => test === null) ? through : union(through, tested);
    });
  }

  /** Everything that steps may change on any way through them. */
  #anyIn(steps: readonly Step[]): Slots {
    const found = new Set<Slot>();
    const note = (slots: Slots): void => slots.forEach((slot) => found.add(slot));
    for (const step of steps) {
      if ('code' in step) note(this.#by(step.code));
      if ('slot' in step && step.slot !== null) found.add(step.slot);
      if (step.kind === 'if') note(this.#by(step.test));
      if (step.kind === 'yield' && step.mode !== null) found.add(step.mode);
      if (step.kind === 'try') note(new Set([step.flag, step.caught]));
      if (step.kind === 'switch') note(this.#by(step.subject));
      for (const block of blocksOf(step)) note(this.#anyIn(block));
    }
    return found;
  }
}
