import type {
  AccessEntry,
  AssociateAccessPolicyCommandInput,
  AssociateAccessPolicyCommandOutput,
  AssociatedAccessPolicy,
  CreateAccessEntryCommandInput,
  CreateAccessEntryCommandOutput,
  DeleteAccessEntryCommandInput,
  DeleteAccessEntryCommandOutput,
  DescribeAccessEntryCommandInput,
  DescribeAccessEntryCommandOutput,
  DisassociateAccessPolicyCommandInput,
  DisassociateAccessPolicyCommandOutput,
  ListAccessEntriesCommandInput,
  ListAccessEntriesCommandOutput,
  ListAccessPoliciesCommandInput,
  ListAccessPoliciesCommandOutput,
  ListAssociatedAccessPoliciesCommandInput,
  ListAssociatedAccessPoliciesCommandOutput,
  UpdateAccessEntryCommandInput,
  UpdateAccessEntryCommandOutput,
} from "@aws-sdk/client-eks";
import { uuid } from "@nodeless/environment";
import { pageOf } from "../state/pages.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { inUse, invalidParameter, invalidRequest, notFound, tokenMismatch } from "./eks-errors.ts";
import { type EksState, keyOf } from "./eks-state.ts";
import type { AccessEntryRecord, ClusterRecord } from "./records.ts";

const POLICIES = [
  "AmazonEKSClusterAdminPolicy",
  "AmazonEKSAdminPolicy",
  "AmazonEKSAdminViewPolicy",
  "AmazonEKSEditPolicy",
  "AmazonEKSViewPolicy",
] as const;
const policyArn = (name: string): string => `arn:aws:eks::aws:cluster-access-policy/${name}`;

/** User name and groups that EKS gives each type; STANDARD takes what the caller says. */
const NODE_TYPES: ReadonlyMap<string, { readonly username: string; readonly groups: readonly string[] }> = new Map([
  ["EC2_LINUX", { username: "system:node:{{EC2PrivateDNSName}}", groups: ["system:nodes"] }],
  [
    "EC2_WINDOWS",
    { username: "system:node:{{EC2PrivateDNSName}}", groups: ["system:nodes", "eks:kube-proxy-windows"] },
  ],
  ["FARGATE_LINUX", { username: "system:node:{{SessionName}}", groups: ["system:node-proxier"] }],
]);

/** Access entries and the access policies associated with them: who an IAM principal is in a cluster. */
export function accessEntryHandlers(eks: EksState): HandlerMap {
  return { ...entryHandlers(eks), ...policyHandlers(eks) };
}

function entryHandlers(eks: EksState): HandlerMap {
  const { state } = eks.dependencies;
  const create: Handler<CreateAccessEntryCommandInput, CreateAccessEntryCommandOutput> = (input) => {
    const key = state.tokens.once(
      {
        operation: "eks:CreateAccessEntry",
        token: input.clientRequestToken,
        input,
        isCurrent: (key) => eks.accessEntries.has(key),
      },
      () => createEntry(eks, input),
      tokenMismatch,
    );
    return { accessEntry: view(required(eks, key)) };
  };
  const describe: Handler<DescribeAccessEntryCommandInput, DescribeAccessEntryCommandOutput> = (input) => ({
    accessEntry: view(find(eks, input)),
  });
  const remove: Handler<DeleteAccessEntryCommandInput, DeleteAccessEntryCommandOutput> = (input) => {
    const entry = find(eks, input);
    eks.accessEntries.delete(keyOf(entry.clusterName, entry.principalArn));
    return {};
  };
  const list: Handler<ListAccessEntriesCommandInput, ListAccessEntriesCommandOutput> = (input) => {
    const { name } = eks.cluster(input.clusterName);
    const wanted = input.associatedPolicyArn;
    const page = pageOf(
      eks.accessEntries.filter(
        (entry) =>
          entry.clusterName === name &&
          (wanted === undefined || entry.policies.some((policy) => policy.policyArn === wanted)),
      ),
      {
        key: ({ principalArn }) => principalArn,
        token: input.nextToken,
        size: input.maxResults ?? 100,
        query: [name, wanted],
        invalidToken: () => invalidParameter("Invalid nextToken"),
      },
    );
    return { accessEntries: page.items.map(({ principalArn }) => principalArn), nextToken: page.nextToken };
  };
  return {
    CreateAccessEntry: create,
    DescribeAccessEntry: describe,
    UpdateAccessEntry: (input: UpdateAccessEntryCommandInput) => updateEntry(eks, input),
    DeleteAccessEntry: remove,
    ListAccessEntries: list,
  };
}

function policyHandlers(eks: EksState): HandlerMap {
  const associate: Handler<AssociateAccessPolicyCommandInput, AssociateAccessPolicyCommandOutput> = (input) => {
    const entry = find(eks, input);
    if (!POLICIES.some((name) => policyArn(name) === input.policyArn))
      throw invalidParameter(
        `The policyArn parameter format is not valid or names no access policy: ${input.policyArn}`,
      );
    if (NODE_TYPES.has(entry.type))
      throw invalidRequest(`Access policies cannot be associated with access entries of type ${entry.type}`);
    const policy = {
      policyArn: input.policyArn ?? "",
      scopeType: input.accessScope?.type ?? "cluster",
      namespaces: input.accessScope?.namespaces ?? [],
      associatedAt: eks.now(),
    };
    const policies = [...entry.policies.filter((present) => present.policyArn !== policy.policyArn), policy];
    eks.accessEntries.put(keyOf(entry.clusterName, entry.principalArn), { ...entry, policies, modifiedAt: eks.now() });
    return {
      clusterName: entry.clusterName,
      principalArn: entry.principalArn,
      associatedAccessPolicy: policyView(policy),
    };
  };
  const disassociate: Handler<DisassociateAccessPolicyCommandInput, DisassociateAccessPolicyCommandOutput> = (
    input,
  ) => {
    const entry = find(eks, input);
    const policies = entry.policies.filter((present) => present.policyArn !== input.policyArn);
    if (policies.length === entry.policies.length)
      throw notFound(`The access policy ${input.policyArn} is not associated with ${entry.principalArn}`);
    eks.accessEntries.put(keyOf(entry.clusterName, entry.principalArn), { ...entry, policies, modifiedAt: eks.now() });
    return {};
  };
  const listAssociated: Handler<ListAssociatedAccessPoliciesCommandInput, ListAssociatedAccessPoliciesCommandOutput> = (
    input,
  ) => {
    const entry = find(eks, input);
    return {
      clusterName: entry.clusterName,
      principalArn: entry.principalArn,
      associatedAccessPolicies: entry.policies.map(policyView),
    };
  };
  const list: Handler<ListAccessPoliciesCommandInput, ListAccessPoliciesCommandOutput> = () => ({
    accessPolicies: POLICIES.map((name) => ({ name, arn: policyArn(name) })),
  });
  return {
    AssociateAccessPolicy: associate,
    DisassociateAccessPolicy: disassociate,
    ListAssociatedAccessPolicies: listAssociated,
    ListAccessPolicies: list,
  };
}

function createEntry(eks: EksState, input: CreateAccessEntryCommandInput): string {
  const cluster = eks.cluster(input.clusterName);
  if (cluster.authenticationMode === "CONFIG_MAP") {
    throw invalidRequest(
      "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
    );
  }
  const principalArn = input.principalArn ?? "";
  if (!/^arn:[^:]+:(iam|sts)::\d+:(role|user|assumed-role|root)/.test(principalArn))
    throw invalidParameter("The principalArn parameter format is not valid");
  const type = input.type ?? "STANDARD";
  const fixed = NODE_TYPES.get(type);
  if (fixed === undefined && type !== "STANDARD")
    throw invalidParameter(`The access entry type ${type} is not supported`);
  const key = keyOf(cluster.name, principalArn);
  if (eks.accessEntries.has(key))
    throw inUse("The specified access entry resource is already in use on this cluster.", {
      clusterName: cluster.name,
    });
  checkGroups(input.kubernetesGroups ?? []);
  put(eks, cluster, {
    principalArn,
    type,
    username: input.username ?? fixed?.username ?? principalArn,
    groups: fixed?.groups ?? input.kubernetesGroups ?? [],
    tags: input.tags ?? {},
  });
  return key;
}

/** Groups, user name: of STANDARD entries only; the type and the principal never change. */
function updateEntry(
  eks: EksState,
  input: UpdateAccessEntryCommandInput,
): Omit<UpdateAccessEntryCommandOutput, "$metadata"> {
  const entry = find(eks, input);
  if (NODE_TYPES.has(entry.type)) throw invalidRequest(`Access entries of type ${entry.type} cannot be updated`);
  const groups = input.kubernetesGroups ?? entry.groups;
  checkGroups(groups);
  const changed = { ...entry, groups, username: input.username ?? entry.username, modifiedAt: eks.now() };
  return { accessEntry: view(eks.accessEntries.put(keyOf(entry.clusterName, entry.principalArn), changed)) };
}

function checkGroups(groups: readonly string[]): void {
  if (groups.some((group) => group.startsWith("system:")))
    throw invalidParameter("The kubernetes group name must not start with system:");
}

type EntryWish = Pick<AccessEntryRecord, "principalArn" | "type" | "username" | "groups" | "tags"> & {
  readonly policies?: AccessEntryRecord["policies"];
};

function put(eks: EksState, cluster: ClusterRecord, wish: EntryWish): void {
  const now = eks.now();
  const [, kind = "role", name = ""] = /:(role|user|assumed-role|root)\/?(.*)$/.exec(wish.principalArn) ?? [];
  const record: AccessEntryRecord = {
    clusterName: cluster.name,
    arn: eks.arn(
      `access-entry/${cluster.name}/${kind}/${eks.dependencies.accountId}/${name}/${uuid(eks.dependencies.random)}`,
    ),
    createdAt: now,
    modifiedAt: now,
    policies: [],
    ...wish,
  };
  eks.accessEntries.put(keyOf(cluster.name, wish.principalArn), record);
}

/** Administrator's rights for whoever creates the cluster (bootstrapClusterCreatorAdminPermissions). */
export function grantCreator(eks: EksState, cluster: ClusterRecord, creatorArn: string): void {
  const policy = {
    policyArn: policyArn("AmazonEKSClusterAdminPolicy"),
    scopeType: "cluster" as const,
    namespaces: [],
    associatedAt: eks.now(),
  };
  put(eks, cluster, {
    principalArn: creatorArn,
    type: "STANDARD",
    username: creatorArn,
    groups: [],
    tags: {},
    policies: [policy],
  });
}

/** EKS authorizes the pod execution role by itself when a profile is created. */
export function ensureFargateEntry(eks: EksState, cluster: ClusterRecord, roleArn: string): void {
  const fixed = NODE_TYPES.get("FARGATE_LINUX");
  if (fixed === undefined || eks.accessEntries.has(keyOf(cluster.name, roleArn))) return;
  put(eks, cluster, { principalArn: roleArn, type: "FARGATE_LINUX", ...fixed, tags: {} });
}

/** Groups that stand for an access policy until authorization knows the policies themselves. */
const POLICY_GROUPS: ReadonlyMap<string, string> = new Map([
  [policyArn("AmazonEKSClusterAdminPolicy"), "system:masters"],
]);

/** Who a principal is in a cluster: its entry's user and groups. An assumed-role session is its role (without a path). */
export function userOf(
  eks: EksState,
  clusterName: string,
  principalArn: string,
): { readonly username: string; readonly groups: readonly string[] } | undefined {
  const session = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\/(.+)$/.exec(principalArn);
  const arn = session === null ? principalArn : `arn:${session[1]}:iam::${session[2]}:role/${session[3]}`;
  // The session's ARN does not tell its role's path; an entry may name it.
  const entry =
    eks.accessEntries.get(keyOf(clusterName, arn)) ??
    eks.accessEntries.find(
      (other) =>
        other.clusterName === clusterName && other.principalArn.replace(/:role\/.*\/([^/]+)$/, ":role/$1") === arn,
    );
  if (entry === undefined) return undefined;
  const username = entry.username
    .replace("{{SessionName}}", session?.[4] ?? "")
    .replace("{{EC2PrivateDNSName}}", session?.[4] ?? "");
  const ofPolicies = entry.policies
    .map((policy) => POLICY_GROUPS.get(policy.policyArn))
    .filter((group) => group !== undefined);
  return { username, groups: [...entry.groups, ...ofPolicies, "system:authenticated"] };
}

function find(
  eks: EksState,
  {
    clusterName,
    principalArn = "",
  }: { readonly clusterName: string | undefined; readonly principalArn: string | undefined },
): AccessEntryRecord {
  return required(eks, keyOf(eks.cluster(clusterName).name, principalArn));
}

function required(eks: EksState, key: string): AccessEntryRecord {
  const entry = eks.accessEntries.get(key);
  if (entry === undefined)
    throw notFound(
      `The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.`,
    );
  return entry;
}

function policyView(policy: AccessEntryRecord["policies"][number]): AssociatedAccessPolicy {
  return {
    policyArn: policy.policyArn,
    accessScope: { type: policy.scopeType, namespaces: [...policy.namespaces] },
    associatedAt: new Date(policy.associatedAt),
    modifiedAt: new Date(policy.associatedAt),
  };
}

function view(entry: AccessEntryRecord): AccessEntry {
  return {
    clusterName: entry.clusterName,
    principalArn: entry.principalArn,
    accessEntryArn: entry.arn,
    kubernetesGroups: [...entry.groups],
    username: entry.username,
    type: entry.type,
    createdAt: new Date(entry.createdAt),
    modifiedAt: new Date(entry.modifiedAt),
    tags: { ...entry.tags },
  };
}
