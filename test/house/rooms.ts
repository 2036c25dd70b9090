/** One room of the house: the files that it owns, and the rooms whose files these may import besides their own. */
interface Room {
  readonly name: string;
  readonly owns: RegExp;
  readonly imports: readonly string[];
}

const pure = ['protocols', 'placement', 'forecasting', 'methods/compiler', 'methods/snapshot'];
const methods = ['methods/runtime', 'methods/packages'];
const working = ['kernel', 'supervisors', 'actors', 'lanes'];
const drivers = ['system', 'wire', 'store', 'telemetry', 'models'];
const below = ['core', ...pure, 'configuration', ...methods, ...working, 'contracts', ...drivers];

/** Imports go one way: each room stands below those that come after it. The first one that matches owns a file. */
export const rooms: readonly Room[] = [
  { name: 'core', owns: /^core\//, imports: [] },
  ...pure.map((name) => ({ name, owns: new RegExp(`^${name}/`), imports: ['core'] })),
  { name: 'configuration', owns: /^config\.ts$/, imports: ['core'] },
  {
    name: 'system',
    owns: /^(?:clock|random|digest|entries|event-loop-delay|thread-cpu|platform|platform-names|named-properties|held-iterators)\.ts$/,
    imports: ['core'],
  },
  {
    name: 'methods/runtime',
    owns: /^methods\/runtime\//,
    imports: ['core', 'protocols', 'methods/snapshot'],
  },
  { name: 'methods/packages', owns: /^methods\/packages\//, imports: ['core', 'methods/compiler', 'system'] },
  { name: 'kernel', owns: /^actors\/kernel(?:\.ts|\/)/, imports: ['core'] },
  { name: 'supervisors', owns: /^supervisors\//, imports: ['core', 'kernel'] },
  // No actor imports a driver or the lanes: it knows their contracts, and gets them as ports.
  {
    name: 'actors',
    owns: /^actors\//,
    imports: ['core', ...pure, 'configuration', 'kernel', 'supervisors', 'contracts'],
  },
  { name: 'lanes', owns: /^lanes\//, imports: ['core', ...pure, ...methods, 'contracts', 'system'] },
  { name: 'wire', owns: /^wire\//, imports: ['core', ...pure, 'contracts', 'system'] },
  { name: 'store', owns: /^store\//, imports: ['core', ...pure, 'methods/packages', 'contracts', 'system'] },
  { name: 'telemetry', owns: /^telemetry\//, imports: ['core', 'contracts', 'system'] },
  // Forecasters that come as WebAssembly or with a file of weights, behind the contract of `forecasting`.
  { name: 'models', owns: /^models\//, imports: ['core', 'forecasting', 'contracts', 'system'] },
  // Movable files on their way into somebody's program: by Node.js's hooks, and by bundlers.
  { name: 'loader', owns: /^loader\//, imports: ['core', 'methods/compiler', 'methods/packages', 'system'] },
  // The same actors and pure rooms under simulated time: no driver.
  {
    name: 'simulator',
    owns: /^simulator\//,
    imports: ['core', ...pure, 'configuration', ...working, 'contracts'],
  },
  {
    name: 'composition',
    owns: /^(?:host|cluster|cluster-errors|cluster-listing)(?:-[a-z-]+)?\.ts$/,
    imports: below,
  },
  {
    name: 'entrances',
    owns: /^(?:index|register|register-hooks|unplugin-[a-z]+)\.ts$/,
    imports: [...below, 'composition', 'loader'],
  },
  { name: 'testing', owns: /^testing\//, imports: [...below, 'composition', 'simulator'] },
  { name: 'verify', owns: /^verify\//, imports: ['core', ...pure, ...methods, 'system', 'loader'] },
  {
    name: 'cli',
    owns: /^cli\//,
    imports: [...below, 'composition', 'loader', 'testing', 'simulator', 'verify'],
  },
  { name: 'dashboard', owns: /^dashboard\//, imports: [...below, 'composition'] },
];

/** What drivers and lanes offer, and what actors ask for: shapes without code that does anything. */
const contracts = /^(?:lanes|wire|store)\/contract\.ts$|^actors\/ports\.ts$/;

/** Rooms without clock, chance, timers and Node.js: they are told everything. */
export const pureRooms: ReadonlySet<string> = new Set(['core', ...pure]);

/** Rooms that get time and chance through ports, because they run under simulated time as well. */
export const portedRooms: ReadonlySet<string> = new Set([
  ...pureRooms,
  'supervisors',
  'actors',
  'kernel',
  'simulator',
]);

/** The only files that may import a package that one part of the house hides from the others. */
export const hidden: readonly { readonly name: string; readonly by: RegExp }[] = [
  { name: 'nact', by: /^actors\/kernel\.ts$/ },
  { name: 'lmdb', by: /^store\/lmdb(?:\.ts|\/)/ },
  { name: 'pg', by: /^store\/postgres(?:\.ts|\/)/ },
  { name: 'ws', by: /^wire\// },
  { name: 'oxc-parser', by: /^(?:methods\/(?:compiler|packages)|loader|cli\/check|verify)\// },
  { name: 'commander', by: /^cli\// },
  { name: 'arima', by: /^models\// },
  { name: '@bsull/augurs', by: /^models\// },
  { name: '@bsull/augurs-prophet-wasmstan', by: /^models\// },
  { name: 'csv-parse', by: /^cli\// },
];

/** @param path within `src/` */
export function roomOf(path: string): Room | null {
  return rooms.find(({ owns }) => owns.test(path)) ?? null;
}

/** @returns whether a file may import another; both paths are within `src/` */
export function mayImport(from: string, to: string): boolean {
  const importer = roomOf(from);
  const imported = roomOf(to);
  if (importer === null || imported === null) return false;
  if (importer === imported || importer.imports.includes(imported.name)) return true;
  return contracts.test(to) && importer.imports.includes('contracts');
}
