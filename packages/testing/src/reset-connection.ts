import type { Socket } from 'node:net';

/**
 * Ends a connection by RST (RFC 9293, 3.5.2). One that is being shut down already is only destroyed: Node 24.9's `resetAndDestroy()` leaves
 * such a socket open for ever, and the process then never ends (seen with perf and gdb: it spins in CleanupHandles).
 */
export function resetConnection(socket: Socket | null): void {
  if (!socket) return;
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
