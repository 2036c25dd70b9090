import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { classify } from './fault.ts';
import type { CasRequest, StoreAnswer, StoreReport, StoreRequest, StoreThreadData } from './messages.ts';
import { RegistryDatabase } from './database.ts';
import { RegistryWatches } from './watches.ts';

/** How many compare-and-sets share one transaction, at most. */
const batchMax = 256;

const { file, registryBytesMax, claims: claimsBuffer, port } = workerData as StoreThreadData;
const claims = new Int32Array(claimsBuffer);

function report(message: StoreReport): void {
  port.postMessage(message);
}

function openDatabase(): RegistryDatabase | null {
  try {
    const database = new RegistryDatabase(file, registryBytesMax);
    report({ kind: 'opened' });
    return database;
  } catch (thrown) {
    report({ kind: 'openFailed', failure: classify(thrown, file, 'unusable') });
    port.close();
    return null;
  }
}

function serve(database: RegistryDatabase): void {
  const watches = new RegistryWatches(database, file, report);
  port.on('message', (first: StoreRequest) => {
    const requests = [first];
    while (requests.length < batchMax) {
      const next = receiveMessageOnPort(port);
      if (next === undefined) break;
      requests.push(next.message as StoreRequest);
    }
    // Reads first: they must not wait for a write lock that another process may hold.
    database.refresh();
    for (const request of requests) read(database, watches, request);
    const writes = requests.filter((request) => request.kind === 'cas');
    if (writes.length > 0 && !write(database, writes)) return;
    if (writes.length > 0) watches.look();
    if (requests.some((request) => request.kind === 'close')) void close(database, watches);
  });
}

function read(database: RegistryDatabase, watches: RegistryWatches, request: StoreRequest): void {
  switch (request.kind) {
    case 'get':
      return answer([
        attempt(request.request, () => ({
          kind: 'entry',
          request: request.request,
          entry: database.get(request.key),
        })),
      ]);
    case 'list':
      return answer([
        attempt(request.request, () => ({
          kind: 'entries',
          request: request.request,
          entries: database.list(request.prefix),
        })),
      ]);
    case 'watch':
      return watches.add(request.watch, request.prefix);
    case 'unwatch':
      return watches.remove(request.watch);
    case 'cas':
    case 'close':
      return;
  }
}

function attempt(request: number, ask: () => StoreAnswer): StoreAnswer {
  try {
    return ask();
  } catch (thrown) {
    return { kind: 'failed', request, failure: classify(thrown, file, 'unavailable') };
  }
}

function answer(answers: readonly StoreAnswer[]): void {
  report({ kind: 'answered', answers });
}

/** @returns whether the thread can go on */
function write(database: RegistryDatabase, requests: readonly CasRequest[]): boolean {
  try {
    answer(database.commit(requests, claims));
    return true;
  } catch (thrown) {
    // A damaged row spoils only the call that meets it, and a transaction without room may have room for some of its calls.
    if (requests.length > 1) return requests.every((request) => write(database, [request]));
    const failure = classify(thrown, file, 'ambiguous');
    answer(requests.map(({ request }) => ({ kind: 'failed', request, failure })));
    if (failure.kind !== 'ambiguous') return true;
    // LMDB refuses further transactions after a commit that failed half-way: this session is over.
    report({ kind: 'broken', failure });
    port.close();
    return false;
  }
}

async function close(database: RegistryDatabase, watches: RegistryWatches): Promise<void> {
  watches.stop();
  await database.close();
  report({ kind: 'closed' });
  port.close();
}

const database = openDatabase();
if (database !== null) serve(database);
