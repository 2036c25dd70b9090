import type { Classified } from './classify.ts';
import type { Encoder } from './encoder.ts';

/** What follows the kind. All that it refers to is numbered. */
export function writeHead(out: Encoder, found: Classified, value: object): void {
  const { heads, strings } = out;
  switch (found.kind) {
    case 'array':
      return heads.whole(found.length);
    case 'date':
      return heads.float64(found.time);
    case 'regExp':
      heads.whole(strings.numberOf(found.source));
      return heads.whole(strings.numberOf(found.flags));
    case 'error':
      return heads.byte(found.place);
    case 'boxed':
      return out.write(heads, found.primitive);
    case 'buffer':
      out.buffers.add(found.bytes);
      heads.whole(found.bytes.length);
      return found.max === null ? undefined : heads.whole(found.max);
    case 'view':
      return writeView(out, found);
    case 'recipe':
      heads.whole(strings.numberOf(found.name));
      return writeList(out, found.args);
    case 'closure':
    case 'class':
      heads.whole(strings.numberOf(found.code));
      writeList(out, found.captured);
      if (found.kind === 'closure') return;
      out.write(heads, found.superclass);
      writeList(out, found.keys);
      return heads.byte((out.privates.get(out.objects.length - 1)?.length ?? 0) > 0 ? 1 : 0);
    case 'bound':
      out.write(heads, found.target);
      out.write(heads, found.self);
      return writeList(out, found.args);
    case 'member':
      out.write(heads, found.home);
      return heads.whole(strings.numberOf(found.member));
    case 'prototypeOf':
      return out.write(heads, found.of);
    case 'external':
      heads.whole(strings.numberOf(found.record.kind));
      heads.byte(found.prototype === null ? 0 : 1);
      return found.prototype === null ? undefined : out.write(heads, found.prototype);
    case 'iterator':
      heads.byte(found.view);
      out.write(heads, found.collection);
      return heads.whole(found.passed);
    case 'saved':
      heads.whole(strings.numberOf(found.name));
      return out.write(heads, out.hints.saved.get(value));
    default:
      return;
  }
}

function writeList(out: Encoder, values: readonly unknown[]): void {
  out.heads.whole(values.length);
  for (const value of values) out.write(out.heads, value);
}

function writeView(out: Encoder, found: Classified & { kind: 'view' }): void {
  const { extent } = found;
  out.heads.byte(found.place);
  out.heads.whole(out.numberOf(extent.buffer) as number);
  out.heads.byte(found.followsLength ? 1 : 0);
  out.heads.whole(extent.byteOffset);
  out.heads.whole(extent.length);
}
