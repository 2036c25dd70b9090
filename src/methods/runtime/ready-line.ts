/** Whoever may stand in line. */
export interface InLine {
  readonly isReady: boolean;
  /** Books demand from now on, or until now. */
  noteReady(isReady: boolean, nowMs: number): void;
}

/**
 * Who is ready, in the order of their turns: whoever came, or ran, longest ago is first. It looks again only at those that
 * something has happened to, so that a thousand that wait cost nothing. Whoever does something to one from outside of its
 * slices calls `stir`.
 */
export class ReadyLine<Member extends InLine> {
  /** When each came or ran last, as a count. */
  readonly #places = new Map<Member, number>();
  readonly #stirred = new Set<Member>();
  readonly #ready = new Set<Member>();
  #place = 0;

  /** It comes, or has run: the last of the line. */
  toEnd(member: Member): void {
    this.#place += 1;
    this.#places.set(member, this.#place);
    this.#stirred.add(member);
  }

  leave(member: Member): void {
    this.#places.delete(member);
    this.#stirred.delete(member);
    this.#ready.delete(member);
  }

  /** It may be ready now, or ready no more. Nothing happens for one that is not here. */
  stir(member: Member): void {
    if (this.#places.has(member)) this.#stirred.add(member);
  }

  /** @returns how many are ready; what each wants is booked */
  count(nowMs: number): number {
    for (const member of this.#stirred) {
      const { isReady } = member;
      member.noteReady(isReady, nowMs);
      if (isReady) this.#ready.add(member);
      else this.#ready.delete(member);
    }
    this.#stirred.clear();
    return this.#ready.size;
  }

  /** @returns the first that is ready; null when nobody is */
  next(nowMs: number): Member | null {
    this.count(nowMs);
    let first: Member | null = null;
    let least = Infinity;
    for (const member of this.#ready) {
      const place = this.#places.get(member) ?? Infinity;
      if (place >= least) continue;
      first = member;
      least = place;
    }
    return first;
  }
}
