import { StoreAbsentError, StoreOpenError, StoreUnavailableError } from '../errors.ts';
import type { StoreOptions } from '../options.ts';
import type { NatsAddress } from './address.ts';
import { errorCodes } from './link.ts';
import type { NatsLink, Reply } from './link.ts';
import type { Subjects } from './subjects.ts';

const retryMs = 100;
/** An answer can get lost when several sessions make the same stream at once; the next question finds it made. */
const requestMsMax = 750;

interface StreamInfo {
  readonly config: {
    readonly storage: string;
    readonly subjects?: readonly string[];
    readonly max_msgs_per_subject: number;
    readonly max_age: number;
    readonly retention: string;
    readonly deny_delete?: boolean;
    readonly deny_purge?: boolean;
  };
}

/**
 * Finds the two streams, or makes them.
 *
 * @throws {StoreAbsentError} when there are none, and `options.mayCreate` is false
 * @throws {StoreOpenError} when they cannot be used as they are
 * @throws {StoreUnavailableError} when they were neither found nor made within the opening timeout
 */
export async function prepareStreams(
  link: NatsLink,
  address: NatsAddress,
  subjects: Subjects,
  options: StoreOptions,
): Promise<void> {
  // Two copies would need both servers for every change, and three need any two.
  const replicas = Math.max(address.servers.length, link.serverCount) >= 3 ? 3 : 1;
  const endsAtMs = options.clock.monotonicMs() + options.openTimeoutMs;
  for (const stream of [subjects.registry, subjects.objects]) {
    await prepare(link, address, options, { stream, replicas, endsAtMs });
  }
}

interface Wanted {
  readonly stream: string;
  readonly replicas: number;
  /** Monotonic milliseconds. */
  readonly endsAtMs: number;
}

async function prepare(
  link: NatsLink,
  address: NatsAddress,
  options: StoreOptions,
  wanted: Wanted,
): Promise<void> {
  const { stream, endsAtMs } = wanted;
  for (;;) {
    const timeoutMs = Math.max(1, Math.min(requestMsMax, endsAtMs - options.clock.monotonicMs()));
    let reply = await link.ask<StreamInfo>(`STREAM.INFO.${stream}`, null, timeoutMs);
    if (reply.kind === 'failed' && reply.code === errorCodes.streamNotFound) {
      if (!options.mayCreate) throw new StoreAbsentError(address.shown, `it has no stream ${stream}`);
      reply = await link.ask<StreamInfo>(`STREAM.CREATE.${stream}`, configOf(wanted), timeoutMs);
    }
    if (reply.kind === 'answered') return requireConfig(address, stream, reply.body);
    refuse(address, wanted, reply);
    if (options.clock.monotonicMs() >= endsAtMs) {
      const reason = `has no stream ${stream} that can be used: ${reply.reason}. Is JetStream enabled (nats-server -js)`;
      throw new StoreUnavailableError('opening', address.shown, reason);
    }
    await new Promise<void>((resolve) => options.clock.after(retryMs, resolve));
  }
}

function configOf({ stream, replicas }: Wanted): unknown {
  return {
    name: stream,
    subjects: [`${stream}.>`],
    retention: 'limits',
    storage: 'file',
    num_replicas: replicas,
    max_msgs_per_subject: 1,
    // Nothing is ever dropped to make room.
    discard: 'new',
    allow_direct: true,
  };
}

/** What would lose rows without a word. */
function requireConfig(address: NatsAddress, stream: string, { config }: StreamInfo): void {
  const faults: string[] = [];
  if (config.storage !== 'file') faults.push(`storage: found ${config.storage}, expected file`);
  if (config.retention !== 'limits') faults.push(`retention: found ${config.retention}, expected limits`);
  if (config.max_age !== 0) faults.push(`max age: found ${config.max_age} ns, expected none`);
  if (config.max_msgs_per_subject !== 1)
    faults.push(`messages per subject: found ${config.max_msgs_per_subject}, expected 1`);
  if (config.deny_delete === true || config.deny_purge === true)
    faults.push('deletes or purges are denied, expected allowed');
  if (config.subjects?.[0] !== `${stream}.>`)
    faults.push(`subjects: found ${String(config.subjects)}, expected ${stream}.>`);
  if (faults.length === 0) return;
  throw new StoreOpenError(
    address.shown,
    `stream ${stream} is set otherwise than godwit needs it: ${faults.join('; ')}. ` +
      `Name another one (nats://HOST:PORT/NAME), or mend it with: nats stream edit ${stream}`,
  );
}

/** @throws {StoreOpenError} for what repeating does not mend */
function refuse(
  address: NatsAddress,
  { stream, replicas }: Wanted,
  reply: Exclude<Reply<unknown>, { kind: 'answered' }>,
): void {
  if (reply.kind !== 'failed') return;
  switch (reply.code) {
    case errorCodes.jetStreamNotEnabled:
    case errorCodes.jetStreamNotEnabledForAccount:
      throw new StoreOpenError(
        address.shown,
        `JetStream is not enabled (${reply.reason}). Start the servers with -js, or enable it for this account`,
      );
    case errorCodes.storageResourcesExceeded:
    case errorCodes.accountResourcesExceeded:
      throw new StoreOpenError(
        address.shown,
        `there is no room for stream ${stream} with ${replicas} copies (${reply.reason}). ` +
          `Raise the servers' max_file_store, or the account's limits`,
      );
    default:
  }
}
