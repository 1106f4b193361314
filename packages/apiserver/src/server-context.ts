import type { Clock, Logger, Random } from "@nodeless/environment";
import type { AdmissionChain } from "./admission/admission-chain.ts";
import type { ObjectCache } from "./cache/object-cache.ts";
import type { ServedKinds } from "./kind-registry.ts";
import type { WriteHooks } from "./write/write-hooks.ts";

/** What the parts of one server share. */
export interface ServerContext {
  readonly cache: ObjectCache;
  readonly kinds: ServedKinds;
  readonly admission: AdmissionChain;
  readonly hooks: WriteHooks;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}
