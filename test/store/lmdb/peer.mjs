// Another process with the same store, run by the built program: `node peer.mjs URL COMMAND …`. Reports lines on stdout.
import { existsSync, openSync, readSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { open } from 'lmdb';
import { Gate } from '../../../dist/store/lmdb/gate.js';
import { openStore } from '../../../dist/store/open.js';
import { storeOptions } from '../../../dist/store/options.js';

const [url, command, ...rest] = process.argv.slice(2);
/** Once set, how soon every timer fires. */
let hurriedMs = null;
const clock = {
  monotonicMs: () => performance.now(),
  bootMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(() => fire(), hurriedMs ?? delayMs);
    return () => clearTimeout(timer);
  },
};
const random = { next: Math.random, hex: (bytes) => randomBytes(bytes).toString('hex') };
const options = {
  ...storeOptions({ clock, random }),
  callTimeoutMs: 30_000,
};

/** Written at once, so that a line is out before the process can be killed. */
function say(line) {
  writeSync(1, `${line}\n`);
}

const number = (entry) => (entry === null ? 0 : Number(Buffer.from(entry.value).toString()));
/** One clock for all processes of the machine. */
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

async function increment(store, key, times) {
  for (let done = 0; done < times;) {
    const entry = await store.registry.get(key);
    const next = Buffer.from(String(number(entry) + 1));
    const answer = await store.registry.cas(key, entry?.revision ?? 'absent', next);
    if (answer.kind === 'conflict') continue;
    done += 1;
    say(`acknowledged ${number(entry) + 1}`);
  }
}

/** Reads and claims one key, and reports what it saw and when. Values are unique: `base` and up. */
async function observe(store, key, base, calls) {
  let last = null;
  for (let index = 0; index < calls; index += 1) {
    const beganMs = nowMs();
    if (Math.random() < 0.4) {
      last = await store.registry.get(key);
      const call = { kind: 'read', found: last === null ? null : number(last) };
      say(JSON.stringify({ beganMs, endedMs: nowMs(), call }));
      continue;
    }
    const written = base + index;
    const expected = last === null ? null : number(last);
    const answer = await store.registry.cas(key, last?.revision ?? 'absent', Buffer.from(String(written)));
    const call = { kind: 'cas', expected, written, outcome: answer.kind };
    say(JSON.stringify({ beganMs, endedMs: nowMs(), call }));
    last =
      answer.kind === 'done'
        ? { revision: answer.revision, value: Buffer.from(String(written)) }
        : answer.current;
  }
}

/** Holds the database's write lock until a file appears, without a turn of the event loop. */
function hold(file, release) {
  const root = open({ path: file, noSubdir: true, overlappingSync: false, mapSize: 9 * 2 ** 30, maxDbs: 4 });
  const word = new Int32Array(new SharedArrayBuffer(4));
  root.transactionSync(() => {
    say('holding');
    while (!existsSync(release)) Atomics.wait(word, 0, 0, 5);
  });
  say('released');
}

/** Is inside the gate, as a process that opens the database, until a file appears. */
function enter(file, release) {
  const word = new Int32Array(new SharedArrayBuffer(4));
  new Gate(`${file}-gate`).pass(() => {
    say('inside');
    while (!existsSync(release)) Atomics.wait(word, 0, 0, 5);
  });
}

/** What LMDB does when another program opens the file while it is written to: sets the number of the latest commit back. */
function setBack(file, commits) {
  const lockFile = openSync(`${file}-lock`, 'r+');
  const latest = Buffer.alloc(8); // Of the commit, at byte 8: see mdb.c, MDB_txbody.
  readSync(lockFile, latest, 0, 8, 8);
  latest.writeBigUInt64LE(latest.readBigUInt64LE() - BigInt(commits));
  writeSync(lockFile, latest, 0, 8, 8);
  say(`set back to ${latest.readBigUInt64LE()}`);
}

/** A commit that does not record its own number. */
function foreign(file) {
  const root = open({ path: file, noSubdir: true, overlappingSync: false, mapSize: 9 * 2 ** 30, maxDbs: 4 });
  const head = root.openDB({ name: 'head', encoding: 'binary', keyEncoding: 'binary' });
  root.transactionSync(() => head.putSync(Buffer.from('other'), Buffer.from('1')));
  say('written');
}

/** Reads, and keeps its snapshot for as long as it lives. */
function keepSnapshot(file) {
  const root = open({ path: file, noSubdir: true, overlappingSync: false, mapSize: 9 * 2 ** 30, maxDbs: 4 });
  const head = root.openDB({ name: 'head', encoding: 'binary', keyEncoding: 'binary' });
  say(`reads ${head.getBinary(Buffer.from('head')).byteLength} bytes`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

switch (command) {
  case 'snapshot':
    keepSnapshot(rest[0]);
    break;
  case 'enter':
    enter(rest[0], rest[1]);
    break;
  case 'set-back':
    setBack(rest[0], Number(rest[1]));
    break;
  case 'foreign':
    foreign(rest[0]);
    break;
  case 'reopen':
    for (let opened = 0; opened < Number(rest[0]); opened += 1) await (await openStore(url, options)).close();
    say('reopened');
    break;
  case 'hold':
    hold(rest[0], rest[1]);
    break;
  case 'increment': {
    const store = await openStore(url, options);
    say('open');
    await increment(store, rest[0], Number(rest[1]));
    await store.close();
    say('closed');
    break;
  }
  case 'observe': {
    const store = await openStore(url, options);
    await observe(store, rest[0], Number(rest[1]), Number(rest[2]));
    await store.close();
    break;
  }
  case 'identity': {
    const store = await openStore(url, options);
    say((await store.identity(null)).id);
    await store.close();
    break;
  }
  case 'open':
    try {
      const store = await openStore(url, options);
      say('open');
      const answer = await store.registry.cas('a', 'absent', Buffer.from('1'));
      say(answer.kind);
      say(await store.close());
    } catch (error) {
      say(`${error.name}: ${error.message}`);
    }
    break;
  case 'newer': {
    const root = open({
      path: rest[0],
      noSubdir: true,
      overlappingSync: false,
      mapSize: 9 * 2 ** 30,
      maxDbs: 4,
    });
    const head = root.openDB({ name: 'head', encoding: 'binary', keyEncoding: 'binary' });
    const row = head.getBinary(Buffer.from('head'));
    row.writeUInt32BE(99, 4);
    root.transactionSync(() => head.putSync(Buffer.from('head'), row));
    say('written');
    break;
  }
  case 'fill': // Ends when the file system takes no more.
    try {
      const store = await openStore(url, options);
      for (let index = 0; ; index += 1) {
        await store.registry.cas(`row/${index}`, 'absent', Buffer.alloc(100_000, index % 250));
        say(`acknowledged ${index}`);
      }
    } catch (error) {
      say(`${error.name}: ${error.message}`);
      process.exit(0);
    }
    break;
  case 'give-up':
  case 'abandon': {
    const store = await openStore(url, options);
    say('open');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    hurriedMs = Number(rest[0]);
    const cas = store.registry.cas('a', 'absent', Buffer.from('1')).then(
      (answer) => answer.kind,
      (error) => error.name,
    );
    say(`close: ${await store.close()}, cas: ${await cas}`);
    if (command === 'abandon') process.kill(process.pid, 'SIGKILL');
    process.stdin.destroy();
  }
}
