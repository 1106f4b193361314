import { handleGet } from "../rest/read-handlers.ts";
import type { CallHandler } from "../rest/resource-call.ts";
import { handlePatch, handleReplace } from "../rest/write-handlers.ts";

/** Subresources that show the whole object and of which the kind decides what a write may change (status, resize, ...). */
export const VIEW_OF_OBJECT: ReadonlyMap<string, CallHandler> = new Map([
  ["GET", handleGet],
  ["PUT", handleReplace],
  ["PATCH", handlePatch],
]);
