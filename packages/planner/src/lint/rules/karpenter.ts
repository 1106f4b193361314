import type { NodePool } from "@nodeless/api";
import { LABELS } from "@nodeless/api";
import { allowsValue, type Requirements, requirement, requirementsOverlap } from "@nodeless/scheduling";
import type { SourceDocument } from "../../contract.ts";
import { isPlainObject } from "../../manifests/schema/check-value.ts";
import type { LintHit, LintRule } from "../model.ts";
import type { LintProject } from "../project.ts";
import { atDocument, eachDocument, valueAt } from "./hits.ts";

const SOURCE = "Karpenter, NodePools";

/** Mistakes in NodePools and their classes. */
export const KARPENTER_RULES: readonly LintRule[] = [
  {
    id: "karpenter-old-api",
    severity: "warning",
    title: "Karpenter API that no supported version reads",
    why: "Provisioner and AWSNodeTemplate (v1alpha5) are gone since Karpenter 0.33: the objects are refused, and no node is launched.",
    source: "Karpenter, upgrade guide",
    check: eachDocument(["Provisioner", "AWSNodeTemplate", "Machine"], function* (document) {
      if (!document.apiVersion.startsWith("karpenter")) return;
      const next =
        document.kind === "AWSNodeTemplate"
          ? "an EC2NodeClass of karpenter.k8s.aws/v1"
          : "a NodePool of karpenter.sh/v1";
      yield atDocument(document, ["kind"], {
        message: `${document.kind} of ${document.apiVersion} exists in Karpenter before 0.33 only`,
        remedy: `write ${next}; nodeless converts it by itself, and names what is lost`,
      });
    }),
  },
  {
    id: "nodepool-no-limits",
    severity: "advice",
    title: "NodePool without limits",
    why: "Nothing bounds what it buys: a Deployment scaled by mistake is a bill.",
    source: SOURCE,
    check: eachPool(function* (document, { spec }) {
      if (Object.keys(spec.limits ?? {}).length === 0)
        yield atDocument(document, ["spec"], {
          message: "launches nodes without end",
          remedy: 'add spec.limits, such as cpu: "1000"',
        });
    }),
  },
  {
    id: "nodepool-any-arch",
    severity: "warning",
    title: "NodePool that does not say which architecture",
    why: "Karpenter 1.x has no default: the pool launches Arm instances where they are cheaper, and images without an arm64 variant end with `exec format error`.",
    source: "Karpenter, upgrade guide to 0.32 and 1.0",
    check: eachPool(function* (document, pool, { catalog, input }) {
      const { requirements, nodeClassRef } = pool.spec.template.spec;
      const named = requirements.some(({ key }) => key === LABELS.arch || key === "beta.kubernetes.io/arch");
      if (named || pool.spec.template.metadata?.labels?.[LABELS.arch] !== undefined || catalog === undefined) return;
      const nodeClass = input?.nodeClasses.find(({ metadata }) => metadata.name === nodeClassRef.name);
      const arm = catalog.instanceTypes(nodeClass).find((type) => {
        const arch = type.requirements.get(LABELS.arch);
        return (
          arch !== undefined &&
          allowsValue(arch, "arm64") &&
          requirements.every((one) => offers(type.requirements, one))
        );
      });
      if (arm !== undefined)
        yield atDocument(document, ["spec", "template", "spec", "requirements"], {
          message: `may launch Arm instances such as ${arm.name}`,
          remedy: "add the requirement kubernetes.io/arch In [amd64], or [amd64, arm64] when all images have both",
        });
    }),
  },
  {
    id: "nodepool-consolidation-off",
    severity: "advice",
    title: "NodePool that does not consolidate",
    why: "Nodes that became half empty stay, and so does their price.",
    source: "Karpenter, disruption",
    check: eachPool(function* (document, { spec }) {
      const { consolidateAfter, consolidationPolicy, budgets = [] } = spec.disruption ?? {};
      const path = ["spec", "disruption"];
      if (consolidateAfter === "Never")
        yield atDocument(document, [...path, "consolidateAfter"], {
          message: "consolidateAfter: Never keeps empty nodes too",
          remedy: "write a duration such as 1m",
        });
      else if (consolidationPolicy === "WhenEmpty")
        yield atDocument(document, [...path, "consolidationPolicy"], {
          message: "removes nodes only when nothing at all runs on them",
          remedy: "consolidationPolicy: WhenEmptyOrUnderutilized",
        });
      for (const [index, { nodes, schedule, reasons = [] }] of budgets.entries())
        if (/^0%?$/.test(String(nodes)) && schedule === undefined && reasons.length === 0)
          yield atDocument(document, [...path, "budgets", index], {
            message: "a budget of 0 nodes at all times forbids every disruption, drift after an upgrade included",
            remedy: "give it a schedule and duration, or at least 1 node",
          });
    }),
  },
  {
    id: "nodepool-class-unknown",
    severity: "error",
    title: "NodePool that refers to a node class that is not there",
    why: "The pool is not ready and launches nothing.",
    source: SOURCE,
    check: eachPool(function* (document, { spec }, { documents }) {
      const { name } = spec.template.spec.nodeClassRef;
      const classes = documents
        .filter(({ kind }) => kind === "EC2NodeClass" || kind === "AWSNodeTemplate")
        .map((one) => one.name);
      if (classes.length > 0 && !classes.includes(name))
        yield atDocument(document, ["spec", "template", "spec", "nodeClassRef"], {
          message: `there is no EC2NodeClass ${name}; the input has ${classes.join(", ")}`,
          remedy: "correct the name, or add the class",
        });
    }),
  },
];

/** A rule about pools of the input, those of the first generation not among them. */
function eachPool(
  check: (document: SourceDocument, pool: NodePool, project: LintProject) => Iterable<LintHit>,
): LintRule["check"] {
  return function* (project) {
    const pools = new Map((project.input?.nodePools ?? []).map((pool) => [pool.metadata.name, pool]));
    const documents = new Set(
      [...project.documents, ...(project.input?.documents ?? [])].filter(({ kind }) => kind === "NodePool"),
    );
    const seen = new Set<string>();
    for (const document of documents) {
      const pool = pools.get(document.name);
      const place = `${document.at.file}:${document.at.line}`;
      if (pool === undefined || seen.has(place) || !isPlainObject(valueAt(document.object, ["spec"]))) continue;
      seen.add(place);
      yield* check(document, pool, project);
    }
  };
}

/** Whether an instance type has a value that a requirement of the pool allows. */
function offers(
  type: Requirements,
  { key, operator, values }: NodePool["spec"]["template"]["spec"]["requirements"][number],
): boolean {
  const own = type.get(key);
  if (own === undefined) return true;
  return requirementsOverlap(own, requirement(key, operator, values));
}
