import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Whether a peer is on this machine: https://www.rfc-editor.org/rfc/rfc6890#section-2.2.2 */
export const isLoopback = (address: string | undefined) => /^(?:::1$|(?:::ffff:)?127\.)/.test(address ?? "");

/**
 * Whether a browser sends a request, or a name that a website rebinds leads it here. An SDK's request has neither header, and names the
 * address or, for a queue, a name below localhost.
 */
export function isOfBrowser({ origin, host = "", "sec-fetch-site": site }: IncomingMessage["headers"]): boolean {
  return (
    origin !== undefined || site !== undefined || !/^(?:127\.0\.0\.1|(?:[\w.-]+\.)?localhost)(?::\d+)?$/i.test(host)
  );
}

/**
 * Guards servers of this process that check nothing by themselves: connections from other machines, and requests of browsers, are
 * broken. One of the emulators listens on every address, and both accept any credentials.
 *
 * @param ports what the servers listen on
 * @returns what ends the guard
 */
export function guardLoopback(ports: ReadonlySet<number>): () => void {
  // https://nodejs.org/api/diagnostics_channel.html#built-in-channels
  const channels = {
    "net.server.socket": (message: unknown) => {
      const { socket } = message as { readonly socket: Socket };
      if (ports.has(socket.localPort ?? 0) && !isLoopback(socket.remoteAddress)) socket.destroy();
    },
    "http.server.request.start": (message: unknown) => {
      const { request, socket } = message as { readonly request: IncomingMessage; readonly socket: Socket };
      if (ports.has(socket.localPort ?? 0) && isOfBrowser(request.headers)) socket.destroy();
    },
  };
  for (const [name, listener] of Object.entries(channels)) subscribe(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(channels)) unsubscribe(name, listener);
  };
}
