import type { FargateProfile, FargateProfileSelector } from "@aws-sdk/client-eks";
import {
  deleteFargateProfile,
  ensureFargateProfile,
  type FargateProfileContext,
  listFargateProfiles,
} from "@nodeless/eks";
import { clusterSpec, type FargateProfileSpec, parseClusterFile } from "@nodeless/eks/spec";
import { systemClock } from "@nodeless/environment";
import { CommandError, UsageError } from "../exit-codes.ts";
import { inputName, readInputFile } from "../input-file.ts";
import { progressLine } from "../output/progress.ts";
import { formatStructured } from "../output/structured.ts";
import { formatTable } from "../output/table.ts";
import type { Terminal } from "../terminal.ts";
import { type AwsTarget, awsTarget } from "./aws-target.ts";
import type { CreateOptions, DeleteOptions, GetOptions } from "./fargate-profile.ts";

/** `create fargateprofile` */
export async function createProfiles(terminal: Terminal, options: CreateOptions): Promise<void> {
  const { profiles, clusterName } =
    options.file === undefined ? profileOfFlags(options) : await profilesOfFile(terminal, options);
  const target = await awsTarget(terminal, { ...options, cluster: clusterName });
  try {
    for (const profile of profiles) await create(terminal, target, profile);
  } finally {
    target.clients.destroy();
  }
}

/** `get fargateprofile` */
export async function getProfiles(terminal: Terminal, options: GetOptions): Promise<void> {
  const format = options.output;
  const target = await awsTarget(terminal, options);
  try {
    const profiles = (await listFargateProfiles(context(target))).filter(
      ({ fargateProfileName }) => options.name === undefined || fargateProfileName === options.name,
    );
    if (options.name !== undefined && profiles.length === 0)
      throw new CommandError(
        `cluster ${target.clusterName} has no Fargate profile ${JSON.stringify(options.name)}: \`nodeless get fargateprofile\` lists them`,
      );
    if (format === "json" || format === "yaml") terminal.out(formatStructured(format, profiles.map(profileView)));
    else if (format === "name")
      terminal.out(profiles.map(({ fargateProfileName }) => `${fargateProfileName}\n`).join(""));
    else terminal.out(profileTable(profiles));
  } finally {
    target.clients.destroy();
  }
}

/** `delete fargateprofile` */
export async function deleteProfile(terminal: Terminal, options: DeleteOptions): Promise<void> {
  const target = await awsTarget(terminal, options);
  try {
    await deleteFargateProfile(context(target), options.name, { wait: options.wait });
    terminal.err(
      options.wait
        ? `deleted Fargate profile ${options.name} of EKS cluster ${target.clusterName}\n`
        : `Fargate profile ${options.name} of EKS cluster ${target.clusterName} is being deleted\n`,
    );
  } finally {
    target.clients.destroy();
  }
}

function profileOfFlags(options: CreateOptions): {
  readonly profiles: readonly FargateProfileSpec[];
  readonly clusterName: string | undefined;
} {
  if (options.namespace === undefined)
    throw new UsageError("--namespace is required without -f: a profile without a selector matches no pod");
  const labels = Object.fromEntries(
    (options.labels ?? "")
      .split(",")
      .filter((pair) => pair !== "")
      .map((pair): [string, string] => {
        const at = pair.indexOf("=");
        if (at <= 0) throw new UsageError(`--labels: ${JSON.stringify(pair)} is not key=value`);
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
  );
  const selector = { namespace: options.namespace, ...(Object.keys(labels).length > 0 ? { labels } : {}) };
  const name = options.name ?? `fp-${crypto.randomUUID().slice(0, 8)}`;
  return {
    profiles: [{ name, podExecutionRoleArn: undefined, selectors: [selector], subnets: [], tags: {} }],
    clusterName: options.cluster,
  };
}

async function profilesOfFile(
  terminal: Terminal,
  options: CreateOptions,
): Promise<{ readonly profiles: readonly FargateProfileSpec[]; readonly clusterName: string | undefined }> {
  if (options.name !== undefined || options.namespace !== undefined || options.labels !== undefined) {
    throw new UsageError("--name, --namespace and --labels cannot be used with -f: write them into the file");
  }
  const path = options.file ?? "";
  const file = parseClusterFile(await readInputFile(terminal, path), inputName(path));
  const written = new Set((file.config?.fargateProfiles ?? []).map(({ name }) => name));
  const profiles = clusterSpec(file, {}).spec.fargateProfiles.filter(({ name }) => written.has(name));
  if (profiles.length === 0) throw new CommandError(`${path} has no fargateProfiles: add at least one`);
  return { profiles, clusterName: options.cluster ?? file.config?.metadata?.name };
}

async function create(terminal: Terminal, target: AwsTarget, profile: FargateProfileSpec): Promise<void> {
  const started = systemClock.monotonicMs();
  const roleArn = profile.podExecutionRoleArn ?? (await target.fargateRoleArn());
  const change = await ensureFargateProfile(context(target), profile, roleArn);
  progressLine(
    terminal,
    `Fargate profile ${profile.name}`,
    change === "created"
      ? `created on EKS cluster ${target.clusterName}`
      : `already exists on EKS cluster ${target.clusterName}`,
    systemClock.monotonicMs() - started,
  );
}

function context({ clients, clusterName, pollMs }: AwsTarget): FargateProfileContext {
  return { eks: clients.eks, clusterName, clock: systemClock, signal: new AbortController().signal, pollMs };
}

/** eksctl's JSON keys. */
function profileView(profile: FargateProfile): object {
  return {
    name: profile.fargateProfileName,
    podExecutionRoleARN: profile.podExecutionRoleArn,
    selectors: profile.selectors,
    subnets: profile.subnets,
    tags: profile.tags,
    status: profile.status,
    ...((profile.health?.issues ?? []).length > 0 ? { health: profile.health } : {}),
  };
}

function profileTable(profiles: readonly FargateProfile[]): string {
  const pairs = (map: Readonly<Record<string, string>> | undefined): string =>
    Object.entries(map ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
  const rows = profiles.flatMap((profile) =>
    // EKS takes a profile without selectors; it matches no pod, and must not be missing from the list.
    ((profile.selectors ?? []).length === 0 ? [{}] : (profile.selectors ?? [])).map(
      (selector: FargateProfileSelector) => [
        profile.fargateProfileName ?? "",
        selector.namespace ?? "",
        pairs(selector.labels),
        profile.podExecutionRoleArn ?? "",
        (profile.subnets ?? []).join(","),
        pairs(profile.tags),
        profile.status ?? "",
      ],
    ),
  );
  return formatTable(
    ["name", "selector_namespace", "selector_labels", "pod_execution_role_arn", "subnets", "tags", "status"],
    rows,
  );
}
