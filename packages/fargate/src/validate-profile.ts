import type { FieldError } from "@nodeless/api";
import { isLabelValue } from "@nodeless/api";

/** What a user says about a profile, in the words of the EKS API. */
export interface FargateProfileInput {
  readonly fargateProfileName: string;
  readonly podExecutionRoleArn?: string;
  readonly subnets?: readonly string[];
  readonly selectors?: readonly { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }[];
}

const SELECTORS_MAX = 5;
const LABELS_MAX = 5;
const NAMESPACE_PATTERN = /^[a-z0-9*?]([-a-z0-9*?]*[a-z0-9*?])?$/;
const ROLE_ARN = /^arn:[a-z-]+:iam::[0-9]{12}:role\/([^/]+)$/;

/**
 * Every mistake in a Fargate profile at once, with its path; empty when EKS would take it.
 * Source: the EKS user guide and Service Quotas (fargate.md §1).
 */
export function validateFargateProfile(input: FargateProfileInput): readonly FieldError[] {
  return [...validateName(input.fargateProfileName), ...validateRole(input), ...validateSelectors(input)];
}

function* validateName(name: string): Iterable<FieldError> {
  const path = "fargateProfileName";
  if (name === "") yield { path, message: "must not be empty" };
  // The name becomes the value of a pod label.
  else if (!isLabelValue(name))
    yield { path, message: `must be at most 63 letters, digits, - _ or ., not ${JSON.stringify(name)}` };
  if (name.startsWith("eks-")) yield { path, message: 'name should NOT start with "eks-": EKS keeps that prefix' };
}

function* validateRole({ podExecutionRoleArn }: FargateProfileInput): Iterable<FieldError> {
  if (podExecutionRoleArn !== undefined && !ROLE_ARN.test(podExecutionRoleArn))
    yield {
      path: "podExecutionRoleArn",
      message: `must be the ARN of a role without a path (arn:aws:iam::<account>:role/<name>), not ${JSON.stringify(podExecutionRoleArn)}`,
    };
}

function* validateSelectors({ selectors = [] }: FargateProfileInput): Iterable<FieldError> {
  if (selectors.length === 0)
    yield { path: "selectors", message: "needs at least one selector; a profile without selectors takes no pod" };
  if (selectors.length > SELECTORS_MAX)
    yield {
      path: "selectors",
      message: `at most ${SELECTORS_MAX} selectors, not ${selectors.length}; a wildcard (team-*) often replaces several`,
    };
  for (const [index, { namespace = "", labels = {} }] of selectors.entries()) {
    const path = `selectors[${index}]`;
    if (!NAMESPACE_PATTERN.test(namespace))
      yield {
        path: `${path}.namespace`,
        message: `must be a namespace, with * and ? as wildcards, not ${JSON.stringify(namespace)}`,
      };
    const count = Object.keys(labels).length;
    if (count > LABELS_MAX) yield { path: `${path}.labels`, message: `at most ${LABELS_MAX} labels, not ${count}` };
    for (const [key, value] of Object.entries(labels))
      if (key === "" || value.length > 63)
        yield { path: `${path}.labels`, message: `${JSON.stringify(`${key}=${value}`)} is not a label` };
  }
}
