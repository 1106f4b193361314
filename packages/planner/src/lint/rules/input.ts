import type { LintRule } from "../model.ts";

/** What is wrong with the input itself; `ids` are those of all rules. */
export const inputRules = (ids: ReadonlySet<string>): readonly LintRule[] => [
  {
    id: "manifest-invalid",
    severity: "error",
    title: "manifest that the API server or nodeless would refuse",
    why: "`kubectl apply`, `nodeless plan` and `nodeless up` end with the same words. The object is left out of the other rules.",
    source: "Kubernetes 1.36 types and validation; eksctl v1alpha5 schema, the part that nodeless reads",
    check: function* ({ problems }) {
      const broken = new Set<string>();
      for (const { file, line = 1, path, message } of problems) {
        // Lost indentation makes every second line a mistake: the first of a kind says it.
        const syntax = message.startsWith("not valid YAML") ? `${file} ${message}` : undefined;
        if (syntax !== undefined && broken.has(syntax)) continue;
        if (syntax !== undefined) broken.add(syntax);
        const parts = message.split("; ");
        const remedy = parts.length > 1 ? parts.slice(1).join("; ") : "correct the field";
        const said = parts.length > 1 ? (parts[0] ?? message) : message;
        yield { at: { file, line }, object: undefined, message: path === "" ? said : `${path}: ${said}`, remedy };
      }
    },
  },
  {
    id: "lint-ignore-unknown",
    severity: "warning",
    title: "nodeless.dev/lint-ignore names a rule that does not exist",
    why: "Nothing is accepted by it: the rule was renamed, or misspelled.",
    source: "nodeless",
    check: function* ({ acceptances }) {
      for (const { rule, file, line } of acceptances)
        if (rule !== "*" && !ids.has(rule))
          yield {
            at: { file, line },
            object: undefined,
            message: `there is no rule ${JSON.stringify(rule)} to accept`,
            remedy: "list the rules with nodeless lint --rules",
          };
    },
  },
];
