import type { Container, Draft, Pod, ServiceAccount } from "@nodeless/api";
import { ANNOTATIONS, draftOf } from "@nodeless/api";
import type { AdmissionPlugin } from "@nodeless/apiserver";

export interface PodIdentityOptions {
  readonly region: string;
  /** From a cache: admission must not wait for anything. */
  readonly serviceAccount: (
    namespace: string,
    name: string,
  ) => ServiceAccount | undefined | Promise<ServiceAccount | undefined>;
  /** Variables that point a pod's AWS SDK at the local AWS. */
  readonly environment: Readonly<Record<string, string>>;
}

const MOUNT_PATH = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const VOLUME = "aws-iam-token";
const TOKEN_LIFETIME_SECONDS = 86_400;

/**
 * IAM roles for service accounts: pods whose service account names a role get its variables and a projected token.
 * Source: amazon-eks-pod-identity-webhook, installed in every EKS cluster under the name `pod-identity-webhook`.
 */
export function podIdentityWebhook(options: PodIdentityOptions): AdmissionPlugin {
  return {
    name: "pod-identity-webhook",
    async admit({ operation, resource, subresource, object, namespace }) {
      if (operation !== "CREATE" || resource !== "pods" || subresource !== "" || object === undefined) return undefined;
      const pod = object as Pod;
      const account = await options.serviceAccount(namespace ?? "default", pod.spec.serviceAccountName ?? "default");
      const roleArn = account?.metadata.annotations?.[ANNOTATIONS.roleArn];
      return roleArn === undefined ? undefined : withRole(pod, roleArn, options);
    },
  };
}

function withRole(pod: Pod, roleArn: string, { region, environment }: PodIdentityOptions): Pod {
  const changed = draftOf(pod);
  const variables: Record<string, string> = {
    AWS_STS_REGIONAL_ENDPOINTS: "regional",
    AWS_DEFAULT_REGION: region,
    AWS_REGION: region,
    AWS_ROLE_ARN: roleArn,
    AWS_WEB_IDENTITY_TOKEN_FILE: `${MOUNT_PATH}/token`,
    ...environment,
  };
  for (const container of [...changed.spec.containers, ...(changed.spec.initContainers ?? [])])
    addVariables(container, variables);
  const projection = {
    serviceAccountToken: { audience: "sts.amazonaws.com", expirationSeconds: TOKEN_LIFETIME_SECONDS, path: "token" },
  };
  const volumes = changed.spec.volumes ?? [];
  if (!volumes.some(({ name }) => name === VOLUME))
    volumes.push({ name: VOLUME, projected: { sources: [projection] } });
  changed.spec.volumes = volumes;
  return changed as Pod;
}

/** What the pod's author set wins. */
function addVariables(container: Draft<Container>, variables: Readonly<Record<string, string>>): void {
  const present = new Set((container.env ?? []).map(({ name }) => name));
  const added = Object.entries(variables).filter(([name]) => !present.has(name));
  container.env = [...(container.env ?? []), ...added.map(([name, value]) => ({ name, value }))];
  container.volumeMounts = [...(container.volumeMounts ?? []), { name: VOLUME, readOnly: true, mountPath: MOUNT_PATH }];
}
