import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Compression } from '@delivery/core/domain/backup/name';
import { unpack } from '../unpack.ts';
import type { ScannedDump } from './dump-scan.ts';
import { DumpScanner } from './dump-scan.ts';

/** What a backup's file holds, read from the disk to its end. */
export interface ReadBack extends ScannedDump {
  readonly bytes: number;
  readonly sha256: string;
}

/** Reads it through once: its digest, and what it unpacks to. Throws a Fault `verify-failed` when it does not unpack. */
export async function readBack(path: string, compression: Compression, signal: AbortSignal): Promise<ReadBack> {
  const hash = createHash('sha256');
  const scanner = new DumpScanner();
  let bytes = 0;
  const seen = (packed: Buffer) => {
    hash.update(packed);
    bytes += packed.length;
  };
  const file = await open(path);
  try {
    for await (const chunk of unpack(file, compression, signal, seen)) scanner.write(chunk);
  } finally {
    await file.close();
  }
  return { ...scanner.end(), bytes, sha256: hash.digest('hex') };
}
