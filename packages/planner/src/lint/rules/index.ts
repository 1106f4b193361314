import type { LintRule } from "../model.ts";
import { AWS_COMMAND_RULES } from "./aws-commands.ts";
import { EKSCTL_COMMAND_RULES } from "./eksctl-commands.ts";
import { FARGATE_POD_RULES } from "./fargate-pods.ts";
import { HELM_COMMAND_RULES } from "./helm-commands.ts";
import { inputRules } from "./input.ts";
import { KUBECTL_COMMAND_RULES } from "./kubectl-commands.ts";
import { POLICY_RULES } from "./policies.ts";
import { SHELL_RULES } from "./shell.ts";

const SUBJECT_RULES: readonly LintRule[] = [
  ...FARGATE_POD_RULES,
  ...EKSCTL_COMMAND_RULES,
  ...AWS_COMMAND_RULES,
  ...KUBECTL_COMMAND_RULES,
  ...HELM_COMMAND_RULES,
  ...SHELL_RULES,
  ...POLICY_RULES,
];

const INPUT_IDS = ["manifest-invalid", "lint-ignore-unknown"];

/** Every rule of `nodeless lint`, by subject. Ids are stable. */
export const LINT_RULES: readonly LintRule[] = [
  ...inputRules(new Set([...INPUT_IDS, ...SUBJECT_RULES.map(({ id }) => id)])),
  ...SUBJECT_RULES,
];
