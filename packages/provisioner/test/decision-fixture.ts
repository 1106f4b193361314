import type { Pod } from "@nodeless/api";

export const at = (text: string): Date => new Date(`2026-01-05T${text}Z`);
export const NOON = at("12:00:00");
export const secondsAgo = (seconds: number): string => new Date(NOON.getTime() - seconds * 1_000).toISOString();
export const meta = { name: "x", uid: "u", resourceVersion: "1", creationTimestamp: secondsAgo(3_600) };

export interface PodParts {
  readonly metadata?: Partial<Pod["metadata"]>;
  readonly spec?: Partial<NonNullable<Pod["spec"]>>;
  readonly status?: Pod["status"];
}
export const UNSCHEDULABLE = { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }] };
export const pod = ({ metadata = {}, spec = {}, status = UNSCHEDULABLE }: PodParts = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { ...meta, namespace: "default", ...metadata },
  spec: { containers: [], ...spec },
  status,
});
export const requires = (term: object): PodParts => ({
  spec: {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
  },
});
export const daemon = [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "d", uid: "d" }];
