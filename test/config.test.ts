import { expect, test } from 'vitest';
import { assign, configure, ConfigurationError, settingLines } from '../src/config.ts';
import { weightedPolicy } from '../src/placement/placement-policy.ts';
import { leaseDefaults } from '../src/protocols/lease/timing.ts';

test('a name is all that a host needs', () => {
  const config = configure({ name: 'h1' });
  expect(config).toMatchObject({
    name: 'h1',
    rack: 'r1',
    lanes: 0,
    listen: { host: '127.0.0.1', port: 0 },
    lease: { termMs: 3_000, marginMs: 500, renewMs: 750 },
    checkpoints: { everyMs: 1_000 },
    affinity: { enabled: true, threshold: 0.7, hysteresis: 0.01 },
  });
  expect(config.affinity.weights).toEqual({
    originalAffinity: 0.6,
    resourceAvailability: 0.3,
    executionCost: 0.1,
  });
});

test('where servers elect a leader, a lease lasts longer, unless it is said how long', () => {
  const url = 'nats://127.0.0.1:4222,127.0.0.1:4223';
  for (const one of [url, url.replace('nats', 'tls')])
    expect(configure({ name: 'h1' }, one).lease).toEqual({ termMs: 5_000, marginMs: 1_000, renewMs: 1_000 });
  expect(configure({ name: 'h1', lease: { termMs: 9_000 } }, url).lease.termMs).toBe(9_000);
  expect(configure({ name: 'h1' }, 'postgres://localhost/godwit').lease.termMs).toBe(3_000);
  for (const lease of [7, null])
    expect(() => configure({ name: 'h1', lease }, url)).toThrow(ConfigurationError);
});

const wrong: readonly (readonly [string, unknown])[] = [
  ['name', 'Not A Name'],
  ['rack', ''],
  ['labels', 'gpu'],
  ['lanes', -1],
  ['cpuShare', -0.5],
  ['listen.host', 7],
  ['listen.port', 65_536],
  ['advertise.port', 0],
  ['lease.termMs', 499],
  ['lease.marginMs', 49],
  ['lease.renewMs', 49],
  ['checkpoints.everyMs', 19],
  ['checkpoints.bytesPerSecondMax', 0],
  ['snapshots.sizeMaxBytes', 0.5],
  ['migrations.reservationMs', 99],
  ['migrations.concurrentMax', 0],
  ['packages.signing', 'on'],
  ['packages.trustedKeys', 'ed25519:AAAA'],
  ['capacity.executionsMax', 0],
  ['capacity.memoryMax', 1.1],
  ['capacity.ioBytesPerSecond', -1],
  ['capacity.networkBytesPerSecond', -1],
  ['monitor.sampleMs', 19],
  ['monitor.traceMs', 19],
  ['monitor.usageMs', 99],
  ['monitor.executionsMax', 0],
  ['monitor.peersMax', 0],
  ['analyzer.learnMs', 999],
  ['affinity.enabled', 'yes'],
  ['affinity.weights.originalAffinity', 2],
  ['affinity.weights.resourceAvailability', -1],
  ['affinity.weights.executionCost', 'much'],
  ['affinity.threshold', 1.5],
  ['affinity.hysteresis', -0.1],
  ['affinity.coolDownMs', -1],
  ['affinity.movesPerRoundMax', 0],
  ['log', 'loud'],
  ['nothing', 1],
  ['lease.nothing', 1],
];

test.each(wrong)('%s = %j is refused by its name', (key, value) => {
  const settings = assign({ name: 'h1' }, [`${key}=${JSON.stringify(value)}`]);
  let failure: unknown = null;
  try {
    configure(settings);
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(ConfigurationError);
  expect((failure as ConfigurationError).message).toContain(`${key}: `);
});

test('every wrong key is named at once', () => {
  expect(() => configure({ name: 'h1', lanes: -1, lease: { termMs: 1 } })).toThrow(
    /lanes: .*; lease\.termMs: /,
  );
});

test('a setting that does not exist is answered with those that do, and all of them can be listed', () => {
  expect(() => configure({ name: 'h1', leas: {} })).toThrow(
    /leas: there is no such setting, expected one of name, rack, .*lease, /,
  );
  expect(() => configure({ name: 'h1', lease: { term: 1 } })).toThrow(
    'lease.term: there is no such setting, expected one of termMs, marginMs, renewMs.',
  );
  expect(settingLines()).toContain('lease.termMs=3000 lease.marginMs=500 lease.renewMs=750');
});

test('a renewal that could not be lost once is refused, with the numbers', () => {
  expect(() => configure({ name: 'h1', lease: { termMs: 2_000, marginMs: 500, renewMs: 800 } })).toThrow(
    'lease.renewMs: found 800, expected at most half of termMs − marginMs = 1500',
  );
});

test('assignments are JSON where they parse, else text, and leave the given settings alone', () => {
  const settings = { name: 'h1', lease: { termMs: 4_000 } };
  expect(assign(settings, ['lease.marginMs=500', 'rack=r2', 'labels=["gpu"]'])).toEqual({
    name: 'h1',
    rack: 'r2',
    labels: ['gpu'],
    lease: { termMs: 4_000, marginMs: 500 },
  });
  expect(settings).toEqual({ name: 'h1', lease: { termMs: 4_000 } });
  expect(() => assign({}, ['lanes'])).toThrow('--set lanes: expected KEY=VALUE');
});

test('no key reaches beyond the settings', () => {
  expect(() => assign({ name: 'h1' }, ['__proto__.lanes=3'])).toThrow('there is no such setting');
  expect(() => configure(assign({ name: 'h1' }, ['constructor.prototype.lanes=3']))).toThrow('constructor');
  expect(({} as { lanes?: number }).lanes).toBeUndefined();
});

test('what ships as a default is what the pure rooms call the default', () => {
  const { lease, affinity } = configure({ name: 'h1' });
  const { termMs, marginMs, renewEveryMs } = leaseDefaults;
  expect(lease).toEqual({ termMs, marginMs, renewMs: renewEveryMs });
  const { kind: policy, ...common } = weightedPolicy;
  expect(affinity).toEqual({ enabled: true, policy, ...common });
});
