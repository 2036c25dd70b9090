import { parseAddress as parseNatsUrl } from '../../store/nats/address.ts';
import { parsePostgresUrl } from '../../store/postgres/url.ts';
import { formatAddress } from '../../wire/address.ts';

/** A store's servers, and its URL with other servers in their place. */
export interface StoreServers {
  /** `host:port` each; none when the store is a folder, or is reached through a socket of this machine. */
  readonly servers: readonly string[];
  readonly through: (servers: readonly string[]) => string;
}

/** @throws {StoreOpenError} when the URL is wrong */
export function serversOf(url: string): StoreServers {
  const servers = found(url);
  const hosts = /^([a-z]+:\/\/(?:[^@/?#]*@)?)[^/?#]*(.*)$/.exec(url);
  if (hosts === null || servers.length === 0) return { servers: [], through: () => url };
  const [, before = '', after = ''] = hosts;
  return { servers, through: (others) => `${before}${others.join(',')}${after}` };
}

function found(url: string): readonly string[] {
  if (/^(?:nats|tls):/.test(url)) return parseNatsUrl(url).servers;
  if (!/^postgres(?:ql)?:/.test(url)) return [];
  const { servers } = parsePostgresUrl(url);
  if (servers.some(({ host }) => host.startsWith('/'))) return [];
  return servers.map(({ host, port }) => formatAddress(host, port));
}
