import type { LintRule } from "../model.ts";
import { AWS_COMMAND_RULES } from "./aws-commands.ts";
import { CLUSTER_CONFIG_RULES } from "./cluster-config.ts";
import { DISRUPTION_RULES } from "./disruption.ts";
import { EKSCTL_COMMAND_RULES } from "./eksctl-commands.ts";
import { FARGATE_NETWORK_RULES } from "./fargate-network.ts";
import { FARGATE_POD_RULES } from "./fargate-pods.ts";
import { FARGATE_SETTING_RULES } from "./fargate-settings.ts";
import { FARGATE_SYSTEM_RULES } from "./fargate-systems.ts";
import { HELM_COMMAND_RULES } from "./helm-commands.ts";
import { inputRules } from "./input.ts";
import { KARPENTER_RULES } from "./karpenter.ts";
import { KUBECTL_COMMAND_RULES } from "./kubectl-commands.ts";
import { PLACEMENT_RULES } from "./placement.ts";
import { POLICY_RULES } from "./policies.ts";
import { PROFILE_RULES } from "./profiles.ts";
import { SELECTOR_RULES } from "./selectors.ts";
import { SHELL_RULES } from "./shell.ts";
import { STATEMENT_RULES } from "./statements.ts";

const SUBJECT_RULES: readonly LintRule[] = [
  ...FARGATE_POD_RULES,
  ...FARGATE_SETTING_RULES,
  ...FARGATE_SYSTEM_RULES,
  ...FARGATE_NETWORK_RULES,
  ...PROFILE_RULES,
  ...CLUSTER_CONFIG_RULES,
  ...KARPENTER_RULES,
  ...PLACEMENT_RULES,
  ...SELECTOR_RULES,
  ...DISRUPTION_RULES,
  ...EKSCTL_COMMAND_RULES,
  ...AWS_COMMAND_RULES,
  ...KUBECTL_COMMAND_RULES,
  ...HELM_COMMAND_RULES,
  ...SHELL_RULES,
  ...POLICY_RULES,
  ...STATEMENT_RULES,
];

const INPUT_IDS = ["manifest-invalid", "cluster-config-unsupported", "lint-ignore-unknown"];

/** Every rule of `nodeless lint`, by subject. Ids are stable. */
export const LINT_RULES: readonly LintRule[] = [
  ...inputRules(new Set([...INPUT_IDS, ...SUBJECT_RULES.map(({ id }) => id)])),
  ...SUBJECT_RULES,
];
