import { assertNever } from '../../core/assert.ts';
import type { Code, Site, Slot, Step } from './ir.ts';

type Live = ReadonlySet<Slot>;

const none: Live = new Set();

function union(a: Live, b: Live): Live {
  if (a.size === 0 || a === b) return b;
  // Most often nothing is new.
  let all: Set<Slot> | null = null;
  for (const slot of b) {
    if (a.has(slot)) continue;
    all ??= new Set(a);
    all.add(slot);
  }
  return all ?? a;
}

function without(live: Live, slot: Slot | null): Live {
  if (slot === null || !live.has(slot)) return live;
  const rest = new Set(live);
  rest.delete(slot);
  return rest;
}

/**
 * Finds which variables a method still needs when it goes on from each of its sites. Only those are part of its state.
 *
 * @returns for each site the variables that are live just after it
 */
export function liveAtSites(steps: readonly Step[]): ReadonlyMap<Site, Live> {
  const analysis = new Liveness();
  analysis.before(steps, none);
  return analysis.sites;
}

class Liveness {
  readonly sites = new Map<Site, Live>();
  /** What is live where a `break` to the label goes. */
  readonly #targets = new Map<string, Live>();
  /** What handlers around may need: an exception may come from anywhere. */
  #handlers: Live = none;

  before(steps: readonly Step[], after: Live): Live {
    let live = after;
    for (let index = steps.length - 1; index >= 0; index -= 1) live = this.#step(steps[index] as Step, live);
    return live;
  }

  #use(live: Live, used: Code | null): Live {
    return union(used === null ? live : union(live, used.uses), this.#handlers);
  }

  #at(site: Site, live: Live): void {
    this.sites.set(site, union(this.sites.get(site) ?? none, live));
  }

  #step(step: Step, after: Live): Live {
    switch (step.kind) {
      case 'plain':
        return this.#use(after, step.code);
      case 'set':
        return this.#use(without(after, step.slot), step.code);
      case 'yield': {
        const rest = union(without(without(after, step.mode), step.slot), this.#handlers);
        this.#at(step.site, rest);
        return this.#use(this.#use(rest, step.result), step.code);
      }
      case 'begin':
        this.#at(step.site, after);
        return union(after, new Set([step.it]));
      case 'call':
      case 'await': {
        const rest = union(without(after, step.slot), this.#handlers);
        const again = (step.kind === 'await' && step.again) || (step.kind === 'call' && step.holds);
        this.#at(step.site, again ? union(rest, step.code.uses) : rest);
        return this.#use(rest, step.code);
      }
      case 'tick': {
        const live = union(after, this.#handlers);
        this.#at(step.site, live);
        return live;
      }
      case 'if':
        return this.#use(
          union(this.before(step.taken, after), this.before(step.otherwise, after)),
          step.test,
        );
      case 'loop':
        return this.#loop(step, after);
      case 'block':
        this.#targets.set(step.label, after);
        return this.before(step.body, after);
      case 'break':
        return union(this.#targets.get(step.label) ?? none, this.#handlers);
      case 'return':
      case 'throw':
        return this.#use(none, step.code);
      case 'try':
        return this.#try(step, after);
      case 'switch':
        return this.#switch(step, after);
      default:
        return assertNever(step);
    }
  }

  #loop(step: Step & { kind: 'loop' }, after: Live): Live {
    this.#targets.set(step.label, after);
    let head = none;
    for (;;) {
      const next = this.before(step.body, head);
      const grown = union(head, next);
      if (grown.size === head.size) return head;
      head = grown;
    }
  }

  #try(step: Step & { kind: 'try' }, after: Live): Live {
    const outer = this.#handlers;
    this.#handlers = union(outer, without(without(after, step.caught), step.flag));
    // Whoever leaves the body normally finds the flag unset, and so reads neither.
    const live = this.before(step.body, without(without(after, step.caught), step.flag));
    this.#handlers = outer;
    return live;
  }

  #switch(step: Step & { kind: 'switch' }, after: Live): Live {
    this.#targets.set(step.label, after);
    let live = after;
    let entries = after;
    for (let index = step.cases.length - 1; index >= 0; index -= 1) {
      const entry = step.cases[index] as (typeof step.cases)[number];
      live = this.before(entry.body, live);
      entries = union(entries, entry.test === null ? live : union(live, entry.test.uses));
    }
    return this.#use(entries, step.subject);
  }
}
