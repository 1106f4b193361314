import assert from "node:assert/strict";
import { test } from "node:test";
import { type FargateProfile, type MatchablePod, matchesPattern, matchProfile } from "@nodeless/fargate";

const profile = (name: string, ...selectors: FargateProfile["selectors"]): FargateProfile => ({
  name,
  status: "ACTIVE",
  podExecutionRoleArn: "arn:aws:iam::111122223333:role/pods",
  subnetIds: ["subnet-1"],
  selectors,
});

interface Traits {
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly owner?: string;
  readonly nodeName?: string;
  readonly schedulerName?: string;
}

function pod({ namespace = "default", labels = {}, annotations = {}, owner, ...spec }: Traits = {}): MatchablePod {
  const ownerReferences =
    owner === undefined ? [] : [{ apiVersion: "apps/v1", kind: owner, name: "o", uid: "o", controller: true }];
  return { metadata: { namespace, labels, annotations, ownerReferences }, spec };
}

for (const { pattern, yes, no } of [
  { pattern: "prod", yes: ["prod"], no: ["pro", "prods", ""] },
  { pattern: "*", yes: ["", "a", "a-b"], no: [] },
  { pattern: "prod*", yes: ["prod", "prod-eu"], no: ["xprod"] },
  { pattern: "*dev", yes: ["dev", "team-dev"], no: ["dev1"] },
  { pattern: "frontend*?", yes: ["frontend1", "frontend-two"], no: ["frontend"] },
  { pattern: "a*b*c", yes: ["abc", "aXbYbZc"], no: ["acb", "ab"] },
  { pattern: "a.c", yes: ["a.c"], no: ["abc"] },
])
  test(`pattern ${pattern}`, () => {
    assert.deepEqual(
      yes.filter((text) => !matchesPattern(pattern, text)),
      [],
    );
    assert.deepEqual(
      no.filter((text) => matchesPattern(pattern, text)),
      [],
    );
  });

const KUBE = profile("fp-default", { namespace: "default" }, { namespace: "kube-system" });
const WEB = profile("web", { namespace: "shop-*", labels: { app: "web", "tier-?": "*" } });

for (const { rule, profiles, pod: candidate, want } of [
  { rule: "a namespace without labels takes every pod of it", profiles: [KUBE], pod: pod(), want: "fp-default" },
  { rule: "selectors are alternatives", profiles: [KUBE], pod: pod({ namespace: "kube-system" }), want: "fp-default" },
  {
    rule: "labels of a selector must all match, with wildcards in key and value",
    profiles: [WEB],
    pod: pod({ namespace: "shop-eu", labels: { app: "web", "tier-1": "x" } }),
    want: "web",
  },
  {
    rule: "of several the first name wins, whatever the order of creation",
    profiles: [profile("b", { namespace: "*" }), profile("B", { namespace: "*" }), profile("a", { namespace: "*" })],
    pod: pod(),
    want: "B",
  },
  {
    rule: "the pod's label chooses",
    profiles: [profile("a", { namespace: "*" }), profile("b", { namespace: "*" })],
    pod: pod({ labels: { "eks.amazonaws.com/fargate-profile": "b" } }),
    want: "b",
  },
  {
    rule: "as an annotation it has no effect",
    profiles: [profile("a", { namespace: "*" }), profile("b", { namespace: "*" })],
    pod: pod({ annotations: { "eks.amazonaws.com/fargate-profile": "b" } }),
    want: "a",
  },
  {
    rule: "compute-type fargate states the obvious",
    profiles: [KUBE],
    pod: pod({ annotations: { "eks.amazonaws.com/compute-type": "fargate" } }),
    want: "fp-default",
  },
  {
    rule: "the default scheduler by name is no other scheduler",
    profiles: [KUBE],
    pod: pod({ schedulerName: "default-scheduler" }),
    want: "fp-default",
  },
  { rule: "pods of a ReplicaSet match", profiles: [KUBE], pod: pod({ owner: "ReplicaSet" }), want: "fp-default" },
])
  test(`matched: ${rule}`, () => {
    const match = matchProfile(profiles, candidate);
    assert.equal(match.kind === "matched" ? match.profile.name : match.message, want);
  });

for (const { rule, profiles, pod: candidate, reason, message } of [
  {
    rule: "no profile at all",
    profiles: [],
    pod: pod(),
    reason: "no-selector",
    message: "the cluster has no Fargate profile",
  },
  {
    rule: "another namespace",
    profiles: [KUBE],
    pod: pod({ namespace: "apps" }),
    reason: "no-selector",
    message: "no Fargate profile selects namespace apps",
  },
  {
    rule: "a missing label is named",
    profiles: [KUBE, WEB],
    pod: pod({ namespace: "shop-eu", labels: { app: "api" } }),
    reason: "no-selector",
    message: "profile web selects namespace shop-*, but the pod lacks the label app=web",
  },
  {
    rule: "compute-type ec2",
    profiles: [KUBE],
    pod: pod({ annotations: { "eks.amazonaws.com/compute-type": "ec2" } }),
    reason: "compute-type-ec2",
    message: "the pod's annotation eks.amazonaws.com/compute-type: ec2 keeps it off Fargate",
  },
  {
    rule: "DaemonSets",
    profiles: [KUBE],
    pod: pod({ owner: "DaemonSet" }),
    reason: "daemonset",
    message: "pods of DaemonSets do not run on Fargate: every pod there has a node of its own",
  },
  {
    rule: "static pods",
    profiles: [KUBE],
    pod: pod({ annotations: { "kubernetes.io/config.mirror": "x" } }),
    reason: "static-pod",
    message: "static pods belong to the node that made them",
  },
  {
    rule: "a node of its own choice",
    profiles: [KUBE],
    pod: pod({ nodeName: "n1" }),
    reason: "node-name",
    message: "the pod names its node (n1) itself",
  },
  {
    rule: "another scheduler",
    profiles: [KUBE],
    pod: pod({ schedulerName: "mine" }),
    reason: "scheduler-name",
    message: "the pod asks for another scheduler (mine)",
  },
  {
    rule: "a profile that is still created",
    profiles: [{ ...KUBE, status: "CREATING" as const }],
    pod: pod(),
    reason: "profile-not-active",
    message: "profile fp-default selects the pod but is CREATING; profiles only count when the pod is created",
  },
  {
    rule: "a chosen profile that does not match",
    profiles: [KUBE, WEB],
    pod: pod({ labels: { "eks.amazonaws.com/fargate-profile": "web" } }),
    reason: "profile-label",
    message: "the pod's label chooses profile web, but none of its selectors matches the pod (fp-default would match)",
  },
  {
    rule: "a chosen profile that does not exist",
    profiles: [KUBE],
    pod: pod({ labels: { "eks.amazonaws.com/fargate-profile": "x" } }),
    reason: "profile-label",
    message: "the pod's label chooses profile x, which does not exist",
  },
])
  test(`not matched: ${rule}`, () =>
    assert.deepEqual(matchProfile(profiles, candidate), { kind: "none", reason, message }));
