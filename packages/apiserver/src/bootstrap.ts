import type { KubernetesObject } from "@nodeless/api";
import type { UserInfo } from "./server.ts";
import type { ServerContext } from "./server-context.ts";
import { SERVICE_PREFIX } from "./services/service-allocation.ts";
import { StatusError } from "./status.ts";
import { createObject } from "./write/create.ts";
import type { WriteOptions } from "./write/write-options.ts";

/** The server itself, for what it does on its own account. */
export const API_SERVER_USER: UserInfo = {
  username: "system:apiserver",
  groups: ["system:masters", "system:authenticated"],
};

export const SERVER_WRITE: WriteOptions = {
  dryRun: false,
  fieldValidation: "Ignore",
  fieldValidationGiven: true,
  user: API_SERVER_USER,
};

/** What every cluster holds from the start; namespaces come first. */
function bootstrapObjects(apiServerAddress: string): readonly object[] {
  const namespace = (name: string): object => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const priorityClass = (name: string, value: number, description: string): object => ({
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name },
    value,
    description,
    preemptionPolicy: "PreemptLowerPriority",
  });
  return [
    ...["default", "kube-system", "kube-public", "kube-node-lease"].map(namespace),
    priorityClass(
      "system-cluster-critical",
      2_000_000_000,
      "For pods the cluster cannot do without; they may be moved.",
    ),
    priorityClass(
      "system-node-critical",
      2_000_001_000,
      "For pods their node cannot do without; they are never moved.",
    ),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "kubernetes",
        namespace: "default",
        labels: { component: "apiserver", provider: "kubernetes" },
      },
      spec: {
        clusterIP: apiServerAddress,
        ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: 443 }],
        sessionAffinity: "None",
        type: "ClusterIP",
      },
    },
  ];
}

/** Creates what is missing. Each step waits for the one before: the Service needs its namespace. */
export async function bootstrap(server: ServerContext, options: { readonly apiServerAddress: string }): Promise<void> {
  for (const object of bootstrapObjects(options.apiServerAddress))
    await createIfMissing(server, object as KubernetesObject);
}

/** Makes the `kubernetes` Service again when somebody deletes it (`kubectl delete all --all` does). Returns the function that stops. */
export function keepKubernetesService(
  server: ServerContext,
  options: { readonly apiServerAddress: string },
): () => void {
  return server.cache.subscribe(SERVICE_PREFIX, ({ deleted, namespace, name }) => {
    if (!deleted || namespace !== "default" || name !== "kubernetes") return;
    bootstrap(server, options).catch((error: unknown) =>
      server.logger.error("could not create the kubernetes service again", { error }),
    );
  });
}

async function createIfMissing(server: ServerContext, object: KubernetesObject): Promise<void> {
  const definition = server.kinds.all().find((kind) => {
    const apiVersion = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
    return kind.kind === object.kind && apiVersion === object.apiVersion;
  });
  if (definition === undefined) throw new Error(`no kind ${object.apiVersion} ${object.kind}`);
  const namespace = object.metadata.namespace ?? "";
  const key = { prefix: definition.storagePrefix, namespace, name: object.metadata.name ?? "" };
  if (server.cache.get(key) !== undefined) return;
  try {
    await createObject(server, { definition, namespace, object, options: SERVER_WRITE });
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== "AlreadyExists") throw error;
  }
}
