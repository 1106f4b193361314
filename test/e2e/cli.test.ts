import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { kubectlPath } from "../support/kubectl.ts";
import { dispose, newHome, type RunningNodeless, runNodeless, startNodeless } from "../support/nodeless.ts";

const run = promisify(execFile);
const COMMANDS = [
  "up",
  "down",
  "env",
  "status",
  "create fargateprofile",
  "get fargateprofile",
  "delete fargateprofile",
  "catalog",
  "catalog show",
  "catalog refresh",
  "plan",
  "plan diff",
  "version",
  "completion",
];

describe("the command line explains itself", { concurrency: 4 }, () => {
  let home = "";
  before(async () => {
    home = await newHome();
  });
  after(() => rm(home, { recursive: true }));

  test("every command has help with an example", async () => {
    const help = (command: string): ReturnType<typeof runNodeless> =>
      runNodeless(home, [...command.split(" "), "--help"]);
    const answers = await Promise.all(COMMANDS.map(async (command) => ({ command, ...(await help(command)) })));
    for (const { command, stdout, exitCode } of answers) {
      assert.equal(exitCode, 0);
      assert.match(stdout, new RegExp(`Examples:\n(.*\n)*.*nodeless ${command}`), command);
    }
  });

  for (const { args, message } of [
    { args: "statsu", message: /unknown command 'statsu'\n\(Did you mean status\?\)\nrun `nodeless --help`/ },
    { args: "up --fil x", message: /unknown option '--fil'\n\(Did you mean --file\?\)\nrun `nodeless up --help`/ },
    { args: "version -o xml", message: /Allowed choices are table, json, yaml/ },
    { args: "env --shell cmd", message: /Allowed choices are posix, fish/ },
    { args: "up --aws-port 70000", message: /--aws-port: "70000" is not a port number/ },
    { args: "create fargateprofile --cluster x", message: /--namespace is required without -f/ },
    { args: "create fargateprofile --namespace a -l x", message: /--labels: "x" is not key=value/ },
  ]) {
    test(`\`nodeless ${args}\` is a usage error`, async () => {
      const { exitCode, stdout, stderr } = await runNodeless(home, args.split(" "));
      assert.equal(exitCode, 64);
      assert.equal(stdout, "");
      assert.match(stderr, message);
    });
  }

  test("the bash completion knows commands, options and values", async () => {
    const { stdout: script } = await runNodeless(home, ["completion", "bash"]);
    const complete = async (...words: readonly string[]): Promise<string> => {
      const code = `${script}\nCOMP_WORDS=(nodeless "$@"); COMP_CWORD=$#; _nodeless; echo "\${COMPREPLY[*]}"`;
      return (await run("bash", ["-c", code, "bash", ...words])).stdout.trim();
    };
    assert.equal(await complete("sta"), "status");
    assert.equal(await complete("create", ""), "fargateprofile --help");
    assert.equal(await complete("up", "--name", "down", "--de"), "--detach");
    assert.equal(await complete("get", "fargateprofile", "-o", ""), "table json yaml name");
    assert.equal(await complete("up", "-f", ""), "");
  });

  for (const { args, exitCode, message } of [
    { args: "status", exitCode: 1, message: /no local cluster nodeless is running: start it with `nodeless up`/ },
    { args: "env --name demo", exitCode: 1, message: /start it with `nodeless up --name demo`/ },
    { args: "down --delete", exitCode: 0, message: /there is no local cluster nodeless/ },
    { args: "up --name ../x", exitCode: 1, message: /name "\.\.\/x" is not usable: use lower-case letters/ },
    { args: "up -f missing.yaml", exitCode: 1, message: /cannot read missing\.yaml: .*give the path/ },
    { args: "get fargateprofile", exitCode: 1, message: /which cluster\? no local cluster is running/ },
  ]) {
    test(`\`nodeless ${args}\` with nothing there says what to do`, async () => {
      const result = await runNodeless(home, args.split(" "));
      assert.equal(result.exitCode, exitCode);
      assert.match(result.stderr, message);
    });
  }

  test("without credentials, a command that needs AWS says so and does not wait", async () => {
    const started = performance.now();
    const { stderr, exitCode } = await runNodeless(home, ["get", "fargateprofile", "--cluster", "x"], undefined, {
      AWS_EC2_METADATA_DISABLED: "true",
    });
    assert.equal(exitCode, 1);
    assert.match(stderr, /AWS does not know who you are: .*set up credentials, or run `nodeless up`/);
    assert.ok(performance.now() - started < 10_000);
  });
});

describe("state that cannot be used is refused and left alone", () => {
  let home = "";
  before(async () => {
    home = await newHome();
    await mkdir(`${home}/state`);
  });
  after(() => rm(home, { recursive: true }));
  const up = (name: string, environment = {}): ReturnType<typeof runNodeless> =>
    runNodeless(home, ["up", "--name", name], undefined, environment);

  test("a file in the place of the state directory", async () => {
    await writeFile(`${home}/state/taken`, "mine");
    const { stderr, exitCode } = await up("taken");
    assert.equal(exitCode, 1);
    assert.match(stderr, /cannot keep state at .*: a file is in the place of a directory; .*NODELESS_HOME/);
    assert.equal(await readFile(`${home}/state/taken`, "utf8"), "mine");
  });

  for (const { rule, text, message } of [
    { rule: "a kubeconfig that is not YAML", text: "{{{:", message: /kubeconfig .* is not valid YAML .*: repair it/ },
    { rule: "a kubeconfig of another shape", text: "clusters: 5\n", message: /clusters is not a list\): repair it/ },
  ]) {
    test(rule, async () => {
      await writeFile(`${home}/broken`, text);
      const { stderr, exitCode } = await up("k", { KUBECONFIG: `${home}/broken` });
      assert.equal(exitCode, 1);
      assert.match(stderr, message);
      assert.equal(await readFile(`${home}/broken`, "utf8"), text);
    });
  }

  for (const content of ['{"file":', "null", "{}"]) {
    test(`a remembered file damaged to ${content}`, async () => {
      await mkdir(`${home}/state/input`, { recursive: true });
      await writeFile(`${home}/state/input/input.json`, content);
      const { stderr, exitCode } = await up("input");
      assert.equal(exitCode, 1);
      assert.match(stderr, /input\.json is damaged: give the cluster file again with -f/);
    });
  }

  for (const { rule, text, message } of [
    { rule: "aliases that blow up", text: bomb(), message: /f\.yaml:1: cannot be used: .*alias/ },
    { rule: "bottomless nesting", text: "[".repeat(100_000), message: /f\.yaml:1: not valid YAML: nested too deeply/ },
    {
      rule: "a file of 10 MB",
      text: `# ${"x".repeat(10_000_000)}`,
      message: /f\.yaml: larger than \d+ bytes; split it/,
    },
  ]) {
    test(rule, async () => {
      await writeFile(`${home}/f.yaml`, text);
      const { stderr, exitCode } = await runNodeless(home, ["up", "-f", `${home}/f.yaml`]);
      assert.equal(exitCode, 1);
      assert.match(stderr, message);
    });
  }
});

/** Ten levels of nine aliases each. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const [from, to] = [String.fromCharCode(97 + level), String.fromCharCode(98 + level)];
    return `${to}: &${to} [${Array(9).fill(`*${from}`).join(",")}]\n`;
  });
  return `a: &a [x,x]\n${levels.join("")}apiVersion: v1\nkind: ConfigMap\nmetadata: { name: bomb }\n`;
}

const config = (changes: string): string =>
  `apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: e2e, region: us-west-2, ${changes} }\n`;
const manifest = (text: string): string => `${config('version: "1.34"')}---\n${text}`;

describe("one local cluster and its commands", { skip: (await kubectlPath()) === undefined }, () => {
  let nodeless: RunningNodeless;
  before(async () => {
    const home = await newHome();
    await writeFile(`${home}/kubeconfig`, "# mine\nclusters: []\nusers: [{ name: me, user: {} }]\ncontexts: null\n");
    nodeless = await startNodeless({
      home,
      file: config('version: "1.34"'),
      args: ["--kubernetes-port", "0", "--aws-port", "0"],
    });
  });
  after(() => dispose(nodeless));
  const withFile = async (text: string): Promise<string> => {
    await writeFile(`${nodeless.home}/next.yaml`, text);
    const { stderr, exitCode } = await runNodeless(nodeless.home, [
      "up",
      "--name",
      "e2e",
      "-f",
      `${nodeless.home}/next.yaml`,
    ]);
    assert.equal(exitCode, 1, stderr);
    return stderr;
  };

  test("its context is merged into the kubeconfig beside what was there", async () => {
    const text = await readFile(`${nodeless.home}/kubeconfig`, "utf8");
    assert.match(text, /^# mine/);
    assert.match(text, /name: me/);
    assert.equal((await nodeless.ok("config current-context")).trim(), "nodeless-e2e");
  });

  test("the exports of `env` work in a shell", async () => {
    const exports_ = await nodeless.nodeless("env --name e2e");
    const { stdout } = await run("bash", [
      "-c",
      `${exports_.stdout}\necho "$AWS_ENDPOINT_URL $AWS_REGION $KUBECONFIG"`,
    ]);
    const [endpoint, ...rest] = stdout.trim().split(" ");
    assert.deepEqual(rest, ["us-west-2", `${nodeless.home}/state/e2e/kubeconfig`]);
    const status = JSON.parse((await nodeless.nodeless("status --name e2e -o json")).stdout) as {
      endpoints: { aws: string };
    };
    assert.equal(endpoint, status.endpoints.aws);
    await nodeless.ok(`--kubeconfig ${nodeless.home}/state/e2e/kubeconfig get nodes`);
    const { stdout: fish } = await nodeless.nodeless("env --name e2e --shell fish");
    assert.match(fish, /^set -gx AWS_REGION 'us-west-2';$/m);
  });

  test("nothing printed to a pipe carries escape codes", () => {
    assert.equal(nodeless.output().includes("\u001b"), false);
  });

  test("a second up of the same name is refused with the pid", async () => {
    for (const detach of [[], ["--detach"]]) {
      const { stderr, exitCode } = await runNodeless(nodeless.home, ["up", "--name", "e2e", ...detach]);
      assert.equal(exitCode, 1);
      assert.match(stderr, new RegExp(`already running as process ${nodeless.pid} since .*--name`));
    }
  });

  test("a port that was asked for and is taken is refused before anything is built", async () => {
    const port = new URL(nodeless.kubernetesEndpoint).port;
    const { stderr, exitCode } = await nodeless.nodeless(`up --name other --kubernetes-port ${port}`);
    assert.equal(exitCode, 1);
    assert.match(stderr, new RegExp(`port ${port} is taken by another program: give another --kubernetes-port`));
    await assert.rejects(stat(`${nodeless.home}/state/other/aws`));
  });

  test("profile commands find the only running cluster, list in every format, and refuse changes", async () => {
    const created = await nodeless.nodeless("create fargateprofile --name apps --namespace apps -l run=on-fargate");
    assert.equal(created.exitCode, 0, created.stderr);
    assert.equal(
      (await nodeless.nodeless("create fargateprofile --name apps --namespace apps -l run=on-fargate")).exitCode,
      0,
    );
    assert.match(
      (await nodeless.nodeless("create fargateprofile --name apps --namespace other")).stderr,
      /exists with other selectors, and profiles are immutable: create one under a new name/,
    );
    assert.match((await nodeless.nodeless("get fargateprofile")).stdout, /^apps +apps +run=on-fargate .*ACTIVE$/m);
    assert.match((await nodeless.nodeless("get fargateprofile -o name")).stdout, /^apps$/m);
    assert.equal((await nodeless.nodeless("delete fargateprofile --name apps --wait")).exitCode, 0);
    assert.match((await nodeless.nodeless("get fargateprofile --name apps")).stderr, /no Fargate profile "apps"/);
  });

  test("after a stop, what the state cannot follow is refused, and the state goes on", async () => {
    await nodeless.ok("create configmap kept --from-literal=a=b");
    await nodeless.stop();
    const status = await nodeless.nodeless("status --all -o json");
    assert.deepEqual(JSON.parse(status.stdout), [
      { name: "e2e", running: false, pid: null, cluster: "e2e" },
      { name: "other", running: false, pid: null, cluster: "" },
    ]);
    assert.match(await withFile(config('version: "1.33"')), /runs Kubernetes 1\.34, the file asks for 1\.33: upgrades/);
    assert.match(
      await withFile(config('version: "1.34"').replace("us-west-2", "us-east-1")),
      /e2e lives in us-west-2, the file asks for us-east-1: start another with --name/,
    );
    assert.match(
      await withFile(`${config('version: "1.34"')}vpc: { cidr: 10.1.0.0/16 }\n`),
      /has 192\.168\.0\.0\/16, the file asks for 10\.1\.0\.0\/16: a VPC keeps its block/,
    );
    assert.match(
      await withFile(manifest("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: cm, namespace: nowhere }\n")),
      /next\.yaml:5: ConfigMap cm: namespace "nowhere" does not exist: put a Namespace/,
    );
    assert.match(
      await withFile(manifest("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: cm }\ndatta: {}\n")),
      /next\.yaml:5: ConfigMap cm: .*unknown field "datta"/,
    );
    assert.match(
      await withFile(manifest("apiVersion: v1\nkind: Podd\nmetadata: { name: p }\n")),
      /next\.yaml:5: Podd p: the cluster does not know kind Podd in v1: .*correct apiVersion and kind/,
    );
    const detached = await nodeless.nodeless("up --name e2e --detach");
    assert.equal(detached.exitCode, 0, detached.stderr);
    assert.match(detached.stderr, /system pods +4 Running.*e2e goes on as process \d+/s);
    const { endpoints, pid } = JSON.parse((await nodeless.nodeless("status --name e2e -o json")).stdout) as {
      endpoints: { kubernetes: string };
      pid: number;
    };
    assert.equal(endpoints.kubernetes, nodeless.kubernetesEndpoint, "the same port again");
    assert.notEqual(pid, nodeless.pid);
    await nodeless.ok("get configmap kept");
    assert.match(
      (await nodeless.nodeless("down --name e2e --delete")).stderr,
      /stopped e2e .*\ndeleted the state of e2e/,
    );
    assert.doesNotMatch(await readFile(`${nodeless.home}/kubeconfig`, "utf8"), /nodeless-e2e/);
    await assert.rejects(stat(`${nodeless.home}/state/e2e`));
  });
});

describe("signals and files of a first start", () => {
  test("--detach takes the file from standard input, fails with the reason, and keeps nothing alive", async () => {
    const home = await newHome();
    const { stderr, exitCode } = await runNodeless(
      home,
      ["up", "--detach", "--kubernetes-port", "0", "--aws-port", "0", "-f", "-"],
      "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: cm, namespace: nowhere }\n",
    );
    assert.equal(exitCode, 1);
    assert.match(stderr, /standard input:1: ConfigMap cm: namespace "nowhere"/);
    assert.match(stderr, /nodeless did not start, for the reason above/);
    assert.match((await runNodeless(home, ["down"])).stderr, /nodeless is not running/);
    await rm(home, { recursive: true });
  });

  test("a stop at any moment of a start ends the process at once, and the next start goes on", async () => {
    const home = await newHome();
    const { spawn } = await import("node:child_process");
    const bin = new URL("../../packages/cli/bin/nodeless.js", import.meta.url).pathname;
    for (const { line, signal, code } of [
      { line: "local cluster", signal: "SIGINT", code: 130 },
      { line: "network", signal: "SIGINT", code: 130 },
      { line: "EKS cluster", signal: "SIGTERM", code: 0 },
      { line: "Ctrl-C or", signal: "SIGINT", code: 130 },
    ] as const) {
      const child = spawn(process.execPath, [bin, "up", "--kubernetes-port", "0", "--aws-port", "0"], {
        env: {
          PATH: process.env["PATH"],
          HOME: home,
          NODELESS_HOME: `${home}/state`,
          KUBECONFIG: `${home}/kubeconfig`,
        },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let signalled = Number.NaN;
      child.stderr.on("data", (chunk: Buffer) => {
        if (!Number.isNaN(signalled) || !chunk.toString().includes(line)) return;
        signalled = performance.now();
        child.kill(signal);
      });
      const exitCode = await new Promise((resolve) => child.once("exit", resolve));
      assert.equal(exitCode, code, line);
      assert.ok(performance.now() - signalled < 3_000, `${line}: ended after ${performance.now() - signalled} ms`);
    }
    await rm(home, { recursive: true });
  });

  test("the usual port is left to whoever has it", async () => {
    const home = await newHome();
    const holder = createServer();
    // Where another program already has it, that is the case as well.
    await new Promise<void>((resolve) =>
      holder.once("error", () => resolve()).listen(4566, "127.0.0.1", () => resolve()),
    );
    const started = await runNodeless(home, ["up", "--detach", "--kubernetes-port", "0"]);
    assert.equal(started.exitCode, 0, started.stderr);
    const status = JSON.parse((await runNodeless(home, ["status", "-o", "json"])).stdout) as {
      endpoints: { aws: string };
    };
    assert.notEqual(new URL(status.endpoints.aws).port, "4566");
    assert.equal((await runNodeless(home, ["down", "--delete"])).exitCode, 0);
    holder.close();
    await rm(home, { recursive: true });
  });
});
