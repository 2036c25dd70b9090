import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** A message and the bytes that go with it; both may be of any size. */
export interface Packet<Message> {
  readonly message: Message;
  readonly payload: Uint8Array;
}

const headBytes = 8;
const nothing = new Uint8Array();

/** The number of the file descriptor by which a process of the verifier talks: streams belong to the program. */
export const channelDescriptor = 3;

export function encodePacket(message: unknown, payload: Uint8Array = nothing): Uint8Array {
  const text = Buffer.from(JSON.stringify(message));
  const packet = Buffer.allocUnsafe(headBytes + text.length + payload.length);
  packet.writeUInt32LE(text.length, 0);
  packet.writeUInt32LE(payload.length, 4);
  packet.set(text, headBytes);
  packet.set(payload, headBytes + text.length);
  return packet;
}

/** Puts packets together again from the pieces in which a stream brings them. */
export class PacketReader<Message> {
  #pieces: Uint8Array[] = [];
  #size = 0;

  /** @returns the packets that are complete now */
  push(piece: Uint8Array): readonly Packet<Message>[] {
    this.#pieces.push(piece);
    this.#size += piece.length;
    const packets: Packet<Message>[] = [];
    for (let needed = this.#needed(); needed !== null && this.#size >= needed; needed = this.#needed()) {
      const all = Buffer.concat(this.#pieces);
      const textEnd = headBytes + all.readUInt32LE(0);
      const message = JSON.parse(all.toString('utf8', headBytes, textEnd)) as Message;
      packets.push({ message, payload: new Uint8Array(all.subarray(textEnd, needed)) });
      this.#pieces = [all.subarray(needed)];
      this.#size = all.length - needed;
    }
    return packets;
  }

  /** Bytes of the packet that has begun; null while its head is not here. */
  #needed(): number | null {
    if (this.#size < headBytes) return null;
    const [first] = this.#pieces;
    const head =
      first !== undefined && first.length >= headBytes ? Buffer.from(first) : Buffer.concat(this.#pieces);
    if (first !== undefined && first.length < headBytes) this.#pieces = [head];
    return headBytes + head.readUInt32LE(0) + head.readUInt32LE(4);
  }
}

/** The end of the channel inside a process of the verifier. */
export class ChildChannel<Incoming, Outgoing> {
  readonly #socket = new Socket({ fd: channelDescriptor, readable: true, writable: true });

  constructor(receive: (packet: Packet<Incoming>) => void) {
    const reader = new PacketReader<Incoming>();
    this.#socket.on('data', (piece: Buffer) => {
      for (const packet of reader.push(piece)) receive(packet);
    });
    // Nobody is left who could want anything.
    this.#socket.on('close', () => process.exit());
    this.#socket.on('error', () => process.exit());
  }

  /** Sends before it returns: the process may end right after. */
  send(message: Outgoing, payload: Uint8Array = nothing): void {
    const packet = encodePacket(message, payload);
    for (let at = 0; at < packet.length;) {
      try {
        at += writeSync(channelDescriptor, packet, at, packet.length - at);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        Atomics.wait(pause, 0, 0, 1);
      }
    }
  }

  /** Whether waiting for messages keeps the process alive. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#socket.ref();
    else this.#socket.unref();
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
