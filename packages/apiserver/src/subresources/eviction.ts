import type { Pod, PodDisruptionBudget } from "@nodeless/api";
import { matchesLabelSelector } from "@nodeless/api";
import { objectAt } from "../json-value.ts";
import { jsonResponse } from "../request/responses.ts";
import { keyOf, optionsOf, type ResourceCall, readBody } from "../rest/resource-call.ts";
import type { ApiResponse } from "../server.ts";
import type { ServerContext } from "../server-context.ts";
import { badRequest, notFound, StatusError, success, tooManyRequests } from "../status.ts";
import { deleteObject } from "../write/delete.ts";
import { parseDeleteOptions } from "../write/delete-options.ts";
import { timestamp } from "../write/metadata.ts";
import { updateObject } from "../write/update.ts";

const BUDGET_PREFIX = "policy/poddisruptionbudgets";
const REFUSED = "Cannot evict pod as it would violate the pod's disruption budget.";
/** The controller that watches budgets is behind: ten seconds are enough for it to catch up. */
const PROCESSING_RETRY_SECONDS = 10;
/** More pods being disrupted at once than this cannot be recorded in one object. Source: eviction.go MaxDisruptedPodSize. */
const DISRUPTED_PODS_MAX = 2_000;

/** `pods/x/eviction`: a delete that asks the disruption budgets first. Source: kubernetes pkg/registry/core/pod/storage/eviction.go. */
export async function evictPod(call: ResourceCall): Promise<ApiResponse> {
  const body = readBody(call).value;
  const name = objectAt(body, "metadata")["name"];
  if (name !== undefined && name !== "" && name !== call.url.name)
    throw badRequest(`name in URL does not match name in Eviction object`);
  const options = parseDeleteOptions(call.query, objectAt(body, "deleteOptions"));
  const dryRun = options.dryRun || optionsOf(call).dryRun;
  const stored = call.server.cache.latest(keyOf(call));
  if (stored === undefined) throw notFound(call.definition, call.url.name);
  const pod = stored.object as Pod;
  if (!needsNoBudget(pod)) await claimDisruption(call.server, pod, dryRun);
  await deleteObject(call.server, {
    definition: call.definition,
    key: keyOf(call),
    options: { ...options, dryRun, preconditions: { ...options.preconditions, uid: pod.metadata.uid ?? "" } },
    user: call.user,
  });
  return jsonResponse(201, success(undefined, 201));
}

function needsNoBudget({ metadata, status }: Pod): boolean {
  const phase = status?.phase ?? "Pending";
  return phase !== "Running" || metadata.deletionTimestamp !== undefined;
}

async function claimDisruption(server: ServerContext, pod: Pod, dryRun: boolean): Promise<void> {
  const budgets = server.cache
    .collection(BUDGET_PREFIX)
    .list(pod.metadata.namespace ?? "")
    .map(({ object }) => object as PodDisruptionBudget)
    .filter(({ spec }) => matchesLabelSelector(spec?.selector, pod.metadata.labels));
  if (budgets.length > 1)
    throw new StatusError(
      500,
      "InternalError",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  const [budget] = budgets;
  if (budget !== undefined) await claimFrom(server, { budget, pod, dryRun });
}

async function claimFrom(
  server: ServerContext,
  { budget, pod, dryRun }: { readonly budget: PodDisruptionBudget; readonly pod: Pod; readonly dryRun: boolean },
): Promise<void> {
  const definition = server.kinds.find("policy", "v1", "poddisruptionbudgets");
  if (definition === undefined) throw new Error("policy/v1 is not served");
  const { namespace = "", name = "" } = budget.metadata;
  await updateObject(server, {
    definition,
    key: { prefix: BUDGET_PREFIX, namespace, name },
    subresource: "status",
    options: {
      dryRun,
      fieldValidation: "Ignore",
      fieldValidationGiven: true,
      user: { username: "system:apiserver", groups: [] },
    },
    isReplace: false,
    trusted: true,
    change: (old) => withDisruption(old as PodDisruptionBudget, pod, timestamp(server.clock.now())),
  });
}

/** The budget with one disruption less, unchanged for a pod that is already broken, or 429. */
function withDisruption(budget: PodDisruptionBudget, pod: Pod, now: string): PodDisruptionBudget {
  const { status } = budget;
  const name = budget.metadata.name ?? "";
  if (!isReady(pod) && mayEvictUnready(budget)) return budget;
  if ((status?.observedGeneration ?? 0) < (budget.metadata.generation ?? 0))
    throw refused(`The disruption budget ${name} is still being processed by the server.`, PROCESSING_RETRY_SECONDS);
  const allowed = status?.disruptionsAllowed ?? 0;
  const disruptedPods = status?.disruptedPods ?? {};
  if (Object.keys(disruptedPods).length >= DISRUPTED_PODS_MAX)
    throw refused(`DisruptedPods map too big - too many evictions not confirmed by PDB controller`);
  if (allowed <= 0)
    throw refused(
      `The disruption budget ${name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`,
    );
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: allowed - 1,
      disruptedPods: { ...disruptedPods, [pod.metadata.name ?? ""]: now },
    },
  } as PodDisruptionBudget;
}

function refused(cause: string, retryAfterSeconds?: number): StatusError {
  return tooManyRequests(REFUSED, {
    causes: [{ reason: "DisruptionBudget", message: cause }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
}

/** An unready pod takes nothing away from the healthy ones. */
function mayEvictUnready({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}
