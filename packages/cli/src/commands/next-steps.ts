import type { RuntimeInfo } from "@nodeless/cluster";
import { DEFAULT_CLUSTER_NAME } from "@nodeless/eks/spec";

/** What a new user types next. */
export function nextSteps(runtime: RuntimeInfo, command: string): string {
  const name = runtime.name === DEFAULT_CLUSTER_NAME ? "" : ` --name ${runtime.name}`;
  return `
Kubernetes API  ${runtime.kubernetesEndpoint}   kubeconfig context ${runtime.context}
AWS API         ${runtime.awsEndpoint}   region ${runtime.region}

Next, in another terminal:
  kubectl --context ${runtime.context} get pods -A -o wide
  kubectl --context ${runtime.context} run nginx-pod --image=nginx     a node is launched for it, and removed after it
  kubectl --context ${runtime.context} get nodes,nodeclaims,nodepools
  eval "$(${command} env${name})"; aws eks list-fargate-profiles --cluster-name ${runtime.clusterName}

Ctrl-C or \`${command} down${name}\` stops it and keeps its state; \`${command} down${name} --delete\` forgets it.
`;
}
