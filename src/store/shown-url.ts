/**
 * A store's URL as it may be shown: in messages, logs and events. Also one that is wrong, so it hides rather too much: all from the first
 * colon after the scheme to the last `@`, and of a URL without `@` what would be a port and is no number.
 *
 * Of what stands before the `@` only a user's name is left; a driver whose URLs hold a token there instead shows none of it.
 */
export function shownUrl(url: string): string {
  const [, scheme, rest] = /^([a-z][a-z0-9+]*):(.*)$/s.exec(url) ?? [];
  if (scheme === undefined || rest === undefined || scheme === 'lmdb') return url;
  if (!rest.startsWith('//')) return `${scheme}:…`;
  const at = rest.lastIndexOf('@');
  const shown = at < 0 ? withoutStrangePort(rest) : `//${nameOf(scheme, rest.slice(2, at))}${rest.slice(at)}`;
  return `${scheme}:${shown.replaceAll(/(pass(?:word)?=)[^&]*/g, '$1***')}`;
}

function nameOf(scheme: string, credentials: string): string {
  const colon = credentials.indexOf(':');
  if (colon >= 0) return `${credentials.slice(0, colon)}:***`;
  return scheme === 'nats' || scheme === 'tls' ? '***' : credentials;
}

/** Somebody who forgets the host writes a password where a port would stand. */
function withoutStrangePort(rest: string): string {
  return rest.replace(/^(\/\/[^/?#[\]:]*):(?!\d{1,5}(?:[,/?#]|$))[^/?#]*/, '$1:***');
}
