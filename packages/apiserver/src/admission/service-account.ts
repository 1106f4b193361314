import type { Container, KubernetesObject, Pod, ServiceAccount, Volume } from "@nodeless/api";
import { nameSuffix, type Random } from "@nodeless/environment";
import type { ObjectCache } from "../cache/object-cache.ts";
import type { AdmissionPlugin } from "../server.ts";
import { forbidden } from "../status.ts";
import { shownName } from "./shown-name.ts";

const TOKEN_MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
/** One hour and a bit: the odd number marks tokens that were injected. */
const TOKEN_EXPIRATION_SECONDS = 3_607;
const MIRROR_POD = "kubernetes.io/config.mirror";

/** Gives pods their service account and the volume with its token. Source: kubernetes plugin/pkg/admission/serviceaccount. */
export function serviceAccount(options: { readonly cache: ObjectCache; readonly random: Random }): AdmissionPlugin {
  const { cache, random } = options;
  return {
    name: "ServiceAccount",
    admit({ operation, group, resource, subresource, namespace = "", name, object }) {
      if (operation !== "CREATE" || group !== "" || resource !== "pods" || subresource !== "" || object === undefined)
        return undefined;
      const pod = object as Pod;
      if (pod.metadata.annotations !== undefined && Object.hasOwn(pod.metadata.annotations, MIRROR_POD))
        return undefined;
      const accountName = pod.spec?.serviceAccountName || "default";
      const found = cache.latest({ prefix: "core/serviceaccounts", namespace, name: accountName });
      // The controller that makes a new namespace's default account may not have come to it yet.
      if (found === undefined && accountName !== "default")
        throw forbidden(
          { group: "", resource: "pods" },
          shownName(pod, name),
          `error looking up service account ${namespace}/${accountName}: serviceaccount "${accountName}" not found`,
        );
      return withAccount(pod, { accountName, account: found?.object as ServiceAccount | undefined, random });
    },
  };
}

function withAccount(
  pod: Pod,
  options: {
    readonly accountName: string;
    readonly account: ServiceAccount | undefined;
    readonly random: Random;
  },
): KubernetesObject {
  const { accountName, account, random } = options;
  const spec = pod.spec ?? { containers: [] };
  const pullSecrets = account?.imagePullSecrets ?? [];
  const named: Pod = {
    ...pod,
    spec: {
      ...spec,
      serviceAccountName: accountName,
      serviceAccount: accountName,
      ...((spec.imagePullSecrets ?? []).length === 0 && pullSecrets.length > 0
        ? { imagePullSecrets: pullSecrets }
        : {}),
    },
  } as Pod;
  const mounts = spec.automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true;
  return mounts ? withTokenVolume(named, random) : named;
}

function withTokenVolume(pod: Pod, random: Random): Pod {
  const spec = pod.spec ?? { containers: [] };
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  if (all.every(mountsToken)) return pod;
  const existing = spec.volumes?.find(({ name }) => name.startsWith("kube-api-access-"));
  const name = existing?.name ?? `kube-api-access-${nameSuffix(random)}`;
  const mount = (container: Container): Container =>
    mountsToken(container)
      ? container
      : {
          ...container,
          volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: TOKEN_MOUNT_PATH }],
        };
  return {
    ...pod,
    spec: {
      ...spec,
      containers: spec.containers.map(mount),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(mount) }),
      volumes: existing === undefined ? [...(spec.volumes ?? []), tokenVolume(name)] : (spec.volumes ?? []),
    },
  };
}

function mountsToken({ volumeMounts = [] }: Pick<Container, "volumeMounts">): boolean {
  return volumeMounts.some(({ mountPath }) => mountPath === TOKEN_MOUNT_PATH);
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_EXPIRATION_SECONDS, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
    },
  };
}
