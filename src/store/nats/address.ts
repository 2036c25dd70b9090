import { StoreOpenError } from '../errors.ts';
import { shownUrl } from '../shown-url.ts';

/** What a `nats:` or `tls:` URL says. */
export interface NatsAddress {
  /** `host:port` each. */
  readonly servers: readonly string[];
  readonly encrypted: boolean;
  readonly credentials:
    | { readonly kind: 'none' }
    | { readonly kind: 'user'; readonly user: string; readonly password: string }
    | { readonly kind: 'token'; readonly token: string };
  /** Of the streams: `NAME` holds the registry, `NAME-vault` the large values. */
  readonly name: string;
  /** The URL without its secrets, for messages. */
  readonly shown: string;
}

const nameDefault = 'godwit';
const portDefault = 4222;
const namePattern = /^[A-Za-z0-9_-]{1,64}$/;
const serverPattern = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?$/;

/**
 * Reads `nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT],…[/NAME]`; with `tls:` every connection is encrypted.
 *
 * @throws {StoreOpenError} when it is not of that form; the message shows no secret
 */
export function parseAddress(url: string): NatsAddress {
  const parts = /^(nats|tls):\/\/(?:([^@/]*)@)?([^@/]*)(?:\/([^@/]*))?\/?$/.exec(url);
  if (parts === null) throw malformed(url, 'it is not of that form');
  const [, scheme = '', secret, hosts = '', path = ''] = parts;
  const name = path === '' ? nameDefault : path;
  if (!namePattern.test(name)) {
    throw malformed(url, `the name ${JSON.stringify(name)} has other characters than A–Z a–z 0–9 _ -`);
  }
  return {
    servers: hosts.split(',').map((host) => serverOf(url, host)),
    encrypted: scheme === 'tls',
    credentials: credentialsOf(url, secret),
    name,
    shown: shownUrl(url),
  };
}

function serverOf(url: string, text: string): string {
  const found = serverPattern.exec(text);
  const port = Number(found?.[2] ?? portDefault);
  if (found === null || port < 1 || port > 65_535) {
    throw malformed(url, `${JSON.stringify(text)} is no HOST:PORT`);
  }
  return `${found[1] ?? ''}:${port}`;
}

function credentialsOf(url: string, secret: string | undefined): NatsAddress['credentials'] {
  if (secret === undefined) return { kind: 'none' };
  const colon = secret.indexOf(':');
  try {
    if (colon < 0) return { kind: 'token', token: decodeURIComponent(secret) };
    const [user, password] = [secret.slice(0, colon), secret.slice(colon + 1)].map(decodeURIComponent);
    return { kind: 'user', user: user ?? '', password: password ?? '' };
  } catch {
    throw malformed(url, 'the part before @ is not percent-encoded');
  }
}

/** In a URL that is not of the expected form everything between the scheme and the last `@` may be secret. */
function veiled(url: string): string {
  return url.replace(/^([a-z]+:\/*).*@/, '$1***@');
}

function malformed(url: string, why: string): StoreOpenError {
  return new StoreOpenError(
    veiled(url),
    `${why}. Expected nats://[USER:PASSWORD@]HOST:PORT,HOST:PORT,HOST:PORT[/NAME], or tls:// for encrypted connections`,
  );
}
