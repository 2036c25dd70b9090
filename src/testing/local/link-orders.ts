import type { LinkRule } from './link-rules.ts';

/** What the thread of the links is told; each order is answered once. */
export type LinkOrder =
  /** -> the port at which the others reach the host */
  | { readonly kind: 'openHost'; readonly host: string }
  /** -> one port for each server, in their order */
  | { readonly kind: 'openStore'; readonly host: string; readonly servers: readonly string[] }
  /** Where a host listens from now on. */
  | { readonly kind: 'target'; readonly host: string; readonly address: string }
  | { readonly kind: 'rule'; readonly from: string; readonly to: string; readonly rule: LinkRule }
  | { readonly kind: 'break'; readonly between: readonly [string, string] };

export interface NumberedOrder {
  readonly number: number;
  readonly order: LinkOrder;
}

export interface LinkAnswer {
  readonly number: number;
  readonly ports: readonly number[];
  /** Why it could not be done; null when it was. */
  readonly failure: string | null;
}
