import type { ConfigMap, Fresh, Namespace, ServiceAccount } from "@nodeless/api";
import { CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS } from "@nodeless/api";
import type { ReconcileResult } from "@nodeless/runtime";
import { informerSource, isAlreadyExists, isNotFound } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { isNamespaceTerminating } from "../workload/namespace-terminating.ts";

const DEFAULT_ACCOUNT = "default";
const ROOT_CA_CONFIG_MAP = "kube-root-ca.crt";
const ROOT_CA_KEY = "ca.crt";

/**
 * Keeps in every living namespace the ServiceAccount `default` and the ConfigMap `kube-root-ca.crt`.
 * Source: kubernetes pkg/controller/serviceaccount and pkg/controller/certificates/rootcacertpublisher.
 */
export async function runServiceAccountController(context: ControllerContext): Promise<void> {
  const namespaceOf = (name: string) => (object: ServiceAccount | ConfigMap) =>
    object.metadata.name === name ? [object.metadata.namespace ?? ""] : [];
  await context.run({
    name: "serviceaccount-controller",
    reconcile: (key) => reconcile(context, key),
    sources: [
      informerSource(context.informers.of(NAMESPACES)),
      informerSource(context.informers.of(SERVICE_ACCOUNTS), namespaceOf(DEFAULT_ACCOUNT)),
      informerSource(context.informers.of(CONFIG_MAPS), namespaceOf(ROOT_CA_CONFIG_MAP)),
    ],
  });
}

async function reconcile(context: ControllerContext, name: string): Promise<ReconcileResult> {
  const namespace = context.informers.of(NAMESPACES).get(name);
  if (namespace === undefined || !isActive(namespace)) return {};
  try {
    await Promise.all([ensureAccount(context, name), ensureRootCa(context, name)]);
  } catch (error) {
    // It went away meanwhile, and wants nothing any more.
    if (!isNotFound(error) && !isNamespaceTerminating(error)) throw error;
  }
  return {};
}

function isActive({ metadata, status }: Namespace): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== "Terminating";
}

async function ensureAccount({ client, informers }: ControllerContext, namespace: string): Promise<void> {
  if (informers.of(SERVICE_ACCOUNTS).get(`${namespace}/${DEFAULT_ACCOUNT}`) !== undefined) return;
  const account: Fresh<ServiceAccount> = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: DEFAULT_ACCOUNT, namespace },
  };
  await ignoreExisting(client.resource(SERVICE_ACCOUNTS).create(account));
}

async function ensureRootCa({ client, informers, settings }: ControllerContext, namespace: string): Promise<void> {
  const data = { [ROOT_CA_KEY]: settings.rootCa };
  const present = informers.of(CONFIG_MAPS).get(`${namespace}/${ROOT_CA_CONFIG_MAP}`);
  if (present === undefined) {
    const configMap: Fresh<ConfigMap> = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: ROOT_CA_CONFIG_MAP, namespace },
      data,
    };
    await ignoreExisting(client.resource(CONFIG_MAPS).create(configMap));
  } else if (present.data?.[ROOT_CA_KEY] !== settings.rootCa || Object.keys(present.data).length !== 1) {
    await client.resource(CONFIG_MAPS).update({ ...present, data });
  }
}

async function ignoreExisting(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
