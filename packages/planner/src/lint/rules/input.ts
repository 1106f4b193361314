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
        if (UNSUPPORTED.test(message)) continue;
        const [said = message, ...rest] = message.split("; ");
        const remedy = rest.length > 0 ? rest.join("; ") : "correct the field";
        yield { at: { file, line }, object: undefined, message: path === "" ? said : `${path}: ${said}`, remedy };
      }
    },
  },
  {
    id: "cluster-config-unsupported",
    severity: "advice",
    title: "ClusterConfig field that eksctl takes and nodeless does not",
    why: "`nodeless up` and `nodeless plan` refuse the file rather than leave the field out silently.",
    source: "eksctl v1alpha5 schema, the part that nodeless reads",
    check: function* ({ problems }) {
      for (const { file, line = 1, path, message } of problems) {
        const [said = message, remedy = "remove the field"] = message.split(/:\s(?=remove)/);
        if (UNSUPPORTED.test(message))
          yield {
            at: { file, line },
            object: "ClusterConfig",
            message: `${path}: ${said}`,
            remedy: `for nodeless ${remedy}`,
          };
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

/** As the reader of ClusterConfigs says it of fields that exist in eksctl's schema. */
const UNSUPPORTED = /not supported by nodeless yet|nodeless has no node groups|nodeless do the same work/;
