import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  type ApiServer,
  type ClusterCertificates,
  createApiServer,
  createCertificates,
  type HttpsListener,
  listenHttps,
} from "@nodeless/apiserver";
import { systemRandom } from "@nodeless/environment";
import { openMemoryStore } from "@nodeless/storage";
import { ISSUER, signingKey } from "./harness.ts";

let directory: string;
let certificates: ClusterCertificates;
let api: ApiServer;
let listener: HttpsListener;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "nodeless-kubectl-"));
  certificates = await createCertificates({ now: new Date(), random: systemRandom });
  api = await createApiServer({ store: openMemoryStore(), serviceAccountKey: await signingKey(), issuer: ISSUER });
  listener = await listenHttps({ server: api, port: 0, tls: tlsOf(certificates) });
  await writeFile(join(directory, "config"), kubeconfig(listener.url, certificates));
});

after(async () => {
  await listener.close();
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

const tlsOf = (from: ClusterCertificates): { certificate: string; key: string; clientCa: string } => ({
  certificate: from.servingCertificate,
  key: from.servingKey,
  clientCa: from.caCertificate,
});

function kubeconfig(server: string, from: ClusterCertificates): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server, "certificate-authority-data": base64(from.caCertificate) } }],
    users: [
      {
        name: "u",
        user: {
          "client-certificate-data": base64(from.adminCertificate),
          "client-key-data": base64(from.adminKey),
        },
      },
    ],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
}

interface Output {
  readonly code: number;
  readonly out: string;
}

// Shared by the tests of the whole repository, so it lies outside this project's root.
const tools = (await import(new URL("../../../test/support/kubectl.ts", import.meta.url).href)) as {
  kubectlPath(): Promise<string | undefined>;
};
const kubectl = await tools.kubectlPath();

function run(args: readonly string[], input = ""): Promise<Output> {
  return new Promise((resolve) => {
    const env = { ...process.env, KUBECONFIG: join(directory, "config"), HOME: directory };
    const child = execFile(kubectl ?? "", args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: `${stdout}${stderr}` });
    });
    child.stdin?.end(input);
  });
}

interface Raw {
  readonly status: number;
  readonly body: string;
}

function https(
  path: string,
  options: { cert?: string; key?: string; method?: string; body?: Buffer } = {},
): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const { body, ...tls } = options;
    const sent = request(
      `${listener.url}${path}`,
      { ...tls, ca: certificates.caCertificate, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

test("a client certificate says who calls; a foreign one and none at all are 401", async () => {
  const admin = { cert: certificates.adminCertificate, key: certificates.adminKey };
  const review = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const { body } = await https(review, { ...admin, method: "POST", body: Buffer.from("{}") });
  const { username, groups } = JSON.parse(body).status.userInfo;
  assert.deepEqual([username, groups], ["kubernetes-admin", ["system:masters", "system:authenticated"]]);
  const foreign = await createCertificates({ now: new Date(), random: systemRandom });
  const stranger = { cert: foreign.adminCertificate, key: foreign.adminKey };
  assert.equal((await https("/api", stranger)).status, 401);
  assert.equal((await https("/api")).status, 401);
  assert.equal((await https("/readyz")).body, "ok");
});

test("a body above 3 MiB is 413", async () => {
  const admin = { cert: certificates.adminCertificate, key: certificates.adminKey };
  const path = "/api/v1/namespaces/default/configmaps";
  const { status, body } = await https(path, {
    ...admin,
    method: "POST",
    body: Buffer.alloc(3 * 1024 * 1024 + 1, 0x20),
  });
  assert.deepEqual([status, JSON.parse(body).reason], [413, "RequestEntityTooLarge"]);
});

test("a watch's headers arrive before its first event, and closing ends it", async () => {
  const other = await listenHttps({ server: api, port: listener.port, fallback: true, tls: tlsOf(certificates) });
  assert.notEqual(other.port, listener.port);
  await assert.rejects(listenHttps({ server: api, port: listener.port, tls: tlsOf(certificates) }), {
    code: "EADDRINUSE",
  });
  const ended = await new Promise<() => Promise<void>>((resolve, reject) => {
    const path = "/api/v1/namespaces/default/secrets?watch=true";
    const options = {
      ca: certificates.caCertificate,
      cert: certificates.adminCertificate,
      key: certificates.adminKey,
      agent: false as const,
    };
    const sent = request(`${other.url}${path}`, options, (response) => {
      assert.equal(response.statusCode, 200);
      response.on("error", () => {});
      resolve(() => new Promise((done) => response.on("close", done)));
    });
    sent.on("error", reject);
    sent.end();
  });
  const gone = ended();
  await other.close();
  await gone;
});

describe("kubectl", { skip: kubectl === undefined ? "no kubectl for this platform" : false }, () => {
  const DEPLOYMENT = (replicas: number): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx, ports: [{containerPort: 80}]}]}
`;

  test("reads, applies, diffs, scales, labels, waits and deletes", async () => {
    for (const { args, input, code = 0, want } of [
      { args: ["version"], want: /Server Version: v1\.35\.\d+\+nodeless/ },
      { args: ["get", "namespaces"], want: /^NAME +STATUS +AGE\ndefault +Active/ },
      { args: ["api-resources"], want: /deployments +deploy +apps\/v1 +true +Deployment/ },
      { args: ["apply", "-f", "-"], input: DEPLOYMENT(2), want: /deployment.apps\/web created/ },
      { args: ["apply", "-f", "-"], input: DEPLOYMENT(2), want: /deployment.apps\/web unchanged/ },
      { args: ["diff", "-f", "-"], input: DEPLOYMENT(3), code: 1, want: /- {2}replicas: 2\n\+ {2}replicas: 3/ },
      { args: ["apply", "-f", "-"], input: DEPLOYMENT(3), want: /deployment.apps\/web configured/ },
      { args: ["scale", "deploy/web", "--replicas=5"], want: /deployment.apps\/web scaled/ },
      { args: ["label", "deploy/web", "tier=front"], want: /deployment.apps\/web labeled/ },
      { args: ["get", "deploy", "-l", "tier=front", "-o", "jsonpath={.items[0].spec.replicas}"], want: /^5$/ },
      { args: ["explain", "deployment.spec.replicas"], want: /FIELD: replicas <integer>/ },
      { args: ["run", "nginx", "--image=nginx"], want: /pod\/nginx created/ },
      { args: ["get", "pods", "-A", "-o", "wide"], want: /NAMESPACE +NAME .*\ndefault +nginx / },
      { args: ["describe", "svc", "kubernetes"], want: /IP: +10\.100\.0\.1/ },
      { args: ["get", "pod", "nope"], code: 1, want: /Error from server \(NotFound\): pods "nope" not found/ },
      { args: ["delete", "pod", "nginx"], want: /pod "nginx" deleted/ },
      { args: ["wait", "--for=delete", "pod/nginx", "--timeout=10s"], want: /^$/ },
      { args: ["delete", "deploy", "web", "--wait=true"], want: /deployment.apps "web" deleted/ },
      { args: ["create", "namespace", "team"], want: /namespace\/team created/ },
      { args: ["create", "configmap", "c", "--from-literal=a=b", "-n", "team"], want: /configmap\/c created/ },
      { args: ["auth", "can-i", "create", "pods"], want: /yes/ },
      { args: ["auth", "whoami"], want: /kubernetes-admin/ },
      { args: ["exec", "nginx", "--", "ls"], code: 1, want: /pods "nginx" not found/ },
    ]) {
      const output = await run(args, input);
      assert.match(output.out, want, args.join(" "));
      assert.equal(output.code, code, `${args.join(" ")}: ${output.out}`);
    }
  });
});
