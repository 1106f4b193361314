import { isNotFound } from "@nodeless/runtime";

/** Waits for a write to an object that may be gone already; undefined when it was. */
export async function ignoreMissing<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
