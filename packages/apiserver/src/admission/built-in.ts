import type { Random } from "@nodeless/environment";
import type { ObjectCache } from "../cache/object-cache.ts";
import type { AdmissionPlugin } from "../server.ts";
import { certificateRequestor } from "./certificate-requestor.ts";
import { defaultTolerations } from "./default-tolerations.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { priority } from "./priority.ts";
import { serviceAccount } from "./service-account.ts";
import { taintNewNodes } from "./taint-new-nodes.ts";

/** The plugins every cluster has, in the real server's order. Source: kubernetes pkg/kubeapiserver/options/plugins.go. */
export function builtInAdmission(options: {
  readonly cache: ObjectCache;
  readonly random: Random;
}): readonly AdmissionPlugin[] {
  const { cache, random } = options;
  return [
    namespaceLifecycle(cache),
    serviceAccount({ cache, random }),
    taintNewNodes(),
    priority(cache),
    defaultTolerations(),
    certificateRequestor(),
  ];
}
