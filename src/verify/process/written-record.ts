import type { Written } from '../contract.ts';

type Stream = Written[0];
type WriteArguments = [chunk: Uint8Array | string, encoding?: unknown, done?: unknown];

/** Keeps what a program writes, both streams in one order. Nothing reaches the process's own streams. */
export class WrittenRecord {
  #pieces: { stream: Stream; parts: Buffer[] }[] = [];

  /** Takes the place of a stream's `write`. */
  capture(stream: Stream): void {
    process[stream].write = ((...[chunk, encoding, done]: WriteArguments): boolean => {
      const bytes =
        typeof chunk === 'string'
          ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
          : Buffer.from(chunk);
      const last = this.#pieces.at(-1);
      if (last?.stream === stream) last.parts.push(bytes);
      else this.#pieces.push({ stream, parts: [bytes] });
      const callback = typeof encoding === 'function' ? encoding : done;
      if (typeof callback === 'function') process.nextTick(callback as () => void);
      return true;
    }) as NodeJS.WriteStream['write'];
  }

  /** What was written since the last call. */
  take(): readonly Written[] {
    const taken = this.#pieces.map(({ stream, parts }): Written => [
      stream,
      Buffer.concat(parts).toString('base64'),
    ]);
    this.#pieces = [];
    return taken;
  }
}
