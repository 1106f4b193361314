import { cloudError } from "./aws-errors.ts";

/** Makes an aborted SDK call reject with the signal's reason instead of the SDK's AbortError. */
export async function withAbort<T>(
  signal: AbortSignal | undefined,
  call: (options: { readonly abortSignal?: AbortSignal }) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await call(signal === undefined ? {} : { abortSignal: signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Runs a public operation: AWS's refusals leave as CloudError naming what was attempted. */
export async function attempt<T>(attempted: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw cloudError(error, attempted);
  }
}

/** More pages than any listing has; a service that repeats its token must not hold us forever. */
const PAGES_MAX = 1000;

/** All pages of an EC2-style listing. */
export async function allPages<T>(
  page: (nextToken: string | undefined) => Promise<{
    readonly items: readonly T[] | undefined;
    readonly nextToken: string | undefined;
  }>,
): Promise<T[]> {
  const all: T[] = [];
  let token: string | undefined;
  for (let count = 0; count < PAGES_MAX; count += 1) {
    const { items, nextToken } = await page(token);
    all.push(...(items ?? []));
    if (nextToken === undefined || nextToken === "") return all;
    token = nextToken;
  }
  throw new Error(`a listing did not end after ${PAGES_MAX} pages`);
}
