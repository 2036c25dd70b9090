import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { RegistryFault } from './fault.ts';

// Where things stand in LMDB's data file (data version 2, little-endian), see mdb.c: MDB_page_header, MDB_meta, MDB_node.
const headerBytes = 24;
const metaMagic = 0xbeefc0de;
const dataVersion = 2;
const pageBranch = 0x01;
const pageLeaf = 0x02;
const pageOverflow = 0x04;
const pageMeta = 0x08;
const nodeBigData = 0x01;
const nodeSubData = 0x02;
const nodeHeaderBytes = 8;
const noRoot = 0xffff_ffff_ffff_ffffn;
const attemptsMax = 5;

/** One open data file and the commit that is walked. */
interface Walk {
  readonly file: string;
  readonly descriptor: number;
  readonly pageBytes: number;
  readonly pagesInFile: number;
  readonly transaction: bigint;
  readonly roots: readonly bigint[];
}

/**
 * Refuses a damaged database file before LMDB maps it into memory: LMDB trusts its pages, and ends the process (not the
 * thread) when one of them is garbage or lies beyond the end of the file.
 *
 * Reads every branch and leaf page of the latest commit. A commit by another process meanwhile may reuse pages that are being
 * walked, so damage counts only if the same commit is still the latest; if it never is, the file is in use and alive.
 *
 * @throws {RegistryFault} naming the file, which is left as it is. A file that is absent or empty is in order.
 */
export function checkFile(file: string): void {
  if (!existsSync(file)) return;
  const descriptor = openSync(file, 'r');
  try {
    if (fstatSync(descriptor).size === 0) return;
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const walk = begin(file, descriptor);
      try {
        for (const root of walk.roots) walkTree(walk, root);
        return;
      } catch (fault) {
        if (begin(file, descriptor).transaction === walk.transaction) throw fault;
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/** The number of the latest commit whose header is in the file, flushed or not. */
export function latestCommit(file: string, descriptor: number): number {
  return Number(begin(file, descriptor).transaction);
}

function begin(file: string, descriptor: number): Walk {
  const first = readMeta(file, descriptor, 0);
  const second = readMeta(file, descriptor, first.pageBytes);
  const latest = second.transaction > first.transaction ? second : first;
  const pagesInFile = Math.floor(fstatSync(descriptor).size / latest.pageBytes);
  return { file, descriptor, pagesInFile, ...latest };
}

function readMeta(
  file: string,
  descriptor: number,
  offset: number,
): Pick<Walk, 'pageBytes' | 'transaction' | 'roots'> {
  const page = Buffer.alloc(160);
  const read = readSync(descriptor, page, 0, page.byteLength, offset);
  if (
    read !== page.byteLength ||
    (page.readUInt16LE(18) & pageMeta) === 0 ||
    page.readUInt32LE(headerBytes) !== metaMagic ||
    (page.readUInt32LE(headerBytes + 4) & 0xffff) !== dataVersion
  ) {
    throw RegistryFault.corrupt(file, `it has no LMDB header at byte ${offset}`);
  }
  const pageBytes = page.readUInt32LE(48);
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) {
    throw RegistryFault.corrupt(file, `its page size is ${pageBytes}`);
  }
  // Two trees: the free list, and the main tree, which holds the named tables.
  const roots = [page.readBigUInt64LE(48 + 40), page.readBigUInt64LE(96 + 40)];
  return { pageBytes, transaction: page.readBigUInt64LE(152), roots };
}

function walkTree(walk: Walk, root: bigint): void {
  if (root === noRoot) return;
  const pending: bigint[] = [root];
  let pagesLeft = walk.pagesInFile;
  for (let page = pending.pop(); page !== undefined; page = pending.pop()) {
    if ((pagesLeft -= 1) < 0) throw damage(walk, page, 'its tree has a cycle');
    pending.push(...checkPage(walk, page));
  }
}

/** @returns the pages that this one refers to, those of named tables included */
function checkPage(walk: Walk, number: bigint): bigint[] {
  const page = readPage(walk, number);
  const flags = page.readUInt16LE(18);
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  const space = walk.pageBytes - headerBytes;
  if (lower > upper || upper > space || lower % 2 !== 0)
    throw damage(walk, number, 'its bounds are impossible');
  if ((flags & (pageBranch | pageLeaf)) === 0) throw damage(walk, number, 'it is not part of a tree');
  const children: bigint[] = [];
  for (let index = 0; index < lower / 2; index += 1) {
    const at = page.readUInt16LE(headerBytes + 2 * index);
    if (at < upper || at + nodeHeaderBytes > space)
      throw damage(walk, number, `node ${index} lies outside it`);
    const node = page.subarray(headerBytes + at);
    children.push(...((flags & pageBranch) === 0 ? checkLeaf(walk, number, node) : [childOf(node)]));
  }
  return children;
}

function childOf(node: Buffer): bigint {
  return BigInt(node.readUInt32LE(0)) | (BigInt(node.readUInt16LE(4)) << 32n);
}

function checkLeaf(walk: Walk, number: bigint, node: Buffer): bigint[] {
  const flags = node.readUInt16LE(4);
  const dataBytes = node.readUInt32LE(0);
  const data = nodeHeaderBytes + node.readUInt16LE(6);
  const inPageBytes = (flags & nodeBigData) === 0 ? dataBytes : 24;
  if (data + inPageBytes > node.byteLength) throw damage(walk, number, 'a row reaches beyond it');
  if ((flags & nodeBigData) !== 0) {
    checkOverflow(walk, node.readBigUInt64LE(data), dataBytes);
    return [];
  }
  if ((flags & nodeSubData) === 0) return [];
  const root = node.readBigUInt64LE(data + 40);
  return root === noRoot ? [] : [root];
}

function checkOverflow(walk: Walk, number: bigint, dataBytes: number): void {
  const page = readPage(walk, number);
  const pages = page.readUInt32LE(20);
  if ((page.readUInt16LE(18) & pageOverflow) === 0 || pages * walk.pageBytes < headerBytes + dataBytes) {
    throw damage(walk, number, 'it is not the value that a row refers to');
  }
  if (Number(number) + pages > walk.pagesInFile)
    throw damage(walk, number, 'it reaches beyond the end of the file');
}

function readPage(walk: Walk, number: bigint): Buffer {
  if (number < 2n || number >= BigInt(walk.pagesInFile)) {
    throw damage(walk, number, `the file ends at page ${walk.pagesInFile}`);
  }
  const page = Buffer.alloc(walk.pageBytes);
  readSync(walk.descriptor, page, 0, walk.pageBytes, Number(number) * walk.pageBytes);
  if (page.readBigUInt64LE(0) !== number) throw damage(walk, number, 'it carries another number');
  return page;
}

function damage(walk: Walk, page: bigint, reason: string): RegistryFault {
  return RegistryFault.corrupt(walk.file, `page ${page}: ${reason}`);
}
