/** What cannot be part of a snapshot, and what to write instead. */
export interface HostValue {
  /** `Response`. */
  readonly type: string;
  readonly instead: string;
}

const within = 'use it inside one effect, and keep what you need of it as plain data';
const reopened = 'resource(open, close), which closes it where it leaves and opens it where it arrives';

const insteads: ReadonlyMap<string, string> = new Map([
  ['Response', "await effect('fetch', {}, () => fetch(url).then((response) => response.json()))"],
  ['Request', 'the URL and options that it is made from'],
  ['FinalizationRegistry', 'a finally block'],
  ...[
    'Agent Blob BroadcastChannel Cipher ClientRequest Decipher Dir EventSource File FileHandle FormData FSWatcher',
    'Hash Hmac ImageData IncomingMessage KeyObject MessageChannel MessagePort Performance PerformanceObserver',
    'ReadableStreamDefaultReader ServerResponse Sign StatWatcher Verify WritableStreamDefaultWriter',
    'CryptoKey SharedArrayBuffer',
  ].flatMap((names) => names.split(' ').map((name) => [name, within] as const)),
  ...[
    'ChildProcess Client ClientHttp2Session Connection Database DatabaseSync Duplex EventEmitter Interface Pool PassThrough',
    'Readable ReadableStream ReadStream ReadLine Resolver Server Socket TLSSocket Transform TransformStream WebSocket',
    'Worker Writable WritableStream WriteStream',
  ].flatMap((names) => names.split(' ').map((name) => [name, reopened] as const)),
]);

/** Functions of Node.js, by their names, and what they give. */
const makers: ReadonlyMap<string, string> = new Map(
  Object.entries({
    connect: 'Socket',
    createBrotliCompress: 'Transform',
    createCipheriv: 'Cipher',
    createConnection: 'Socket',
    createDecipheriv: 'Decipher',
    createGunzip: 'Transform',
    createGzip: 'Transform',
    createHash: 'Hash',
    createHmac: 'Hmac',
    createInterface: 'Interface',
    createReadStream: 'ReadStream',
    createSecureServer: 'Server',
    createServer: 'Server',
    createSocket: 'Socket',
    createWriteStream: 'WriteStream',
    exec: 'ChildProcess',
    execFile: 'ChildProcess',
    fork: 'ChildProcess',
    open: 'FileHandle',
    opendir: 'Dir',
    opendirSync: 'Dir',
    spawn: 'ChildProcess',
    watch: 'FSWatcher',
  }),
);

/** @param name of a class of JavaScript's surroundings: the browser's or Node.js's own */
export function hostValue(name: string): HostValue | null {
  const instead = insteads.get(name);
  return instead === undefined ? null : { type: name, instead };
}

/** @param name of a function that Node.js exports, or of `fetch` */
export function madeBy(name: string): HostValue | null {
  if (name === 'fetch') return hostValue('Response');
  const type = makers.get(name);
  return type === undefined ? null : hostValue(type);
}
