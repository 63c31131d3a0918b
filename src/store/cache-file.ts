import { open, readFile, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import { fault } from '../kernel/index.ts';
import { fitsSelector } from '../contract/index.ts';
import type { CacheNews, CacheSelector, CacheStore } from '../contract/index.ts';

/** With which a file of stored answers begins, version included. */
const MAGIC = Buffer.from('bourse-cache-1\n');
const HEADER_BYTES = 8;
/** No record is longer: a length beyond it is damage. */
const RECORD_BYTES_MAX = 8 * 1024 * 1024;
/** The file is written anew when it has so many records, and no more than half of them count. */
const COMPACT_RECORDS_MIN = 1_024;
/** Of the comparisons, the last ones are kept: what was learned from those before is learned again from them. */
const COMPARED_MAX = 20_000;

/**
 * Stored answers in one file, appended to: `length, CRC-32, record` over and over. A record that is
 * torn or damaged ends what is read, and is cut off before anything is appended. It is written anew,
 * beside itself and then renamed, when most of it no longer counts.
 */
export class CacheFile implements CacheStore {
  readonly apiVersion = 1;
  readonly #path: string;
  #file: FileHandle | null = null;
  #end = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  load(nowMs: number): Promise<readonly CacheNews[]> {
    return this.#inTurn(async () => {
      const { news, end, records } = await this.#read();
      const kept = standing(news, nowMs);
      if (records >= COMPACT_RECORDS_MIN && kept.length * 2 <= records) await this.#rewrite(kept);
      else await this.#open(end);
      return kept;
    });
  }

  append(news: readonly CacheNews[]): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#file === null) {
        const { end } = await this.#read();
        await this.#open(end);
      }
      const bytes = Buffer.concat(news.map(recordOf));
      await this.#file!.write(bytes, 0, bytes.length, this.#end);
      await this.#file!.datasync();
      this.#end += bytes.length;
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#file?.close();
      this.#file = null;
    });
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run, run);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #read(): Promise<{
    readonly news: CacheNews[];
    readonly end: number;
    readonly records: number;
  }> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        return { news: [], end: 0, records: 0 };
      throw unusable(this.#path, error);
    }
    if (bytes.length < MAGIC.length && MAGIC.subarray(0, bytes.length).equals(bytes)) {
      return { news: [], end: 0, records: 0 };
    }
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
      throw fault('BRS_STORE', {
        reason: `${this.#path} is not a file of stored answers: name another one under cache.path`,
      });
    }
    return readRecords(bytes);
  }

  /** Cuts off what is behind the last whole record. */
  async #open(end: number): Promise<void> {
    if (this.#file !== null) return;
    try {
      this.#file = await open(this.#path, end === 0 ? 'w+' : 'r+', 0o600);
      if (end === 0) await this.#file.write(MAGIC, 0, MAGIC.length, 0);
      this.#end = end === 0 ? MAGIC.length : end;
      await this.#file.truncate(this.#end);
    } catch (error) {
      throw unusable(this.#path, error);
    }
  }

  async #rewrite(kept: readonly CacheNews[]): Promise<void> {
    const beside = `${this.#path}.new`;
    await this.#file?.close();
    this.#file = null;
    try {
      const file = await open(beside, 'w', 0o600);
      try {
        await file.write(MAGIC);
        for (const news of kept) await file.write(recordOf(news));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.#path);
    } catch (error) {
      await unlink(beside).catch(() => undefined);
      throw unusable(this.#path, error);
    }
    const { end } = await this.#read();
    await this.#open(end);
  }
}

function recordOf(news: CacheNews): Buffer {
  const payload = serialize(news);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([header, payload]);
}

function readRecords(bytes: Buffer): {
  readonly news: CacheNews[];
  readonly end: number;
  readonly records: number;
} {
  const news: CacheNews[] = [];
  let at = MAGIC.length;
  while (at + HEADER_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    const start = at + HEADER_BYTES;
    if (length > RECORD_BYTES_MAX || start + length > bytes.length) break;
    const payload = bytes.subarray(start, start + length);
    if (crc32(payload) !== bytes.readUInt32LE(at + 4)) break;
    news.push(deserialize(payload) as CacheNews);
    at = start + length;
  }
  return { news, end: at, records: news.length };
}

/** What still counts, in order. */
function standing(news: readonly CacheNews[], nowMs: number): readonly CacheNews[] {
  const gone = new Set<string>();
  const stored = new Set<string>();
  const forgotten: CacheSelector[] = [];
  let compared = 0;
  const kept: CacheNews[] = [];
  for (let i = news.length - 1; i >= 0; i--) {
    const each = news[i]!;
    if (each.kind === 'removed') {
      for (const id of each.ids) gone.add(id);
    } else if (each.kind === 'rejected') {
      gone.add(each.decision);
    } else if (each.kind === 'forgotten') {
      forgotten.push(each.selector);
    } else if (each.kind === 'compared') {
      if (compared++ < COMPARED_MAX) kept.push(each);
    } else {
      const { id, expiresAtMs } = each.entry;
      if (gone.has(id) || stored.has(id) || expiresAtMs <= nowMs) continue;
      if (forgotten.some((selector) => fitsSelector(each.entry, selector))) continue;
      stored.add(id);
      kept.push(each);
    }
  }
  return kept.toReversed();
}

function unusable(path: string, error: unknown): Error {
  const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  return fault('BRS_STORE', { reason: `${path} cannot be used (${reason})` }, { cause: error });
}
