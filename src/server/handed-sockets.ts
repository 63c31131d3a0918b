import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** What a shutdown needs of whatever lets connections in. */
export interface Doorway {
  /** No further connection comes; calls back once none is open. */
  close(onClosed: () => void): unknown;
  closeIdleConnections(): void;
  closeAllConnections(): void;
}

/**
 * Connections that another process has accepted for an HTTP server. It does for them what a server
 * that listens does for its own: half-open sockets, the ceiling, and the count that a shutdown awaits.
 */
export class HandedSockets implements Doorway {
  readonly #server: Server;
  readonly #onClosing: () => void;
  #open = 0;
  #onClosed: (() => void) | null = null;

  /** `onClosing`: a shutdown has come so far that connections should go elsewhere. */
  constructor(server: Server, onClosing: () => void) {
    this.#server = server;
    this.#onClosing = onClosing;
    // Only a server that listens counts its connections and enforces the time-outs of heads and bodies.
    server.emit('listening');
  }

  get open(): number {
    return this.#open;
  }

  /** Takes over a socket of which nothing has been read. */
  take(socket: Socket): void {
    if (this.#open >= this.#server.maxConnections) {
      socket.destroy();
      return;
    }
    this.#open++;
    socket.allowHalfOpen = true;
    socket.once('close', () => {
      this.#open--;
      this.#tellClosed();
    });
    this.#server.emit('connection', socket);
  }

  close(onClosed: () => void): void {
    this.#onClosed = onClosed;
    this.#server.close();
    this.#onClosing();
    this.#tellClosed();
  }

  closeIdleConnections(): void {
    this.#server.closeIdleConnections();
  }

  closeAllConnections(): void {
    this.#server.closeAllConnections();
  }

  #tellClosed(): void {
    if (this.#open === 0) this.#onClosed?.();
  }
}
