import {
  CreateFargateProfileCommand,
  DeleteFargateProfileCommand,
  DescribeFargateProfileCommand,
  type EKSClient,
  type FargateProfile,
  paginateListFargateProfiles,
} from "@aws-sdk/client-eks";
import type { Clock } from "@nodeless/environment";
import type { FargateProfileSpec } from "./spec/cluster-spec.ts";

/** What working on profiles needs. */
export interface FargateProfileContext {
  readonly eks: EKSClient;
  readonly clusterName: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly pollMs: number;
}

/** EKS needs 20 s to 6 min for a creation; deletions of 20 min have been reported. */
const CREATE_TIMEOUT_MS = 25 * 60_000;
const DELETE_TIMEOUT_MS = 30 * 60_000;

/** Every profile of the cluster, by name. */
export async function listFargateProfiles({
  eks,
  clusterName,
}: Pick<FargateProfileContext, "eks" | "clusterName">): Promise<readonly FargateProfile[]> {
  const names: string[] = [];
  for await (const page of paginateListFargateProfiles({ client: eks }, { clusterName }))
    names.push(...(page.fargateProfileNames ?? []));
  const profiles = await Promise.all(names.sort().map((name) => describeFargateProfile({ eks, clusterName }, name)));
  return profiles.filter((profile) => profile !== undefined);
}

/** One profile, or undefined. */
export async function describeFargateProfile(
  { eks, clusterName }: Pick<FargateProfileContext, "eks" | "clusterName">,
  name: string,
): Promise<FargateProfile | undefined> {
  try {
    return (await eks.send(new DescribeFargateProfileCommand({ clusterName, fargateProfileName: name })))
      .fargateProfile;
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

/**
 * Creates a profile and waits until it is ACTIVE; an equal one is taken as it is. Waits while another profile of the cluster is
 * being created or deleted, as EKS serializes them. Throws when a different profile has the name: profiles are immutable.
 */
export async function ensureFargateProfile(
  context: FargateProfileContext,
  profile: FargateProfileSpec,
  roleArn: string,
): Promise<"created" | "unchanged"> {
  const existing = await describeFargateProfile(context, profile.name);
  if (existing !== undefined) refuseDifference(profile, existing);
  else await create(context, profile, roleArn);
  await waitUntilActive(context, profile.name);
  return existing === undefined ? "created" : "unchanged";
}

/** Starts the deletion; with `wait`, returns when the profile is gone. Throws EKS's ResourceNotFoundException if there is none. */
export async function deleteFargateProfile(
  context: FargateProfileContext,
  name: string,
  options: { readonly wait: boolean },
): Promise<void> {
  await context.eks.send(
    new DeleteFargateProfileCommand({ clusterName: context.clusterName, fargateProfileName: name }),
  );
  if (!options.wait) return;
  await waitFor(
    context,
    DELETE_TIMEOUT_MS,
    async () => ((await describeFargateProfile(context, name)) === undefined ? true : undefined),
    `Fargate profile ${name} is still being deleted after 30 minutes`,
  );
}

async function create(context: FargateProfileContext, profile: FargateProfileSpec, roleArn: string): Promise<void> {
  const command = new CreateFargateProfileCommand({
    clusterName: context.clusterName,
    fargateProfileName: profile.name,
    podExecutionRoleArn: profile.podExecutionRoleArn ?? roleArn,
    selectors: profile.selectors.map(({ namespace, labels }) => ({
      namespace,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
    })),
    ...(profile.subnets.length > 0 ? { subnets: [...profile.subnets] } : {}),
    tags: { ...profile.tags },
  });
  await waitFor(
    context,
    CREATE_TIMEOUT_MS,
    async () => {
      try {
        await context.eks.send(command);
        return true;
      } catch (error) {
        // Another profile is CREATING or DELETING, or the cluster is updating: EKS takes one at a time.
        const busy =
          error instanceof Error && error.name === "ResourceInUseException" && !/already exists/i.test(error.message);
        const roleNotVisibleYet =
          error instanceof Error && error.name === "InvalidParameterException" && /role/i.test(error.message);
        if (busy || roleNotVisibleYet) return undefined;
        throw error;
      }
    },
    `Fargate profile ${profile.name} could not be created for 25 minutes because the cluster was busy`,
  );
}

async function waitUntilActive(context: FargateProfileContext, name: string): Promise<void> {
  await waitFor(
    context,
    CREATE_TIMEOUT_MS,
    async () => {
      const profile = await describeFargateProfile(context, name);
      if (profile?.status === "CREATE_FAILED") {
        const issues = (profile.health?.issues ?? []).map(({ code, message }) => `${code}: ${message}`).join("; ");
        throw new Error(
          `Fargate profile ${name} is CREATE_FAILED${issues === "" ? "" : ` (${issues})`}: delete it and run the command again`,
        );
      }
      return profile?.status === "ACTIVE" ? true : undefined;
    },
    `Fargate profile ${name} is not ACTIVE after 25 minutes; run the command again to go on waiting`,
  );
}

async function waitFor<T>(
  { clock, signal, pollMs }: FargateProfileContext,
  timeoutMs: number,
  look: () => Promise<T | undefined>,
  timedOut: string,
): Promise<T> {
  const deadline = clock.monotonicMs() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (clock.monotonicMs() >= deadline) throw new Error(timedOut);
    await clock.sleep(pollMs, signal);
  }
}

function refuseDifference(wish: FargateProfileSpec, existing: FargateProfile): void {
  const canonical = (
    selectors: readonly {
      readonly namespace?: string | undefined;
      readonly labels?: Readonly<Record<string, string>> | undefined;
    }[],
  ): string =>
    JSON.stringify(selectors.map(({ namespace, labels }) => [namespace, Object.entries(labels ?? {}).sort()]).sort());
  if (canonical(wish.selectors) !== canonical(existing.selectors ?? [])) {
    throw new Error(
      `Fargate profile ${wish.name} exists with other selectors, and profiles are immutable: create one under a new name, restart the workloads, then delete ${wish.name}`,
    );
  }
}
