import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { incarnationId, type IncarnationId } from '../core/ids.ts';
import { WeakSecretError } from './errors.ts';

/*
 * Both ends prove that they know the cluster secret before anything else of the other's is read:
 *
 *   dialer -> acceptor   GET /godwit/challenge   hello: purpose, from, to, the dialer's nonce
 *   acceptor -> dialer   200                     challenge: the acceptor's incarnation, its nonce, its proof
 *   dialer -> acceptor   GET (or upgrade)        answer: the acceptor's nonce, the dialer's proof
 *
 * A proof is an HMAC-SHA-256 under the secret over the role of who proves, everything in the hello, and the acceptor's
 * incarnation and nonce; so it serves for one connection, one pair of incarnations, one role and one purpose only.
 * The keys that seal a link's frames are derived from the same words.
 */
export const handshakeVersion = 1;
export const secretLeastBytes = 16;
export const challengePath = '/godwit/challenge';
export const linkPath = '/godwit/link';
export const bulkPath = '/godwit/bulk';
export const handshakeHeader = 'x-godwit-handshake';

const text = v.pipe(v.string(), v.maxLength(512));
const incarnation = v.pipe(text, v.minLength(3), v.transform(incarnationId));
const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{32,128}$/));

const helloSchema = v.strictObject({
  version: v.pipe(v.number(), v.integer()),
  purpose: v.picklist(['link', 'bulk']),
  from: incarnation,
  to: incarnation,
  nonce: hex,
  address: text,
  subject: text,
});
const challengeSchema = v.strictObject({ incarnation, nonce: hex, proof: hex });
const answerSchema = v.strictObject({ nonce: hex, proof: hex });
const refusalSchema = v.strictObject({ kind: text, detail: text });

export interface Hello {
  readonly version: number;
  readonly purpose: 'link' | 'bulk';
  readonly from: IncarnationId;
  readonly to: IncarnationId;
  readonly nonce: string;
  /** Where the dialer itself listens; empty for a client. */
  readonly address: string;
  /** For a link: the id of the last link that stood between the two, or empty. For bulk: the ticket. */
  readonly subject: string;
}

export interface Challenge {
  readonly incarnation: IncarnationId;
  readonly nonce: string;
  readonly proof: string;
}

export interface Answer {
  /** The acceptor's. */
  readonly nonce: string;
  readonly proof: string;
}

export interface Refusal {
  readonly kind: string;
  readonly detail: string;
}

type Header = string | string[] | undefined;

export const readHello: (header: Header) => Hello | null = reader(helloSchema);
/** Read on its own, because a later version's hello may look different in all else. */
export const readVersion: (header: Header) => { readonly version: number } | null = reader(
  v.looseObject({ version: v.number() }),
);
export const readChallenge: (header: Header) => Challenge | null = reader(challengeSchema);
export const readAnswer: (header: Header) => Answer | null = reader(answerSchema);
export const readRefusal: (header: Header) => Refusal | null = reader(refusalSchema);

/** A handshake message as the value of one HTTP header. */
export function writeHeader(message: Hello | Challenge | Answer | Refusal): string {
  return Buffer.from(JSON.stringify(message)).toString('base64url');
}

/** What both ends agree on once their proofs were checked. */
export interface Session {
  readonly peer: IncarnationId;
  /** Where the peer listens; empty when it does not. */
  readonly peerAddress: string;
  /** Names this link on both ends. */
  readonly linkId: string;
  readonly sendKey: KeyObject;
  readonly receiveKey: KeyObject;
  /** When we sent our nonce: what the peer proved, it proved after this. */
  readonly provenAt: Instant;
}

/** One instant on both monotonic clocks. */
export interface Instant {
  readonly monotonicMs: number;
  readonly bootMs: number;
}

/** The cluster secret, and all that is made with it. */
export class ClusterSecret {
  readonly #key: KeyObject;

  /** @throws {WeakSecretError} */
  constructor(secret: Uint8Array) {
    if (secret.byteLength < secretLeastBytes) throw new WeakSecretError(secret.byteLength, secretLeastBytes);
    this.#key = createSecretKey(secret);
  }

  proof(role: 'dialer' | 'acceptor', hello: Hello, by: IncarnationId, nonce: string): string {
    return this.#mac(`proof of the ${role}`, hello, by, nonce).toString('hex');
  }

  proves(
    proof: string,
    role: 'dialer' | 'acceptor',
    hello: Hello,
    by: IncarnationId,
    nonce: string,
  ): boolean {
    const expected = this.#mac(`proof of the ${role}`, hello, by, nonce);
    const found = Buffer.from(proof, 'hex');
    return found.byteLength === expected.byteLength && timingSafeEqual(found, expected);
  }

  /**
   * @param end which end of the link asks
   * @param acceptorAddress where the dialer found the acceptor
   */
  session(
    end: 'dialer' | 'acceptor',
    hello: Hello,
    challenge: { readonly incarnation: IncarnationId; readonly nonce: string },
    acceptorAddress: string,
    provenAt: Instant,
  ): Session {
    const key = (purpose: string): KeyObject =>
      createSecretKey(this.#mac(purpose, hello, challenge.incarnation, challenge.nonce));
    const dialerKey = key('frames of the dialer');
    const acceptorKey = key('frames of the acceptor');
    const isDialer = end === 'dialer';
    return {
      peer: isDialer ? challenge.incarnation : hello.from,
      peerAddress: isDialer ? acceptorAddress : hello.address,
      linkId: this.#mac('link', hello, challenge.incarnation, challenge.nonce).toString('hex').slice(0, 32),
      sendKey: isDialer ? dialerKey : acceptorKey,
      receiveKey: isDialer ? acceptorKey : dialerKey,
      provenAt,
    };
  }

  #mac(purpose: string, hello: Hello, acceptor: IncarnationId, nonce: string): Buffer {
    const { version, from, to, address, subject } = hello;
    // A JSON array of text keeps the fields apart.
    const words = [
      purpose,
      `${version}`,
      hello.purpose,
      from,
      to,
      hello.nonce,
      address,
      subject,
      acceptor,
      nonce,
    ];
    return createHmac('sha256', this.#key).update(JSON.stringify(words)).digest();
  }
}

function reader<Schema extends v.GenericSchema>(
  schema: Schema,
): (header: Header) => v.InferOutput<Schema> | null {
  return (header) => {
    if (typeof header !== 'string') return null;
    try {
      const result = v.safeParse(schema, JSON.parse(Buffer.from(header, 'base64url').toString('utf8')));
      return result.success ? result.output : null;
    } catch {
      return null;
    }
  };
}
