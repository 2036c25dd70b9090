/** A value that cannot be written; the pass turns it into an error that has the path. */
export class Refusal {
  readonly value: unknown;
  readonly description: string;
  /** Under which key it stands, where the value alone does not tell. */
  readonly key: string | symbol | null;

  constructor(value: unknown, description: string, key: string | symbol | null = null) {
    this.value = value;
    this.description = description;
    this.key = key;
  }
}
