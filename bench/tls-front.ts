import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { makeCertificate } from "../test/fixtures/certificate.ts";

/** TLS handshakes since they were last asked for. */
export interface Handshakes {
  readonly whole: number;
  /** Of connections that resume the session of another. */
  readonly resumed: number;
}

/** Services that speak TLS, as AWS's do. */
export interface TlsFronts {
  /** The environment with the endpoints of the fronts, for processes that are started with it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly takeHandshakes: () => Handshakes;
  readonly stop: () => void;
}

/**
 * Starts a front for each endpoint of an environment, which ends TLS and passes on what comes.
 *
 * @param folder takes the certificate
 * @throws where `openssl` is missing, which makes the certificate
 */
export async function startTlsFronts(
  environment: Readonly<Record<string, string>>,
  folder: string,
): Promise<TlsFronts> {
  const certificate = makeCertificate();
  if (certificate === null) throw new Error("figures over TLS need the program openssl");
  const authority = join(folder, "authority.pem");
  await writeFile(authority, certificate.cert);
  let handshakes: Handshakes = { whole: 0, resumed: 0 };
  const serve = (port: number) => (socket: TLSSocket) => {
    const { whole, resumed } = handshakes;
    handshakes = socket.isSessionReused() ? { whole, resumed: resumed + 1 } : { whole: whole + 1, resumed };
    const service = connect(port, "127.0.0.1").setNoDelay();
    socket.setNoDelay();
    socket.pipe(service).pipe(socket);
    socket.on("error", () => service.destroy());
    service.on("error", () => socket.destroy());
  };
  const servers: Server[] = [];
  const endpoints = Object.entries(environment).filter(([name]) => name.startsWith("AWS_ENDPOINT_URL"));
  const fronts = endpoints.map(async ([name, url]) => {
    const server = createServer(certificate, serve(Number(new URL(url).port)));
    server.listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return [name, `https://localhost:${(server.address() as AddressInfo).port}`] as const;
  });
  return {
    environment: {
      ...environment,
      ...Object.fromEntries(await Promise.all(fronts)),
      // https://nodejs.org/api/cli.html#node_extra_ca_certsfile: it is read when a process starts.
      NODE_EXTRA_CA_CERTS: authority,
    },
    takeHandshakes() {
      const taken = handshakes;
      handshakes = { whole: 0, resumed: 0 };
      return taken;
    },
    stop() {
      for (const server of servers) server.close();
    },
  };
}
