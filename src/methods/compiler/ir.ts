/** A variable of a lowered method: a parameter, a local, or a temporary. */
export interface Slot {
  /** As generated code spells it. */
  readonly name: string;
  /** As its author wrote it; empty for a temporary. */
  readonly original: string;
}

/** Generated text of an expression without safe points, and the variables that it reads or writes. */
export interface Code {
  readonly text: string;
  readonly uses: ReadonlySet<Slot>;
}

/** Where a method can be captured. The number is given once the method is complete. */
export interface Site {
  pc: number;
  readonly line: number;
  readonly offset: number;
  /** Only a number is kept for it: nothing is checked there, and nothing is ever captured. */
  readonly isSilent: boolean;
}

/** Where a method begins, where a loop begins a round, and where a call has come back. */
export type TickPoint = 'entry' | 'round' | 'return';

/** A lowered statement. Control flow is explicit: loops are endless, and are left by `break`. */
export type Step =
  | { readonly kind: 'plain'; readonly code: Code }
  /** `through`: a generator's frame is given it at once, since that is rare. */
  | { readonly kind: 'set'; readonly slot: Slot; readonly code: Code; readonly through: boolean }
  /** Whatever the code of a property's use names stays: `holds`. So a Proxy there pins, and nobody takes its trap for an accessor. */
  | {
      readonly kind: 'call';
      readonly site: Site;
      readonly slot: Slot | null;
      readonly code: Code;
      readonly holds: boolean;
    }
  /** `again` is set where an effect is awaited as it is started: its call can be made again from this position. */
  | {
      readonly kind: 'await';
      readonly site: Site;
      readonly slot: Slot | null;
      readonly code: Code;
      readonly again: boolean;
    }
  /** Where a generator is made, and its own code begins. `it`: the function itself. */
  | { readonly kind: 'begin'; readonly site: Site; readonly it: Slot }
  /**
   * `result`: what the body returns, where that is not just that there is a value. `mode`: takes how it was gone on with;
   * then whatever comes back is taken as it is, errors and returns included.
   */
  | {
      readonly kind: 'yield';
      readonly site: Site;
      readonly slot: Slot;
      readonly code: Code;
      readonly result: Code | null;
      readonly mode: Slot | null;
    }
  /** A point of the source where nothing else happens. Charges fuel: one unit to the thread's counter, one to a loop's own copy of it, or 1,024 for a strip. */
  | {
      readonly kind: 'tick';
      readonly point: TickPoint;
      readonly site: Site;
      readonly counter: 'thread' | 'local';
      readonly units: number;
      /** How many units a local counts before it charges the thread. */
      readonly stretch: number;
      /** Whether no loop around or inside counts another stretch: then the local never goes beyond it. */
      readonly wraps: boolean;
    }
  | {
      readonly kind: 'if';
      readonly test: Code;
      readonly taken: readonly Step[];
      readonly otherwise: readonly Step[];
    }
  /** `ends`: a strip of a counted loop. Nothing keeps its end, so it is over with the round that a resume body goes on in. */
  | { readonly kind: 'loop'; readonly label: string; readonly body: readonly Step[]; readonly ends: boolean }
  | { readonly kind: 'block'; readonly label: string; readonly body: readonly Step[] }
  | { readonly kind: 'break'; readonly label: string }
  | { readonly kind: 'return'; readonly code: Code | null; readonly charge: boolean }
  | { readonly kind: 'throw'; readonly code: Code }
  /** An exception in the body sets `flag` to 1 and `caught` to what was thrown, and goes on after the step. */
  | { readonly kind: 'try'; readonly body: readonly Step[]; readonly flag: Slot; readonly caught: Slot }
  | {
      readonly kind: 'switch';
      readonly label: string;
      readonly subject: Code;
      /** `test` is null for `default`. */
      readonly cases: readonly { readonly test: Code | null; readonly body: readonly Step[] }[];
    };

const nothing: ReadonlySet<Slot> = new Set();

export function code(text: string, ...parts: readonly Code[]): Code {
  let uses = nothing;
  let own: Set<Slot> | null = null;
  for (const part of parts) {
    if (part.uses.size === 0 || part.uses === uses) continue;
    if (uses.size === 0) {
      ({ uses } = part);
      continue;
    }
    own ??= new Set(uses);
    for (const slot of part.uses) own.add(slot);
    uses = own;
  }
  return { text, uses };
}

export function slotCode(slot: Slot): Code {
  return { text: slot.name, uses: new Set([slot]) };
}

const noBlocks: readonly (readonly Step[])[] = [];

/** The steps directly inside a step. */
export function blocksOf(step: Step): readonly (readonly Step[])[] {
  switch (step.kind) {
    case 'if':
      return [step.taken, step.otherwise];
    case 'loop':
    case 'block':
    case 'try':
      return [step.body];
    case 'switch':
      return step.cases.map((entry) => entry.body);
    default:
      return noBlocks;
  }
}

/** The site that a step is by itself. */
function siteOf(step: Step): Site | null {
  return 'site' in step ? step.site : null;
}

/** Every site below, in order. */
export function sitesOf(steps: readonly Step[]): readonly Site[] {
  const found: Site[] = [];
  visitAll(steps, (step) => {
    const site = siteOf(step);
    if (site !== null) found.push(site);
  });
  return found;
}

/** The last site in a step; null where it has none. */
export function lastSiteOf(step: Step, among = isAny): Site | null {
  const own = siteOf(step);
  if (own !== null) return among(step) ? own : null;
  const blocks = blocksOf(step);
  for (let index = blocks.length - 1; index >= 0; index -= 1) {
    const last = lastSiteIn(blocks[index] as readonly Step[], among);
    if (last !== null) return last;
  }
  return null;
}

/** The last site in a list of steps; null where it has none. */
export function lastSiteIn(steps: readonly Step[], among = isAny): Site | null {
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const last = lastSiteOf(steps[index] as Step, among);
    if (last !== null) return last;
  }
  return null;
}

function isAny(_step: Step): boolean {
  return true;
}

/** Whether a generator is left there, for somebody to go on with it; or begins there. */
export function isLeft({ kind }: Step): boolean {
  return kind === 'begin' || kind === 'yield' || kind === 'await';
}

/** The sites of all such steps below. */
export function leftSites(steps: readonly Step[]): readonly Site[] {
  return steps.flatMap((step) =>
    'site' in step ? (isLeft(step) ? [step.site] : []) : blocksOf(step).flatMap(leftSites),
  );
}

/** The variables that steps read or write. */
export function usedIn(steps: readonly Step[]): ReadonlySet<Slot> {
  const found = new Set<Slot>();
  visitAll(steps, (step) => {
    for (const { uses } of codesOf(step)) for (const slot of uses) found.add(slot);
    if ('slot' in step && step.slot !== null) found.add(step.slot);
  });
  return found;
}

/** About how long the text of steps is. */
export function charsIn(steps: readonly Step[]): number {
  let chars = 0;
  visitAll(steps, (step) => {
    for (const { text } of codesOf(step)) chars += text.length;
    chars += charsAround;
  });
  return chars;
}

/** What is written around the code of a step, on average. */
const charsAround = 20;

function codesOf(step: Step): readonly Code[] {
  if (step.kind === 'if') return [step.test];
  if (step.kind === 'switch') return [step.subject, ...step.cases.flatMap(({ test }) => test ?? [])];
  return 'code' in step && step.code !== null ? [step.code] : [];
}

function visitAll(steps: readonly Step[], visit: (step: Step) => void): void {
  for (const step of steps) {
    visit(step);
    for (const block of blocksOf(step)) visitAll(block, visit);
  }
}
