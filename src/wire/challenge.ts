import { type Agent, request } from 'node:http';
import type { IncarnationId } from '../core/ids.ts';
import { isLoopback, parseAddress } from './address.ts';
import type { LinkEnd } from './contract.ts';
import {
  type Challenge,
  challengePath,
  type ClusterSecret,
  handshakeHeader,
  handshakeVersion,
  type Hello,
  readChallenge,
  readRefusal,
  writeHeader,
} from './handshake.ts';

export type Challenged =
  | { readonly kind: 'challenged'; readonly challenge: Challenge }
  | { readonly kind: 'failed'; readonly reason: LinkEnd };

/**
 * Asks the door at `address` for a challenge, and checks that whoever answers knows the cluster secret and is the
 * incarnation that the hello names.
 *
 * @param done called once, unless the request is destroyed through the agent or `abort`
 * @returns aborts the request
 */
export function askChallenge(
  address: string,
  hello: Hello,
  secret: ClusterSecret,
  agent: Agent,
  done: (outcome: Challenged) => void,
): () => void {
  const fail = (reason: LinkEnd): void => done({ kind: 'failed', reason });
  const parsed = parseAddress(address);
  if (parsed === null || !isLoopback(parsed.host)) {
    const detail = `'${address}' is not host:port on loopback; TLS and a cluster secret are needed for any other`;
    queueMicrotask(() => fail({ kind: 'unreachable', detail }));
    return () => undefined;
  }
  const headers = { [handshakeHeader]: writeHeader(hello) };
  const asked = request({ host: parsed.host, port: parsed.port, path: challengePath, agent, headers });
  asked.on('error', (error) => fail({ kind: 'unreachable', detail: `${address}: ${error.message}` }));
  asked.on('response', (response) => {
    response.resume();
    response.on('end', () => {
      const header = response.headers[handshakeHeader];
      if (response.statusCode !== 200) return fail(refusalOf(header, response.statusCode, hello.to));
      done(check(readChallenge(header), hello, secret, address));
    });
  });
  asked.end();
  return () => {
    asked.removeAllListeners('error');
    asked.on('error', () => undefined);
    asked.destroy();
  };
}

/** What a refusal by the door means to the dialer. */
export function refusalOf(
  header: string | string[] | undefined,
  status: number | undefined,
  expected: IncarnationId,
): LinkEnd {
  const refusal = readRefusal(header);
  if (refusal === null) {
    return { kind: 'unauthenticated', detail: `answered with status ${status}: not a host of this cluster` };
  }
  switch (refusal.kind) {
    case 'superseded':
      return { kind: 'superseded' };
    case 'unauthenticated':
      return { kind: 'unauthenticated', detail: `${expected} says: ${refusal.detail}` };
    default:
      return { kind: 'closedByPeer', detail: [refusal.kind, refusal.detail].filter(Boolean).join(': ') };
  }
}

function check(
  challenge: Challenge | null,
  hello: Hello,
  secret: ClusterSecret,
  address: string,
): Challenged {
  if (challenge === null) {
    return failed({ kind: 'unauthenticated', detail: `${address} is not a host of this cluster` });
  }
  const { incarnation, nonce, proof } = challenge;
  if (!secret.proves(proof, 'acceptor', hello, incarnation, nonce)) {
    const detail = `${incarnation} at ${address} did not prove that it knows the cluster secret`;
    return failed({ kind: 'unauthenticated', detail });
  }
  if (incarnation !== hello.to) {
    return failed({ kind: 'unknownIncarnation', expected: hello.to, found: incarnation });
  }
  return { kind: 'challenged', challenge };
}

function failed(reason: LinkEnd): Challenged {
  return { kind: 'failed', reason };
}

/** A hello of this version. */
export function makeHello(fields: Omit<Hello, 'version'>): Hello {
  return { version: handshakeVersion, ...fields };
}
