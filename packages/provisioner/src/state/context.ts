import type { CloudProvider } from "@nodeless/cloud";
import type { Clock, Logger, Random } from "@nodeless/environment";
import type { EventRecorder, KubernetesClient } from "@nodeless/runtime";
import type { ProvisionerSettings } from "../settings/settings.ts";
import type { ClusterCache } from "./cluster-cache.ts";
import type { ExpiringKeys } from "./expiring-keys.ts";
import type { TemplateReadiness } from "./template-readiness.ts";
import type { UnavailableOfferings } from "./unavailable-offerings.ts";

/** What every controller of one running provisioner shares. */
export interface ProvisionerContext {
  readonly client: KubernetesClient;
  readonly cloud: CloudProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly settings: ProvisionerSettings;
  readonly cache: ClusterCache;
  readonly events: EventRecorder;
  /** Names of claims that pods are on their way to: they are not taken for empty. In memory only, as upstream (karpenter.md §3.10). */
  readonly nominations: ExpiringKeys;
  readonly offerings: UnavailableOfferings;
  readonly templates: TemplateReadiness;
  /** Asks for a scheduling pass soon; `uid` tells repeated wishes of one object apart. */
  readonly requestScheduling: (uid: string) => void;
}
