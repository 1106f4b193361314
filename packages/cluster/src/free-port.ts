import { once } from "node:events";
import { createServer } from "node:net";

/** A port that was asked for cannot be used. Caller: show the message; nothing was started. */
export class PortUnavailableError extends Error {
  override readonly name = "PortUnavailableError";
}

/** Throws PortUnavailableError unless this process could listen on the loopback port now. 0 is always free. */
export async function requireFreePort({
  port,
  option,
}: {
  readonly port: number;
  readonly option: string;
}): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === "EADDRINUSE" ? "is taken by another program" : `cannot be used (${code})`;
    throw new PortUnavailableError(
      `port ${port} ${reason}: give another ${option}, or leave the option out and a free port is chosen`,
    );
  }
  server.close();
  await once(server, "close");
}
