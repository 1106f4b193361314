import type { ServerContext } from "../server-context.ts";
import { badRequest, resourceVersionTooLarge } from "../status.ts";

/** As the real server's watch cache: a client may be ahead of us by a write that is being acknowledged, not by more. */
const REVISION_WAIT_MS = 3_000;

/** A resourceVersion parameter: undefined when unset. Throws 400 unless it is a decimal number. */
export function parseRevision(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`invalid resource version "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  return Number(text);
}

/** Resolves when the server has reached a revision; 504 if that does not happen soon. */
export function waitForRevision(server: ServerContext, revision: number): Promise<void> {
  const { cache, clock } = server;
  if (cache.revision >= revision) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(REVISION_WAIT_MS, () => {
      stopWaiting();
      reject(resourceVersionTooLarge(revision, cache.revision));
    });
    const stopWaiting = cache.onRevision(revision, () => {
      timer.cancel();
      resolve();
    });
  });
}
