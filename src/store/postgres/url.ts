import { readFileSync } from 'node:fs';
import { GodwitError, messageOf } from '../../core/errors.ts';
import { StoreOpenError } from '../errors.ts';
import { shownUrl } from '../shown-url.ts';

/** One server that may be the one that takes writes. */
export interface ServerAddress {
  /** A name, an address, or the absolute folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** How a connection is encrypted; false: not at all. The field names are Node.js's own, of `tls.connect`. */
export type Encryption =
  | false
  | {
      readonly rejectUnauthorized: boolean;
      readonly ca?: string;
      readonly cert?: string;
      readonly key?: string;
      /** `verify-ca`: the certificate's issuer counts, its name does not. */
      readonly checkServerIdentity?: () => undefined;
    };

/** Where a cluster's state is kept, as its URL says. */
export interface PostgresTarget {
  /** The URL without its password, for messages. */
  readonly shown: string;
  /** In the order in which they are tried. */
  readonly servers: readonly ServerAddress[];
  /** null: as `PGUSER` or the operating system says. */
  readonly user: string | null;
  /** null: as `PGPASSWORD` or the user's password file says. */
  readonly password: string | null;
  readonly database: string;
  readonly schema: string;
  readonly encryptionOf: (server: ServerAddress) => Encryption;
  /** Whether a server that says that it does not flush its writes is refused. */
  readonly checksDurability: boolean;
}

const portDefault = 5432;
const sslModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof sslModes)[number];
const parametersKnown = ['schema', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'durability'] as const;
const example = 'postgres://USER@HOST:5432/DATABASE';

/**
 * Reads `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?schema=…&sslmode=…`.
 *
 * @throws {StoreOpenError} saying which part is wrong and what is expected; never with the password
 */
export function parsePostgresUrl(url: string): PostgresTarget {
  const shown = shownUrl(url);
  const parts = /^[a-z]+:\/\/(?:([^@/?#]*)@)?([^/?#@]*)(?:\/([^?#/]*))?(?:\?([^#]*))?$/.exec(url);
  if (parts === null) throw new StoreOpenError(shown, `it is not a URL of PostgreSQL. Expected ${example}`);
  const [, credentials = '', hosts = '', database = '', query = ''] = parts;
  const decode = (what: string, text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw new StoreOpenError(shown, `its ${what} has a % that begins no escape. Write % itself as %25`);
    }
  };
  const colon = credentials.indexOf(':');
  const user = decode('user', colon < 0 ? credentials : credentials.slice(0, colon));
  const password = colon < 0 ? '' : decode('password', credentials.slice(colon + 1));
  if (database === '') throw new StoreOpenError(shown, `it names no database. Expected ${example}`);
  const parameters = parseParameters(shown, query, decode);
  return {
    shown,
    servers: hosts.split(',').map((host) => parseServer(shown, decode('host', host))),
    user: user === '' ? null : user,
    password: password === '' ? null : password,
    database: decode('database', database),
    schema: schemaOf(shown, parameters.get('schema') ?? 'godwit'),
    encryptionOf: encryption(shown, parameters),
    checksDurability: durabilityOf(shown, parameters.get('durability') ?? 'checked'),
  };
}

/** Whether a server can only be reached from this machine, so that nobody listens in between. */
function isLocal({ host }: ServerAddress): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host);
}

function parseServer(shown: string, text: string): ServerAddress {
  if (text.startsWith('/')) {
    const [, folder = text, socketPort = String(portDefault)] = /^(.*?)(?::(\d+))?$/.exec(text) ?? [];
    return { host: folder, port: Number(socketPort) };
  }
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? portDefault : Number(port);
  if (host === undefined || host === '' || number < 1 || number > 65_535) {
    throw new StoreOpenError(shown, `it has a server that is not HOST or HOST:PORT. Expected ${example}`);
  }
  return { host, port: number };
}

function parseParameters(
  shown: string,
  query: string,
  decode: (what: string, text: string) => string,
): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = at < 0 ? part : part.slice(0, at);
    if (!parametersKnown.some((known) => known === name)) {
      throw new StoreOpenError(
        shown,
        `its parameter '${name}' is unknown. Known are ${parametersKnown.join(', ')}`,
      );
    }
    parameters.set(name, decode(`parameter '${name}'`, at < 0 ? '' : part.slice(at + 1)));
  }
  return parameters;
}

function schemaOf(shown: string, name: string): string {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(name)) return name;
  const expected = 'expected lower-case letters, digits and underscores, at most 63';
  throw new StoreOpenError(shown, `its schema is '${name}', ${expected}`);
}

function durabilityOf(shown: string, text: string): boolean {
  if (text === 'checked' || text === 'unchecked') return text === 'checked';
  throw new StoreOpenError(shown, `its durability is '${text}', expected checked or unchecked`);
}

function encryption(
  shown: string,
  parameters: ReadonlyMap<string, string>,
): (server: ServerAddress) => Encryption {
  const named = parameters.get('sslmode') ?? null;
  const mode = sslModes.find((known) => known === named) ?? null;
  if (named !== null && mode === null) {
    throw new StoreOpenError(shown, `its sslmode is '${named}', expected one of ${sslModes.join(', ')}`);
  }
  const file = (name: 'sslrootcert' | 'sslcert' | 'sslkey'): string | undefined => {
    const path = parameters.get(name);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, 'utf8');
    } catch (cause) {
      throw new StoreOpenError(shown, `its ${name} cannot be read: ${messageOf(cause)}`, { cause });
    }
  };
  const [ca, cert, key] = [file('sslrootcert'), file('sslcert'), file('sslkey')];
  const files = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  return (server) => {
    // A name that the certificate bears is the only proof of who answers, so other machines have to give it unless told otherwise.
    const chosen: SslMode = mode ?? (isLocal(server) ? 'disable' : 'verify-full');
    if (chosen === 'disable') return false;
    if (chosen === 'require') return { rejectUnauthorized: false, ...files };
    if (chosen === 'verify-ca')
      return { rejectUnauthorized: true, checkServerIdentity: () => undefined, ...files };
    return { rejectUnauthorized: true, ...files };
  };
}

const certificateCodes = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_ISSUER_CERT',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** @returns what to do about a connection that will never come about as it is asked for; null when it may by itself */
export function lastingRefusal(target: PostgresTarget, thrown: unknown): string | null {
  if (thrown instanceof GodwitError) return null;
  const reason = messageOf(thrown);
  const code = codeOf(thrown);
  const user = target.user ?? 'of the operating system';
  if (code === '28P01') {
    return `the server refused the password of user ${user}. Put the right one into PGPASSWORD, or into the URL`;
  }
  if (code === '28000') {
    return `the server refused user ${user}: ${reason}. Allow it in the server's pg_hba.conf, or change sslmode`;
  }
  if (code === '3D000')
    return `there is no database '${target.database}'. Create it: createdb ${target.database}`;
  if (code === '42501') {
    const grant = `GRANT CREATE, CONNECT ON DATABASE "${target.database}" TO "${user}"`;
    return `user ${user} may not use schema ${target.schema} (${reason}). Let its owner say: ${grant}`;
  }
  if (/does not support SSL/.test(reason)) {
    return 'the server does not offer TLS. Turn `ssl` on there, or, on a network that nobody else can listen to, say sslmode=disable';
  }
  if (certificateCodes.has(code)) {
    return `the server's certificate is not trusted (${reason}). Name its authority by sslrootcert=FILE, or trust anybody by sslmode=require`;
  }
  if (/password must be a (?:non-empty )?string/i.test(reason)) {
    return `the server asks for a password of user ${user}, and none was given. Put it into PGPASSWORD, or into the URL`;
  }
  return null;
}

export function codeOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : '';
}
