/** Sentences about ignored input that are kept. */
const ignoredMax = 20;

/** A figure that can be true: finite, and not negative. */
export function isFigure(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/** Collects what was ignored, in sentences for people. */
export class Ignored {
  readonly sentences: string[] = [];

  say(sentence: string): void {
    if (this.sentences.length < ignoredMax) this.sentences.push(sentence);
  }
}
