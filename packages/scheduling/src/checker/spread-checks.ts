import type { NodeSelectorRequirement, Pod, TopologySpreadConstraint } from "@nodeless/api";
import type { ExistingNode, SchedulingNodePool } from "../model.ts";
import type { Alike, FinalPicture, Host, Placed } from "./final-picture.ts";
import { labelsOf } from "./node-checks.ts";
import {
  alternatives,
  asRequirement,
  currentName,
  expressionHolds,
  HOSTNAME,
  mayBeUnnamed,
  satisfiableTogether,
  selectorExpressions,
  unbearableTaint,
} from "./plain-rules.ts";
import { selects } from "./selectors.ts";

/** What a constraint of equal owners comes to. */
interface Skew {
  /** Pods that were certainly there when the last owner came, by domain. */
  readonly before: ReadonlyMap<string, number>;
  readonly least: number;
}

/**
 * Checks DoNotSchedule spreads as far as the final picture can prove them broken. Owners were placed while count + 1 − minimum ≤
 * maxSkew; counts and minima only grow, and pods that do not own the rule may come later. So the pods that count in an owner's
 * domain, without new pods that do not own the rule, must not exceed the final minimum by more than maxSkew. A pod with the same
 * constraint that may go to other nodes owns another rule: its minimum is taken over other domains, so that it may come later too.
 */
export class SpreadChecks {
  readonly #picture: FinalPicture;
  readonly #skews = new Map<string, Skew>();
  readonly #texts = new Map<Pod, Map<TopologySpreadConstraint, RuleTexts>>();

  constructor(picture: FinalPicture) {
    this.#picture = picture;
  }

  /** What is wrong about the pod, if anything. */
  problemOf(subject: Placed): string | undefined {
    if (!subject.isNew) return undefined;
    for (const constraint of subject.pod.spec.topologySpreadConstraints ?? []) {
      if (constraint.whenUnsatisfiable === "ScheduleAnyway") continue;
      const key = currentName(constraint.topologyKey);
      const domain = this.#picture.certainDomain(subject.host, key);
      if (domain === undefined) return `no certain domain for the spread over ${key}`;
      const { before, least } = this.#skewOf(constraint, subject.pod);
      if ((before.get(domain) ?? 0) - least > constraint.maxSkew)
        return `skew over ${key} exceeds ${constraint.maxSkew}`;
    }
    return undefined;
  }

  #skewOf(constraint: TopologySpreadConstraint, owner: Pod): Skew {
    const { rule, reach } = this.#textsOf(constraint, owner);
    const question = `${rule} ${reach}`;
    let skew = this.#skews.get(question);
    if (skew === undefined) {
      skew = this.#measure(constraint, owner);
      this.#skews.set(question, skew);
    }
    return skew;
  }

  #measure(constraint: TopologySpreadConstraint, owner: Pod): Skew {
    const key = currentName(constraint.topologyKey);
    // Over hosts every minimum is 0, wherever the owner may go.
    const own = this.#textsOf(constraint, owner);
    const isOwn = ({ rule, reach }: RuleTexts): boolean =>
      rule === own.rule && (key === HOSTNAME || reach === own.reach);
    const counts = new Map<string, number>();
    const before = new Map<string, number>();
    const eligible = new Map<Host["node"] | Host["pool"], boolean>();
    const selected = this.#picture.alike.filter((other) => spreadSelects(constraint, owner, other));
    for (const { pod, host, isNew } of selected.flatMap(({ placed }) => placed)) {
      const domain = this.#picture.certainDomain(host, key);
      const kind = host.node ?? host.pool;
      const counted = eligible.get(kind) ?? hostCounts(host, constraint, owner);
      eligible.set(kind, counted);
      if (domain === undefined || !counted) continue;
      counts.set(domain, (counts.get(domain) ?? 0) + 1);
      const owns = (pod.spec.topologySpreadConstraints ?? []).some((one) => isOwn(this.#textsOf(one, pod)));
      if (!isNew || owns) before.set(domain, (before.get(domain) ?? 0) + 1);
    }
    if (key === HOSTNAME) return { before, least: 0 };
    const domains = this.#eligibleDomains(constraint, owner);
    const tooFew = domains.size === 0 || domains.size < (constraint.minDomains ?? 0);
    return { before, least: tooFew ? 0 : Math.min(...[...domains].map((one) => counts.get(one) ?? 0)) };
  }

  /** Written once for each constraint of each pod. */
  #textsOf(constraint: TopologySpreadConstraint, pod: Pod): RuleTexts {
    const ofPod = this.#texts.get(pod) ?? new Map<TopologySpreadConstraint, RuleTexts>();
    this.#texts.set(pod, ofPod);
    let texts = ofPod.get(constraint);
    if (texts === undefined) {
      texts = { rule: ruleText(constraint, pod), reach: reachText(constraint, pod) };
      ofPod.set(constraint, texts);
    }
    return texts;
  }

  #eligibleDomains(constraint: TopologySpreadConstraint, owner: Pod): ReadonlySet<string> {
    const key = currentName(constraint.topologyKey);
    const domains = new Set<string>();
    for (const node of this.#picture.input.existingNodes) {
      const value = labelsOf(node).get(key);
      if (value !== undefined && nodeEligible(node, constraint, owner)) domains.add(value);
    }
    for (const pool of this.#picture.input.nodePools) {
      if (!poolEligible(pool, constraint, owner)) continue;
      const terms = constraint.nodeAffinityPolicy === "Ignore" ? [[]] : reachableTerms(pool, owner);
      for (const value of this.#picture.poolDomains(pool, key))
        if (terms.some((term) => term.every((one) => currentName(one.key) !== key || expressionHolds(one, value))))
          domains.add(value);
    }
    return domains;
  }
}

interface RuleTexts {
  readonly rule: string;
  readonly reach: string;
}

/** Equal for owners that count the same pods. */
function ruleText(constraint: TopologySpreadConstraint, { metadata }: Pod): string {
  const labels = (constraint.matchLabelKeys ?? []).map((key) => metadata.labels?.[key]);
  return JSON.stringify([constraint, metadata.namespace, labels]);
}

/** Equal for owners that count the same nodes and domains. */
function reachText({ nodeAffinityPolicy, nodeTaintsPolicy }: TopologySpreadConstraint, { spec }: Pod): string {
  const { nodeSelector, affinity, tolerations } = spec;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return JSON.stringify([
    nodeAffinityPolicy === "Ignore" ? [] : [nodeSelector, terms],
    nodeTaintsPolicy === "Honor" ? tolerations : undefined,
  ]);
}

function spreadSelects(
  constraint: TopologySpreadConstraint,
  owner: Pod,
  { namespace, labels: theirs }: Alike,
): boolean {
  const mine = owner.metadata.labels ?? {};
  return (
    (owner.metadata.namespace ?? "default") === namespace &&
    selects(constraint.labelSelector, theirs) &&
    (constraint.matchLabelKeys ?? []).every((key) => mine[key] === undefined || mine[key] === theirs[key])
  );
}

/** Do pods on this host count for the owner's constraint? */
function hostCounts(host: Host, constraint: TopologySpreadConstraint, owner: Pod): boolean {
  const { node, pool } = host;
  if (node !== undefined) return nodeEligible(node, constraint, owner);
  return pool !== undefined && poolEligible(pool, constraint, owner);
}

function nodeEligible(node: ExistingNode, constraint: TopologySpreadConstraint, owner: Pod): boolean {
  if (constraint.nodeTaintsPolicy === "Honor" && unbearableTaint(owner, node.taints) !== undefined) return false;
  if (constraint.nodeAffinityPolicy === "Ignore") return true;
  const labels = labelsOf(node);
  return alternatives(owner).some((term) =>
    [...selectorExpressions(owner), ...(term.matchExpressions ?? [])].every((one) =>
      expressionHolds(one, labels.get(one.key) ?? labels.get(currentName(one.key))),
    ),
  );
}

function poolEligible(pool: SchedulingNodePool, constraint: TopologySpreadConstraint, owner: Pod): boolean {
  if (constraint.nodeTaintsPolicy === "Honor" && unbearableTaint(owner, pool.taints) !== undefined) return false;
  return constraint.nodeAffinityPolicy === "Ignore" || reachableTerms(pool, owner).length > 0;
}

/** The required terms, each with the nodeSelector, that some node of the pool may meet. */
function reachableTerms(pool: SchedulingNodePool, owner: Pod): readonly (readonly NodeSelectorRequirement[])[] {
  return alternatives(owner)
    .map((term) => [...selectorExpressions(owner), ...(term.matchExpressions ?? [])])
    .filter((expressions) => expressions.every((one) => poolMayMeet(pool, one)));
}

function poolMayMeet(pool: SchedulingNodePool, expression: NodeSelectorRequirement): boolean {
  const key = currentName(expression.key);
  const own = pool.requirements.get(key);
  if (own === undefined) return mayBeUnnamed(expression) || key.startsWith("karpenter.k8s.aws/instance-");
  return satisfiableTogether([own, asRequirement(key, expression)]);
}
