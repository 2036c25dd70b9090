import { SourceTextModule, SyntheticModule } from 'node:vm';
import type { CompileOutcome } from '../../../src/methods/compiler/contract.ts';
import { faults } from './faults.ts';
import type { Build, Task } from './orders.ts';
import { $, compileBuilds, describe, digest, refusalText } from './parts.ts';
import { observer } from './programs.ts';

export type Exports = Readonly<Record<string, unknown>>;

export type Code =
  { readonly kind: 'compiled'; readonly code: string } | { readonly kind: 'refused'; readonly text: string };

const runtimeSpecifier = 'gate';

/** The builds of a program, with the fault that is planted. */
export function compile(task: Task): Readonly<Record<Build, Code>> {
  const { production, dense } = compileBuilds(task.source, {
    path: 'm.ts',
    digest,
    runtimeSpecifier,
    rewriteSpecifier: (specifier) => specifier,
  });
  const fault = faults.find(({ name }) => name === task.fault);
  const codeOf = (outcome: CompileOutcome): Code => {
    if (outcome.kind === 'refused') return { kind: 'refused', text: refusalText(outcome) };
    return { kind: 'compiled', code: fault?.kind === 'code' ? fault.change(outcome.code) : outcome.code };
  };
  return { dense: codeOf(dense), production: codeOf(production) };
}

const synthetic = new Map<string, SyntheticModule>([
  [runtimeSpecifier, syntheticOf({ $ })],
  [observer, syntheticOf({ describe: (value: unknown) => JSON.stringify(describe(value)) })],
]);

function syntheticOf(values: Exports): SyntheticModule {
  return new SyntheticModule(Object.keys(values), function () {
    for (const [name, value] of Object.entries(values)) this.setExport(name, value);
  });
}

/** The URL under which the modules of one program are loaded. */
export const baseOf = (number: number, build: Build | 'native'): string =>
  `file:///generated/${number}/${build}/`;

/** Evaluates a module in this realm. It is gone when nobody needs it any more: Node.js keeps no record of it. */
export async function load(number: number, build: Build | 'native', code: string): Promise<Exports> {
  const url = `${baseOf(number, build)}m.ts`;
  const module = new SourceTextModule(code, {
    identifier: url,
    initializeImportMeta: (meta) => {
      meta.url = url;
    },
  });
  await module.link((specifier) => {
    const found = synthetic.get(specifier);
    if (found === undefined) throw new Error(`A generated program imports ${specifier}`);
    return found;
  });
  await module.evaluate();
  return module.namespace as Exports;
}

/** Drops what the runtime knows of a program's modules. */
export function unload(number: number): void {
  for (const url of $.modules.keys()) {
    if (url.startsWith(`file:///generated/${number}/`)) $.modules.delete(url);
  }
}
