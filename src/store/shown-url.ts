/**
 * A store's URL as it may be shown: in messages, logs and events.
 *
 * Of what stands before the `@` only a user's name is left; a driver whose URLs hold a token there instead shows none of it.
 */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+]*):\/\/([^/?#]*)@/, (_whole, scheme: string, credentials: string) => {
    const colon = credentials.indexOf(':');
    if (colon >= 0) return `${scheme}://${credentials.slice(0, colon)}:***@`;
    return scheme === 'nats' || scheme === 'tls' ? `${scheme}://***@` : `${scheme}://${credentials}@`;
  });
}
