import type { LintHit, LintRule } from "../model.ts";
import type { CommandLine } from "../shell/command-line.ts";
import type { ShellWord } from "../shell/shell-command.ts";
import { atCommand, eachCommand } from "./hits.ts";

const COMPUTE_TYPE = "eks.amazonaws.com/compute-type";

interface PatchOperation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

/** Mistakes in kubectl commands. */
export const KUBECTL_COMMAND_RULES: readonly LintRule[] = [
  {
    id: "json-patch-path",
    severity: "error",
    title: "JSON patch that means another field",
    why: "`remove` takes away what stands at the path, whatever `value` says: a path that ends at annotations removes all of them, and fails where there are none. A slash within a key is written ~1.",
    source: "RFC 6902, RFC 6901; EKS user guide, CoreDNS on Fargate",
    check: patchRule(function* (operation) {
      const { op, path, value } = operation;
      if (op === "remove" && value !== undefined && /\/(annotations|labels|nodeSelector)$/.test(path))
        yield {
          message: `removes all of ${path}; "value" does not choose a key`,
          remedy: `end the path with the key: ${path}/${String(value).replaceAll("~", "~0").replaceAll("/", "~1")}`,
        };
      const key = /\/(?:annotations|labels|nodeSelector)\/([^/]+\/.+)$/.exec(path)?.[1];
      if (key !== undefined)
        yield {
          message: `the slash in ${key} starts another level`,
          remedy: `write ${path.slice(0, -key.length)}${key.replaceAll("/", "~1")}`,
        };
    }),
  },
  {
    id: "json-patch-absent",
    severity: "advice",
    title: "patch removes an annotation that newer clusters do not have",
    why: "Since about 2024 CoreDNS comes without the compute-type annotation: removing it fails with `the server rejected our request`. The managed add-on also writes its own settings back when it is updated.",
    source: "gruntwork-io/kubergrunt #223; EKS user guide, CoreDNS add-on",
    check: patchRule(function* ({ op, path, value }) {
      const names = `${path} ${String(value ?? "")}`.replaceAll("~1", "/");
      if (op === "remove" && names.includes(COMPUTE_TYPE))
        yield {
          message: `fails where ${COMPUTE_TYPE} is not set, and is undone by an update of the add-on`,
          remedy: `set it instead, which cannot fail: add-on configuration {"computeType":"Fargate"}, or kubectl patch --type=merge with ${COMPUTE_TYPE}: fargate`,
        };
    }),
  },
  {
    id: "create-not-idempotent",
    severity: "advice",
    title: "kubectl create where apply would do",
    why: "The second run stops with AlreadyExists, so a procedure that broke off cannot be repeated from the start.",
    source: "kubectl, create and apply",
    check: eachCommand(function* (line, { lines }) {
      if (!line.is("kubectl", "create") || line.has("--dry-run") || line.positionals[1]?.text === "token") return;
      const what = line.positionals[1]?.text;
      const isFile = line.has("-f", "--filename", "-k");
      if (!isFile && !CREATED.has(what ?? "")) return;
      const next = lines[lines.indexOf(line) + 1];
      if (next?.command.pipeline === line.command.pipeline) return;
      yield atCommand(line, {
        message: "fails when it is run again",
        remedy: isFile ? "kubectl apply -f" : `kubectl create ${what} … --dry-run=client -o yaml | kubectl apply -f -`,
      });
    }),
  },
  {
    id: "aws-auth-edit",
    severity: "warning",
    title: "aws-auth changed as a whole",
    why: "Without its row for the Fargate pod execution role all Fargate nodes become NotReady; an editor expands no variables. Access entries do the same without the file.",
    source: "EKS user guide, aws-auth ConfigMap and access entries",
    check: eachCommand(function* (line) {
      const { words } = line.command;
      if (
        !line.is("kubectl", "edit|replace|patch|apply|create|delete") ||
        !words.some(({ text }) => /\baws-auth\b/.test(text))
      )
        return;
      yield atCommand(line, {
        message: line.is("kubectl", "edit")
          ? "rows of others are lost by a slip, and variables stay as they are in an editor"
          : "replaces rows that EKS has written, such as that of the Fargate pod execution role",
        remedy:
          "aws eks create-access-entry --cluster-name NAME --principal-arn ROLE --type EC2_LINUX, or eksctl create iamidentitymapping, which appends",
      });
    }),
  },
];

const CREATED: ReadonlySet<string> = new Set(
  "namespace ns configmap cm secret serviceaccount sa role rolebinding clusterrole clusterrolebinding deployment service job".split(
    " ",
  ),
);

/** A rule about the operations of `kubectl patch --type=json`. */
function patchRule(
  check: (operation: PatchOperation) => Iterable<{ readonly message: string; readonly remedy: string }>,
): LintRule["check"] {
  return eachCommand(function* (line): Iterable<LintHit> {
    const patch = patchOf(line);
    for (const operation of patch === undefined ? [] : operationsOf(patch.text))
      for (const said of check(operation)) yield atCommand(line, said, patch);
  });
}

function patchOf(line: CommandLine): ShellWord | undefined {
  return line.is("kubectl", "patch") && line.flag("--type")?.text === "json" ? line.flag("-p", "--patch") : undefined;
}

function operationsOf(text: string): readonly PatchOperation[] {
  try {
    const value: unknown = JSON.parse(text);
    return (Array.isArray(value) ? value : []).flatMap((one: Partial<PatchOperation> | null) =>
      typeof one?.op === "string" && typeof one.path === "string"
        ? [{ op: one.op, path: one.path, value: one.value }]
        : [],
    );
  } catch {
    return [];
  }
}
