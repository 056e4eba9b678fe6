import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'minor' }) => void;

const everyBytes = 8 * 1024 * 1024;
let passedBytes = 0;
let collect: Collect | undefined;

/**
 * Gives back the memory of bytes that have passed: a blob of any size then takes no more than one of a few MiB. By itself V8 begins to
 * collect when 64 MiB of buffers have piled up (measured with 1 GiB on Node 24: 180 MiB of memory in place of 120). A piece that shares
 * its buffer with others is left to V8.
 */
export function release({ buffer, byteLength }: Uint8Array): void {
  // The sockets' own buffers, which are out of reach here, are as large again.
  passedBytes += byteLength;
  if (byteLength === buffer.byteLength) (buffer as { transfer?: (length: number) => unknown }).transfer?.(0);
  if (passedBytes < everyBytes) return;
  passedBytes = 0;
  collect ??= findCollector();
  collect({ type: 'minor' });
}

/** The `gc` of V8, which Node hides unless it is started with a flag that an action cannot give. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('typeof gc === "function" ? gc : undefined');
  return typeof found === 'function' ? (found as Collect) : () => undefined;
}
