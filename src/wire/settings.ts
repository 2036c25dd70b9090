import type { IncarnationId } from '../core/ids.ts';
import type { Clock, Random } from '../core/ports.ts';
import type { LinksListener } from './contract.ts';

/** Bounds and times of links and bulk transfers. */
export interface WireSettings {
  /** Largest frame, and so largest encoded envelope, that is sent or accepted. */
  readonly frameMaxBytes: number;
  /** A batch is closed when it exceeds this. */
  readonly batchMaxBytes: number;
  readonly batchMaxCount: number;
  /** What may wait for one peer; beyond it `send` answers `full`. */
  readonly queueMaxBytes: number;
  readonly queueMaxCount: number;
  /** No more frames are handed to a connection while this many bytes wait in it. */
  readonly socketMaxBytes: number;
  /** Links that stand, and doors that others knock at, at one time. */
  readonly linksMax: number;
  readonly challengesMax: number;
  /** At most a quarter of `silenceMaxMs` is used. */
  readonly heartbeatEveryMs: number;
  /** Rule 10: the lease's term less its margin. No frame is read that is older than this. */
  readonly silenceMaxMs: number;
  readonly handshakeMaxMs: number;
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** Cargo up to this size travels inside the message. */
  readonly cargoInlineMaxBytes: number;
  readonly cargoMaxBytes: number;
  /** What a source may hold for targets to pull. */
  readonly cargoHeldMaxBytes: number;
  readonly cargoOfferMs: number;
  readonly chunkBytes: number;
  /** Pulls at one time, on the target and on the source. */
  readonly pullsMax: number;
  readonly pullsWaitingMax: number;
  /** A pull that gains no byte for so long has failed. */
  readonly pullSilenceMaxMs: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

export const wireDefaults: WireSettings = {
  frameMaxBytes: 16 * MiB,
  batchMaxBytes: 256 * KiB,
  batchMaxCount: 1024,
  queueMaxBytes: 32 * MiB,
  queueMaxCount: 16_384,
  socketMaxBytes: MiB,
  linksMax: 1024,
  challengesMax: 256,
  heartbeatEveryMs: 250,
  silenceMaxMs: 2500,
  handshakeMaxMs: 2000,
  backoffFirstMs: 20,
  backoffMaxMs: 2000,
  cargoInlineMaxBytes: 64 * KiB,
  cargoMaxBytes: 1024 * MiB,
  cargoHeldMaxBytes: 1024 * MiB,
  cargoOfferMs: 30_000,
  chunkBytes: 512 * KiB,
  pullsMax: 4,
  pullsWaitingMax: 256,
  pullSilenceMaxMs: 5000,
};

/** What the composition root gives to the wire. */
export interface WirePorts {
  readonly self: IncarnationId;
  /** Known to every host and client of the cluster; at least 16 bytes. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  /** Nonces and tickets come from here: cryptographically strong, outside of simulations. */
  readonly random: Random;
  /**
   * Whether this host's own lease is surely live. While it is not, no link is opened and no envelope leaves. A
   * client has no lease and always may.
   */
  readonly mayOpen: () => boolean;
  readonly listener: LinksListener;
  readonly settings: WireSettings;
}
