import { firstPortConflict } from "../resources/host-ports.ts";
import type { DomainRule } from "../topology/rule-plan.ts";
import type { TopologyState } from "../topology/topology-state.ts";
import type { ClaimSequence } from "./claim-sequence.ts";
import type { ClaimTable } from "./claim-table.ts";
import { UNDECIDED } from "./claim-table.ts";
import type { OpenClaim } from "./open-claim.ts";
import { findFit, meetsMinValues, survivingTypes } from "./open-claim.ts";
import type { PlanningModel } from "./planning-model.ts";
import type { Reservations } from "./reservations.ts";
import { addInto } from "./resource-table.ts";
import { CONFLICT } from "./type-sets.ts";
import type { VariantRun } from "./variant-run.ts";

/**
 * Why a claim refuses a pod. `for-good` holds for every later pod of the same shape in this attempt, because claims only
 * fill up and narrow; `for-now` may change as other domains fill. `reserved`: reserved capacity that the pod could use is used up, for
 * which it has to wait.
 */
export type ClaimAnswer = "fits" | "for-good" | "for-now" | "reserved";

/** Where a claim would stand after taking one more pod. */
interface ClaimFit {
  readonly set: number;
  readonly position: number;
}

/** Tests claims against the pods of a run: resources, hosts, pool, requirements, domains, ports, minValues. Changes no claim. */
export class ClaimSearch {
  /** After `fits`: the number of the set to which the claim narrows. */
  set = 0;
  /** After `fits`: see OpenClaim.position. */
  position = 0;
  readonly #model: PlanningModel;
  readonly #table: ClaimTable;
  readonly #claims: readonly OpenClaim[];
  readonly #topology: TopologyState;
  readonly #firstHost: number;
  readonly #reservations: Reservations | undefined;

  constructor(
    model: PlanningModel,
    attempt: {
      readonly table: ClaimTable;
      readonly claims: readonly OpenClaim[];
      readonly topology: TopologyState;
      readonly reservations: Reservations | undefined;
    },
  ) {
    this.#reservations = attempt.reservations;
    this.#model = model;
    this.#table = attempt.table;
    this.#claims = attempt.claims;
    this.#topology = attempt.topology;
    this.#firstHost = attempt.topology.facts.hosts.names.length;
  }

  /** Place in the sequence, from `from` on, of the first claim that takes a pod of the run; its length if none does. */
  first(sequence: ClaimSequence, from: number, run: VariantRun): number {
    const { items, length } = sequence;
    const { room, refusedBy, dimensions } = this.#table;
    const { stamp, hostCounts } = run;
    const { requests, asked } = run.shape;
    const { hostLimits } = run.variant.plan;
    const firstHost = this.#firstHost;
    search: for (let at = from; at < length; at += 1) {
      const claim = items[at] ?? 0;
      if (refusedBy[claim] === stamp) continue;
      for (let rule = 0; rule < hostLimits.length; rule += 1)
        if ((hostCounts[rule]?.[firstHost + claim] ?? 0) > (hostLimits[rule]?.max ?? 0)) {
          refusedBy[claim] = stamp;
          continue search;
        }
      const base = claim * dimensions;
      for (let index = 0; index < asked.length; index += 1) {
        const resource = asked[index] ?? 0;
        if ((requests[resource] ?? 0) > (room[base + resource] ?? 0)) {
          refusedBy[claim] = stamp;
          continue search;
        }
      }
      const open = this.#claims[claim];
      if (open === undefined) continue;
      const answer = this.#settle(open, run);
      if (answer === "fits") return at;
      if (answer === "for-good") refusedBy[claim] = stamp;
    }
    return length;
  }

  /** The same for one claim that need not be in a sequence. The run must be up to date. */
  test(claim: OpenClaim, run: VariantRun): ClaimAnswer {
    const { hostLimits } = run.variant.plan;
    for (const [rule, { max }] of hostLimits.entries())
      if ((run.hostCounts[rule]?.[this.#firstHost + claim.order] ?? 0) > max) return "for-good";
    return this.#settle(claim, run);
  }

  /** Everything but hosts and the quick look at resources. */
  #settle(claim: OpenClaim, run: VariantRun): ClaimAnswer {
    const { variant, shape } = run;
    const { plan } = variant;
    const set = this.#model.sets.narrow(this.#table.set[claim.order] ?? 0, variant);
    if (set === CONFLICT) return "for-good";
    const refusal: ClaimAnswer = plan.refusesForGood ? "for-good" : "for-now";
    let decided = true;
    for (let index = 0; index < plan.domainRules.length; index += 1) {
      const domain = this.#decidedDomain(claim, plan.domainRules[index]);
      if (domain === UNDECIDED) decided = false;
      else if (run.allowed[index]?.[domain] !== 1) return refusal;
    }
    this.set = set;
    this.position = findFit(claim, this.#model.sets.get(set), shape.requests);
    if (this.position < 0) return "for-good";
    for (const rule of plan.hostAffinities)
      if (!this.#topology.ownerMayUse(rule, this.#firstHost + claim.order)) return "for-now";
    if (shape.shape.ports.length > 0 && firstPortConflict(shape.shape.ports, claim.ports) !== undefined)
      return "for-good";
    if (!decided) {
      const fit = this.#chooseDomains({ claim, run }, set, 0);
      if (fit === undefined) return refusal;
      this.set = fit.set;
      this.position = fit.position;
    }
    if (this.#reservations !== undefined && !this.#findsReservation(claim, run, this.#reservations)) return "reserved";
    return claim.catalog.hasMinValues && !this.#keepsMinValues(claim, run) ? "for-good" : "fits";
  }

  /** With the policy Fallback the claim goes on without reserved capacity if none is left. */
  #findsReservation(claim: OpenClaim, { shape }: VariantRun, reservations: Reservations): boolean {
    const { sets, policies } = this.#model;
    const total = claim.used.slice();
    addInto(total, shape.requests);
    if (reservations.ask(claim, sets.get(this.set), total) === "open") return true;
    if (policies.reservations === "Strict") return false;
    const without = sets.narrow(this.set, this.#model.withoutReserved);
    if (without === CONFLICT) return false;
    this.set = without;
    this.position = findFit(claim, sets.get(without), shape.requests);
    return this.position >= 0;
  }

  #decidedDomain(claim: OpenClaim, rule: DomainRule | undefined): number {
    return rule === undefined
      ? UNDECIDED
      : (this.#table.domains[claim.order * this.#table.keys + rule.keyIndex] ?? UNDECIDED);
  }

  #keepsMinValues(claim: OpenClaim, { shape }: VariantRun): boolean {
    if (this.#model.policies.minValues === "BestEffort") return true;
    const set = this.#model.sets.get(this.set);
    const total = claim.used.slice();
    addInto(total, shape.requests);
    return meetsMinValues(survivingTypes(claim, set, total), set);
  }

  /** Settles the topology keys one after the other; the first combination of domains that holds the pod wins. */
  #chooseDomains(
    question: { readonly claim: OpenClaim; readonly run: VariantRun },
    set: number,
    ruleIndex: number,
  ): ClaimFit | undefined {
    const { claim, run } = question;
    const { sets } = this.#model;
    const rule = run.variant.plan.domainRules[ruleIndex];
    if (rule === undefined) {
      const position = findFit(claim, sets.get(set), run.shape.requests);
      return position < 0 ? undefined : { set, position };
    }
    if (this.#decidedDomain(claim, rule) !== UNDECIDED) return this.#chooseDomains(question, set, ruleIndex + 1);
    const possible = sets.possibleDomains(set, rule.keyIndex);
    if (possible.length === 0)
      return this.#topology.forbidding(rule, UNDECIDED) === undefined
        ? this.#chooseDomains(question, set, ruleIndex + 1)
        : undefined;
    const allowed = [...possible].filter((domain) => run.allowed[ruleIndex]?.[domain] === 1);
    if (allowed.length === 0) return undefined;
    if (rule.owned.length === 0) {
      // Only kept away from some domains: the claim stays open between the others.
      const narrowed = allowed.length === possible.length ? set : sets.narrowToDomains(set, rule.keyIndex, allowed);
      return narrowed === CONFLICT ? undefined : this.#chooseDomains(question, narrowed, ruleIndex + 1);
    }
    for (const domain of this.#byRank(allowed, rule)) {
      const narrowed = possible.length === 1 ? set : sets.narrowToDomain(set, rule.keyIndex, domain);
      const fit = narrowed === CONFLICT ? undefined : this.#chooseDomains(question, narrowed, ruleIndex + 1);
      if (fit !== undefined) return fit;
    }
    return undefined;
  }

  /** Domains are numbered by name and the sort is stable, so that ties go by name. */
  #byRank(domains: number[], rule: DomainRule): readonly number[] {
    if (domains.length === 1) return domains;
    return domains.sort((a, b) => this.#topology.rank(rule, a) - this.#topology.rank(rule, b));
  }
}
