/** A queue: first in, first out, in constant time however long it is. */
export class JobLine<Job> implements Iterable<Job> {
  #jobs: Job[] = [];
  #head = 0;

  get length(): number {
    return this.#jobs.length - this.#head;
  }

  push(...jobs: readonly Job[]): void {
    for (const job of jobs) this.#jobs.push(job);
  }

  shift(): Job | undefined {
    if (this.#head === this.#jobs.length) return undefined;
    const job = this.#jobs[this.#head];
    // What has been taken must not keep its memory.
    this.#jobs[this.#head] = undefined as Job;
    this.#head += 1;
    if (this.#head === this.#jobs.length) {
      this.#jobs.length = 0;
      this.#head = 0;
    } else if (this.#head > 1_024 && this.#head * 2 > this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#head);
      this.#head = 0;
    }
    return job;
  }

  [Symbol.iterator](): Iterator<Job> {
    return this.#jobs.slice(this.#head)[Symbol.iterator]();
  }
}
