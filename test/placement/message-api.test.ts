import { expectTypeOf, test } from 'vitest';
import type { MigrationDecision, HostReport } from './choosing.ts';
import type { DeclaredAffinity } from '../../src/placement/original-affinity.ts';
import type {
  AffinityDeclaration,
  HostAvailability,
  MigrationRequest,
} from '../../src/protocols/messages.ts';

// Checked by the compiler: pure rooms do not import each other, so each states its own shapes.
test('what the message API carries is what placement takes and gives', () => {
  expectTypeOf<HostAvailability>().toExtend<HostReport>();
  expectTypeOf<MigrationDecision>().toExtend<MigrationRequest>();
  expectTypeOf<AffinityDeclaration>().toEqualTypeOf<DeclaredAffinity>();
});
