import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCAL_ACCESS_KEY_ID, LOCAL_SECRET_ACCESS_KEY } from "@nodeless/local-aws";
import { kubectlPath } from "./kubectl.ts";

const BIN = new URL("../../packages/cli/bin/nodeless.js", import.meta.url).pathname;

/** What a command printed and how it ended. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** What `kubectl get ... -o json` prints for more than one object. */
export interface Items<T> {
  readonly items: readonly T[];
}

/** Configuration of an AWS SDK client of the local cloud. */
export interface AwsConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A running `nodeless up` of its own home, ports and kubeconfig, and the real clients pointed at it. */
export interface RunningNodeless {
  readonly home: string;
  readonly pid: number;
  readonly awsEndpoint: string;
  readonly awsConfig: AwsConfig;
  readonly kubernetesEndpoint: string;
  /** Everything printed on stderr so far. */
  output(): string;
  /** Real kubectl; `input` goes to its standard input. Never throws for a non-zero exit. */
  kubectl(args: string, input?: string): Promise<CommandResult>;
  /** kubectl that must succeed; its standard output. */
  ok(args: string, input?: string): Promise<string>;
  /** Parsed `kubectl get ... -o json`. */
  json<T = Record<string, unknown>>(args: string): Promise<T>;
  nodeless(args: string): Promise<CommandResult>;
  /** Asks `check` until it answers something other than undefined or false; fails with what `check` last threw or with `what`. */
  eventually<T>(what: string, check: () => Promise<T | undefined | false>, timeoutMs?: number): Promise<T>;
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

export interface StartOptions {
  /** Text of the cluster file. */
  readonly file?: string;
  readonly args?: readonly string[];
  /** Takes up the state of an earlier run. */
  readonly home?: string;
  readonly name?: string;
}

/** Where tests keep state: one new directory each. */
export function newHome(): Promise<string> {
  return mkdtemp(join(tmpdir(), "nodeless-e2e-"));
}

/** Environment of every command: nothing of the machine's own clusters or accounts. */
function environmentOf(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: home,
    NODELESS_HOME: join(home, "state"),
    KUBECONFIG: join(home, "kubeconfig"),
    KUBECACHEDIR: join(home, "cache"),
    NO_COLOR: "1",
  };
}

/** Runs `nodeless` to its end. */
export function runNodeless(
  home: string,
  args: readonly string[],
  input?: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<CommandResult> {
  return run(process.execPath, [BIN, ...args], { ...environmentOf(home), ...environment }, input);
}

const START_TIMEOUT_MS = 60_000;

/** Starts `nodeless up` and resolves when it is ready with its system pods Running. */
export async function startNodeless(options: StartOptions = {}): Promise<RunningNodeless> {
  const kubectl = await kubectlPath();
  if (kubectl === undefined) throw new Error("kubectl is not available: guard the test with kubectlPath()");
  const home = options.home ?? (await newHome());
  const name = options.name ?? "e2e";
  const args = [
    "up",
    "--name",
    name,
    ...(options.home === undefined ? ["--kubernetes-port", "0", "--aws-port", "0"] : []),
    ...(options.args ?? []),
  ];
  if (options.file !== undefined) {
    await writeFile(join(home, "cluster.yaml"), options.file);
    args.push("-f", join(home, "cluster.yaml"));
  }
  const environment = environmentOf(home);
  const child = spawn(process.execPath, [BIN, ...args], {
    env: environment,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await ready(child, () => output);
  const runtime = JSON.parse(await readFile(join(home, "state", name, "runtime.json"), "utf8")) as {
    awsEndpoint: string;
    kubernetesEndpoint: string;
  };
  const runKubectl = (text: string, input?: string): Promise<CommandResult> =>
    run(kubectl, splitWords(text), environment, input);
  const ok = async (text: string, input?: string): Promise<string> => {
    const result = await runKubectl(text, input);
    if (result.exitCode !== 0)
      throw new Error(`kubectl ${text}: exit ${result.exitCode}\n${result.stderr}${result.stdout}`);
    return result.stdout;
  };
  return {
    home,
    pid: child.pid ?? 0,
    awsEndpoint: runtime.awsEndpoint,
    awsConfig: {
      endpoint: runtime.awsEndpoint,
      region: "ap-northeast-2",
      credentials: { accessKeyId: LOCAL_ACCESS_KEY_ID, secretAccessKey: LOCAL_SECRET_ACCESS_KEY },
    },
    kubernetesEndpoint: runtime.kubernetesEndpoint,
    output: () => output,
    kubectl: runKubectl,
    ok,
    json: async (text) => JSON.parse(await ok(`${text} -o json`)),
    nodeless: (text) => runNodeless(home, splitWords(text)),
    eventually,
    stop: () => end(child, "SIGTERM"),
    kill: () => end(child, "SIGKILL"),
  };
}

/** Stops it and removes its directory. */
export async function dispose(nodeless: RunningNodeless): Promise<void> {
  await nodeless.stop();
  await rm(nodeless.home, { recursive: true, force: true });
}

function ready(child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`nodeless up was not ready after ${START_TIMEOUT_MS} ms:\n${output()}`));
    }, START_TIMEOUT_MS);
    child.once("message", () => {
      clearTimeout(timer);
      resolve();
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`nodeless up ended with ${code}:\n${output()}`));
    });
  });
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv, input?: string): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      { env, maxBuffer: 256 * 1024 * 1024, timeout: 120_000 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ stdout, stderr, exitCode: code });
      },
    );
    child.stdin?.end(input ?? "");
  });
}

/** Splits at spaces; single quotes keep a word together. */
function splitWords(text: string): readonly string[] {
  return [...text.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ""));
}

const LOOK_AGAIN_MS = 100;

async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let last: unknown; ; ) {
    try {
      const answer = await check();
      if (answer !== undefined && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
