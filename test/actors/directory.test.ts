import { expect, test } from 'vitest';
import { Directory } from '../../src/actors/directory.ts';
import type { Table, TableChange, Tables } from '../../src/actors/ports.ts';
import { hostName, incarnationId, rackName } from '../../src/core/ids.ts';
import type { LeaseRow } from '../../src/protocols/lease/row.ts';

/** A directory, and who tells it what the leases are. */
function directory(): { directory: Directory; leases: (change: TableChange<LeaseRow>) => void } {
  const listeners: ((change: TableChange<LeaseRow>) => void)[] = [];
  const table = <Row>(watch: Table<Row>['watch']): Table<Row> => ({ watch }) as Table<Row>;
  const silent = table<never>(() => () => undefined);
  const tables: Tables = {
    leases: table<LeaseRow>((listener) => {
      listeners.push(listener);
      return () => undefined;
    }),
    registers: silent,
    seats: silent,
  };
  const made = new Directory();
  made.start(tables);
  return { directory: made, leases: (change) => listeners.forEach((listener) => listener(change)) };
}

function lease(name: string, start: number, rack = 'r1', phase: LeaseRow['phase'] = 'live') {
  const host = {
    name: hostName(name),
    rack: rackName(rack),
    incarnation: incarnationId(`${name}.${start}`),
    endpoint: { host: '127.0.0.1', port: 1 },
  };
  return { row: { host, phase, renewals: 1 } as unknown as LeaseRow, revision: start };
}

const names = (found: Directory): readonly string[] => found.hosts().map(({ incarnation }) => incarnation);

test('the hosts are those whose leases stand now, by name, whoever asked before', () => {
  const { directory: found, leases } = directory();
  expect(names(found)).toEqual([]);
  leases({ complete: true, rows: [lease('h2', 1), lease('h1', 1), lease('h3', 1, 'r2')], removed: [] });
  expect(names(found)).toEqual(['h1.1', 'h2.1', 'h3.1']);
  expect(found.racks()).toEqual(['r1', 'r2']);
  leases({ complete: false, rows: [lease('h3', 1, 'r2', 'ended')], removed: [] });
  expect(names(found)).toEqual(['h1.1', 'h2.1']);
  expect(found.host(hostName('h3'))).toBeNull();
  expect(found.racks()).toEqual(['r1']);
  leases({ complete: false, rows: [lease('h3', 2, 'r2')], removed: [incarnationId('h1.1')] });
  expect(names(found)).toEqual(['h2.1', 'h3.2']);
  expect(found.host(hostName('h1'))).toBeNull();
  leases({ complete: true, rows: [lease('h9', 1)], removed: [] });
  expect(names(found)).toEqual(['h9.1']);
});

test('of two incarnations of a name that both stand, the one that was written first is the host', () => {
  const { directory: found, leases } = directory();
  leases({ complete: true, rows: [lease('h1', 2), lease('h1', 1)], removed: [] });
  expect(found.host(hostName('h1'))?.incarnation).toBe('h1.2');
  leases({ complete: false, rows: [lease('h1', 2, 'r1', 'ended')], removed: [] });
  expect(found.host(hostName('h1'))?.incarnation).toBe('h1.1');
});

test('whoever hears of a change sees it', () => {
  const { directory: found, leases } = directory();
  leases({ complete: true, rows: [lease('h1', 1)], removed: [] });
  let seen: readonly string[] = names(found);
  found.onChange(() => (seen = names(found)));
  leases({ complete: false, rows: [lease('h2', 1)], removed: [] });
  expect(seen).toEqual(['h1.1', 'h2.1']);
});
