import * as v from 'valibot';
import { GodwitError, messageOf } from '../core/errors.ts';
import type { LeaseRow } from '../protocols/lease/row.ts';
import { leasePrefix } from '../protocols/lease/row.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import { registerPrefix } from '../protocols/ownership/register.ts';
import type { SeatRow } from '../protocols/seats/candidate.ts';
import { seatPrefix } from '../protocols/seats/candidate.ts';

/** Of the rows below. A row of another version was written by another release. */
export const rowVersion = 1;

/** A registry row that this release cannot read. */
export class RowUnreadableError extends GodwitError {
  override readonly name = 'RowUnreadableError';
  readonly code = 'ROW_UNREADABLE';
  readonly retryable = false;

  constructor(key: string, why: string, cause: unknown) {
    super(`Registry row ${key} cannot be read: ${why}. Run hosts of the same release on one store.`, {
      cause,
    });
  }
}

/** What was shipped when rows began to name it. */
const deathsMaxBefore = 3;

const text = v.pipe(v.string(), v.minLength(1));
const counter = v.pipe(v.number(), v.integer(), v.minValue(0));

const tenure = v.strictObject({ execution: text, epoch: counter, generation: counter });
const host = v.strictObject({ name: text, incarnation: text, rack: text, address: text });

const lease = v.strictObject({ host, phase: v.picklist(['live', 'ended']), renewals: counter });

const affinity = v.strictObject({
  hosts: v.array(text),
  racks: v.array(text),
  labels: v.array(text),
  // Rows that were written before these could be declared have none.
  near: v.optional(v.array(text), []),
  apart: v.optional(v.array(text), []),
  data: v.optional(v.array(text), []),
  matching: v.number(),
  otherwise: v.number(),
});

const recovery = v.variant('kind', [
  v.strictObject({ kind: v.literal('arguments'), vaultKey: text }),
  v.strictObject({
    kind: v.literal('snapshot'),
    vaultKey: text,
    digest: text,
    epoch: counter,
    generation: counter,
    effectSequence: counter,
  }),
]);

const standing = v.variant('phase', [
  v.strictObject({ phase: v.literal('live') }),
  v.strictObject({
    phase: v.literal('settled'),
    // Rows that were written before results had a retention say nothing of it.
    result: v.strictObject({
      vaultKey: text,
      outcome: v.picklist(['returned', 'threw']),
      endedAtMs: v.optional(v.nullable(v.number()), null),
    }),
    fate: v.optional(v.picklist(['unread', 'read', 'gone']), 'unread'),
  }),
  v.strictObject({ phase: v.literal('quarantined'), reason: text }),
  v.strictObject({ phase: v.literal('released') }),
]);

const register = v.strictObject({
  execution: text,
  method: v.strictObject({ package: text, method: text }),
  // Rows that were written before there were durable executions and quarantine say nothing of them.
  deployment: v.strictObject({
    host: text,
    affinity,
    durable: v.optional(v.boolean(), false),
    deathsMax: v.optional(v.pipe(counter, v.minValue(1)), deathsMaxBefore),
  }),
  parent: v.nullable(tenure),
  owner: text,
  epoch: counter,
  generation: counter,
  nonce: text,
  recovery,
  deaths: v.optional(counter, 0),
  standing,
});

const seat = v.strictObject({
  seat: text,
  standing: v.picklist(['held', 'vacant']),
  holder: text,
  term: counter,
  nonce: text,
});

/** How one kind of row is written and read. Rows are JSON: whoever looks into a store can read them. */
export interface RowCodec<Row> {
  readonly prefix: string;
  encode(row: Row): Uint8Array;
  /** @throws {RowUnreadableError} */
  decode(key: string, bytes: Uint8Array): Row;
}

export function codec<Row>(prefix: string, schema: v.GenericSchema): RowCodec<Row> {
  return {
    prefix,
    encode: (row) => new TextEncoder().encode(JSON.stringify({ version: rowVersion, row })),
    decode(key, bytes) {
      let parsed: unknown;
      try {
        parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
      } catch (error) {
        throw new RowUnreadableError(key, messageOf(error), error);
      }
      const outer = v.safeParse(v.object({ version: v.literal(rowVersion), row: schema }), parsed);
      if (!outer.success) {
        const faults = outer.issues.map((issue) => `${v.getDotPath(issue) ?? 'row'}: ${issue.message}`);
        throw new RowUnreadableError(key, faults.join('; '), null);
      }
      return outer.output.row as Row;
    },
  };
}

export const rowCodecs: {
  readonly leases: RowCodec<LeaseRow>;
  readonly registers: RowCodec<RegisterRow>;
  readonly seats: RowCodec<SeatRow>;
} = {
  leases: codec(leasePrefix, lease),
  registers: codec(registerPrefix, register),
  seats: codec(seatPrefix, seat),
};
