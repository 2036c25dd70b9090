/** A queue: first in, first out, in constant time however long it is. */
export class JobLine<Job> implements Iterable<Job> {
  #jobs: (Job | undefined)[] = [];
  #head = 0;
  #tail = 0;

  get length(): number {
    return this.#tail - this.#head;
  }

  push(...jobs: readonly Job[]): void {
    for (const job of jobs) this.add(job);
  }

  add(job: Job): void {
    this.#jobs[this.#tail] = job;
    this.#tail += 1;
  }

  shift(): Job | undefined {
    if (this.#head === this.#tail) return undefined;
    const job = this.#jobs[this.#head];
    // What has been taken must not keep its memory.
    this.#jobs[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#tail) {
      if (this.#tail > 1_024) this.#jobs = [];
      this.#head = 0;
      this.#tail = 0;
    } else if (this.#head > 1_024 && this.#head * 2 > this.#tail) {
      this.#jobs = this.#jobs.slice(this.#head, this.#tail);
      this.#tail -= this.#head;
      this.#head = 0;
    }
    return job;
  }

  [Symbol.iterator](): Iterator<Job> {
    return (this.#jobs.slice(this.#head, this.#tail) as Job[])[Symbol.iterator]();
  }
}
