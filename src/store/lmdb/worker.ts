import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { assert } from '../../core/assert.ts';
import { shareWith, uninterrupted } from './exit-guard.ts';
import { classify, codeOf } from './fault.ts';
import type {
  Failure,
  StoreAnswer,
  StoreReport,
  StoreRequest,
  StoreThreadData,
  ThreadRequest,
  WriteRequest,
} from './messages.ts';
import { RegistryDatabase } from './database.ts';
import { RegistryWatches } from './watches.ts';

/** How many requests are taken up together, and so share one transaction, at most. */
const batchMax = 256;
/** EINVAL: what an LMDB lock answers after the last user of its file took it down. */
const invalidArgument = 22;

const { file, registryBytesMax, exitWords } = workerData as StoreThreadData;
shareWith(exitWords);
/** Of every attached session: all of them learn at once of what any of them commits. */
const sessions = new Set<SessionPort>();

/** One session's port, served until it closes. */
class SessionPort {
  readonly watches: RegistryWatches;
  readonly #database: RegistryDatabase;
  readonly #port: MessagePort;
  readonly #claims: Int32Array;

  constructor(database: RegistryDatabase, port: MessagePort, claims: SharedArrayBuffer) {
    this.#database = database;
    this.#port = port;
    this.#claims = new Int32Array(claims);
    this.watches = new RegistryWatches(database, file, (message) => this.report(message));
    port.on('message', (first: StoreRequest) => this.#take(first));
    port.once('close', () => this.#closed());
    this.report({ kind: 'opened' });
  }

  report(message: StoreReport): void {
    this.#port.postMessage(message);
  }

  end(failure: Failure): void {
    this.report({ kind: 'broken', failure });
    this.#port.close();
  }

  #closed(): void {
    this.watches.stop();
    sessions.delete(this);
  }

  #take(first: StoreRequest): void {
    const requests = [first];
    while (requests.length < batchMax) {
      const next = receiveMessageOnPort(this.#port);
      if (next === undefined) break;
      requests.push(next.message as StoreRequest);
    }
    // Reads first: they must not wait for a write lock that another process may hold.
    const reads = requests.filter(
      (request) => request.kind !== 'cas' && request.kind !== 'drop' && request.kind !== 'close',
    );
    if (reads.length > 0) this.#readAll(reads);
    const writes = requests.filter((request) => request.kind === 'cas' || request.kind === 'drop');
    if (writes.length > 0) {
      this.#write(writes);
      for (const session of sessions) session.watches.lookSoon();
    }
    if (!requests.some((request) => request.kind === 'close')) return;
    this.report({ kind: 'closed' });
    this.#port.close();
  }

  /** All on one snapshot. */
  #readAll(requests: readonly StoreRequest[]): void {
    try {
      this.#database.read(() => {
        for (const request of requests) this.#read(request);
      });
    } catch (thrown) {
      breakAll(classify(thrown, file, 'broken'));
    }
  }

  #read(request: StoreRequest): void {
    switch (request.kind) {
      case 'get':
        return this.#attempt(request.request, () => {
          return { kind: 'entry', request: request.request, entry: this.#database.get(request.key) };
        });
      case 'list':
        return this.#attempt(request.request, () => {
          return { kind: 'entries', request: request.request, entries: this.#database.list(request.prefix) };
        });
      case 'value':
        return this.#attempt(request.request, () => {
          return { kind: 'entry', request: request.request, entry: this.#database.value(request.key) };
        });
      case 'valueKeys':
        return this.#attempt(request.request, () => {
          return { kind: 'keys', request: request.request, keys: this.#database.valueKeys(request.prefix) };
        });
      case 'watch':
        return this.watches.add(request.watch, request.prefix);
      case 'unwatch':
        return this.watches.remove(request.watch);
      case 'cas':
      case 'drop':
      case 'close':
        return;
    }
  }

  #attempt(request: number, ask: () => StoreAnswer): void {
    try {
      this.#answer([ask()]);
    } catch (thrown) {
      this.#answer([{ kind: 'failed', request, failure: classify(thrown, file, 'unavailable') }]);
    }
  }

  #write(requests: readonly WriteRequest[]): void {
    try {
      this.#answer(this.#database.commit(requests, this.#claims));
    } catch (thrown) {
      const failure = classify(thrown, file, 'ambiguous');
      if (failure.kind === 'ambiguous' || failure.kind === 'broken') return breakAll(failure);
      // A damaged row spoils only the call that meets it; a transaction without room may have room for some of its calls.
      if (requests.length > 1) {
        for (const request of requests) this.#write([request]);
        return;
      }
      this.#answer(requests.map(({ request }) => ({ kind: 'failed', request, failure })));
    }
  }

  #answer(answers: readonly StoreAnswer[]): void {
    this.report({ kind: 'answered', answers });
  }
}

/** LMDB refuses further transactions after a commit that failed half-way: this thread is over, and begun calls are in doubt. */
function breakAll(failure: Failure): void {
  for (const session of sessions) session.end(failure);
  parent.close();
}

function openDatabase(): RegistryDatabase | Failure {
  try {
    return uninterrupted(() => new RegistryDatabase(file, registryBytesMax));
  } catch (thrown) {
    return classify(thrown, file, codeOf(thrown) === invalidArgument ? 'broken' : 'unusable');
  }
}

function attach(port: MessagePort, claims: SharedArrayBuffer): void {
  if (database instanceof RegistryDatabase) {
    sessions.add(new SessionPort(database, port, claims));
    return;
  }
  port.postMessage({ kind: 'openFailed', failure: database } satisfies StoreReport);
  port.close();
}

assert(parentPort !== null, 'the store has a thread of its own');
const parent = parentPort;
const database = openDatabase();
parent.on('message', (request: ThreadRequest) => {
  switch (request.kind) {
    case 'attach':
      return attach(request.port, request.claims);
    case 'end':
      if (database instanceof RegistryDatabase) void database.close();
      parent.close();
  }
});
