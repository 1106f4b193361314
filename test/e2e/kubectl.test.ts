import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { helmPath, kubectlPath } from "../support/kubectl.ts";
import { dispose, type RunningNodeless, startNodeless } from "../support/nodeless.ts";

/**
 * One command of kubectl and what it prints, on either stream. Before the command: `!` it fails; `~` it is asked until it prints that.
 * `want` may name several things to print.
 */
type Step = readonly [command: string, want: RegExp | readonly RegExp[], input?: string];

const APP = (image: string, replicas = 2): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: app, labels: { tier: web } }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: app } }
  template:
    metadata: { labels: { app: app } }
    spec: { containers: [{ name: main, image: "${image}", ports: [{ containerPort: 80 }], env: [{ name: A, value: "1" }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: app }
spec: { selector: { app: app }, ports: [{ port: 80 }] }
`;

const LIST = `apiVersion: v1
kind: List
items:
- { apiVersion: v1, kind: ConfigMap, metadata: { name: listed }, data: { a: b } }
`;

const SETS = `apiVersion: v1
kind: Service
metadata: { name: db }
spec: { clusterIP: None, selector: { app: db }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db
  replicas: 3
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: c, image: "nginx:1" }] }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { containers: [{ name: c, image: "nginx:1" }] }
`;

const WIDGETS = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.ex.io }
spec:
  group: ex.io
  names: { plural: widgets, kind: Widget, shortNames: [wd], categories: [all] }
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: { status: {}, scale: { specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas } }
    additionalPrinterColumns:
    - { name: Size, type: integer, jsonPath: .spec.size }
    - { name: Color, type: string, jsonPath: .spec.color, priority: 1 }
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: { type: integer, maximum: 10, description: How big it is. }
              color: { type: string, default: red, enum: [red, green] }
              replicas: { type: integer }
          status: { type: object, x-kubernetes-preserve-unknown-fields: true }
`;

const widget = (spec: string, name = "w"): string =>
  `{ apiVersion: ex.io/v1, kind: Widget, metadata: { name: ${name} }, spec: { ${spec} } }`;

const WEBHOOK = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: hook }
webhooks: [{ name: a.b.c, admissionReviewVersions: [v1], sideEffects: None, clientConfig: { url: "https://example.com" } }]
`;

const REQUEST = `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: me }
spec: { request: LS0tCg==, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth] }
`;

const RULES: readonly (readonly [rule: string, steps: readonly Step[]])[] = [
  [
    "apply creates, leaves alone, changes, and says which",
    [
      ["apply -f - --dry-run=server", /deployment.apps\/app created \(server dry run\)/, APP("nginx:1")],
      ["apply -f -", [/deployment.apps\/app created/, /service\/app created/], APP("nginx:1")],
      ["apply -f -", [/deployment.apps\/app unchanged/, /service\/app unchanged/], APP("nginx:1")],
      ["rollout status deploy/app --timeout=30s", /deployment "app" successfully rolled out/],
      ["!diff -f -", [/-\s+image: nginx:1\n/, /\+\s+image: nginx:2\n/, /\+ {2}generation: 2\n/], APP("nginx:2")],
      ["apply -f -", [/deployment.apps\/app configured/, /service\/app unchanged/], APP("nginx:2")],
      [
        "!create -f -",
        /\(AlreadyExists\): error when creating "STDIN": deployments.apps "app" already exists/,
        APP("a"),
      ],
      // kubectl replaces the version it has just read: while a rollout writes statuses, the answer may rightly be a conflict.
      ["rollout status deploy/app --timeout=30s", /deployment "app" successfully rolled out/],
      ["~replace -f -", /deployment.apps\/app replaced/, APP("nginx:2")],
      ["apply -f -", /configmap\/listed created/, LIST],
      ["replace --force -f -", [/configmap "listed" deleted/, /configmap\/listed replaced/], LIST],
      ["!apply --server-side -f -", /Server-side apply not available on the server/, LIST],
      ["!apply -f -", /unknown field "spec.replicaz"/, APP("nginx:2").replace("replicas", "replicaz")],
      [
        "!create -f -",
        /no matches for kind "X" in version "nope\/v1"\nensure CRDs are installed first/,
        "{ apiVersion: nope/v1, kind: X, metadata: { name: x } }",
      ],
    ],
  ],
  [
    "a rollout goes forward, back, pauses and remembers",
    [
      ["rollout status deploy/app --timeout=30s", /successfully rolled out/],
      ["set image deploy/app main=nginx:3", /image updated/],
      ["rollout status deploy/app --timeout=30s", /successfully rolled out/],
      ["rollout history deploy/app", /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n3 +<none>\n/],
      ["rollout history deploy/app --revision=3", /Image:\tnginx:3\n/],
      ["rollout undo deploy/app", /rolled back/],
      ["rollout status deploy/app --timeout=30s", /successfully rolled out/],
      ["get deploy app -o jsonpath={..image}", /^nginx:2$/],
      ["rollout pause deploy/app", /paused/],
      ["!rollout pause deploy/app", /already paused/],
      ["set env deploy/app B=2", /env updated/],
      ["set env deploy/app --list", /A=1\nB=2\n/],
      ["set resources deploy/app --limits=cpu=200m", /resource requirements updated/],
      ["rollout resume deploy/app", /resumed/],
      ["rollout restart deploy/app", /restarted/],
      ["rollout status deploy/app --timeout=30s", /successfully rolled out/],
    ],
  ],
  [
    "get prints every form",
    [
      ["get pods -l app=app", /^NAME +READY +STATUS +RESTARTS +AGE\n[\s\S]*app-\w+-\w+ +1\/1 +Running +0 +\d+s\n/],
      ["get pods -o wide --no-headers", /1\/1 +Running +0 +\d+s +192\.168\.\d+\.\d+ +ip-192-\S+ +<none> +<none>\n/],
      ["get deploy,svc -o name", /^deployment.apps\/app\nservice\/app\nservice\/kubernetes\n$/],
      ["get deploy app -o wide", /CONTAINERS +IMAGES +SELECTOR\napp +2\/2 +2 +2 +\d+s +main +nginx:2 +app=app\n/],
      ["get svc app -o custom-columns=N:.metadata.name,P:.spec.ports[0].targetPort", /^N +P\napp +80\n$/],
      ["get svc --sort-by=.metadata.name -A", /NAMESPACE +NAME[\s\S]+ app [\s\S]+ kube-dns [\s\S]+ kubernetes /],
      ["get pods -A --chunk-size=2 --field-selector=status.phase!=Running", /No resources found/],
      ["get pods --show-labels -l 'app in (app),x!=1'", /LABELS\n[\s\S]+app=app,pod-template-hash=/],
      ["get all", [/pod\/app-/, /service\/app/, /deployment.apps\/app/, /replicaset.apps\/app-/]],
      [
        "get svc kubernetes",
        /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\nkubernetes +ClusterIP +\S+ +<none> +443\/TCP/,
      ],
      ["get deploy app -o yaml", [/^apiVersion: apps\/v1\n/, /\n {2}progressDeadlineSeconds: 600\n/]],
      [
        "get ep,endpointslices -l kubernetes.io/service-name!=x",
        [/endpoints\/app +\S+:80,\S+:80/, /IPv4 +80 +\S+,\S+/],
      ],
      ["!get pods nobody", /Error from server \(NotFound\): pods "nobody" not found/],
      ["!get nothings", /error: the server doesn't have a resource type "nothings"/],
      ["!get pods --field-selector=spec.foo=x", /field label not supported: spec.foo/],
      ["get --raw /readyz", /^ok$/],
      ["get deploy app --subresource=scale", /^NAME +DESIRED +AVAILABLE +AGE\napp +2 +2 +\d+s\n$/],
      ["get deploy app --subresource=scale -o jsonpath={.kind}{.spec.replicas}", /^Scale2$/],
    ],
  ],
  [
    "describe tells the story of pods, their owners and their nodes",
    [
      [
        "describe pod -l app=app",
        [
          /Controlled By: +ReplicaSet\/app-/,
          /QoS Class: +Guaranteed|Burstable/,
          /Events:[\s\S]+ Scheduled [\s\S]+ Pull(ing|ed) [\s\S]+ Created [\s\S]+ Started /,
        ],
      ],
      ["describe deploy app", [/Replicas: +2 desired \| 2 updated \| 2 total \| 2 available/, /ScalingReplicaSet/]],
      ["describe svc app", /Endpoints: +\d+\.\d+\.\d+\.\d+:80,/],
      ["describe ns default", [/Status: +Active/, /No resource quota\./]],
      ["describe node -l karpenter.sh/nodepool=default", [/Non-terminated Pods:/, /default +app-/, /NodeReady/]],
      ["describe nodepool default", /Kind: +NodePool/],
      ["describe nodeclaim", /Type: +Initialized/],
      ["events --for deploy/app", /ScalingReplicaSet/],
    ],
  ],
  [
    "patches of every type change what they say, and nothing when there is nothing to change",
    [
      [`patch deploy app -p '{"metadata":{"labels":{"a":"b"}}}'`, /app patched\n/],
      [`patch deploy app -p '{"metadata":{"labels":{"a":"b"}}}'`, /app patched \(no change\)\n/],
      [
        `patch deploy app --type=merge -p '{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":1}}}}'`,
        /patched/,
      ],
      [`patch deploy app --type=json -p '[{"op":"remove","path":"/metadata/labels/a"}]'`, /patched/],
      [
        `!patch deploy app --type=json -p '[{"op":"test","path":"/spec/replicas","value":9}]'`,
        /The request is invalid: the server rej/,
      ],
      [
        `!patch deploy app -p '{"spec":{"selector":{"matchLabels":{"app":"b"}}}}'`,
        /spec.selector: Invalid value: .*: field is immutable/,
      ],
      [
        `!patch deploy app -p '{"spec":{"replicas":-1}}'`,
        /The Deployment "app" is invalid: spec.replicas: Invalid value: -1: must be gr/,
      ],
      [`patch deploy app --subresource=scale --type=merge -p '{"spec":{"replicas":3}}'`, /patched/],
      ["label deploy app c=d", /labeled/],
      ["!label deploy app c=e", /'c' already has a value \(d\), and --overwrite is false/],
      ["label deploy app c-", /unlabeled/],
      ["annotate svc app note=hello", /annotated/],
      ["scale deploy app --replicas=1 --current-replicas=3", /scaled/],
      ["!scale deploy app --replicas=5 --current-replicas=3", /Expected replicas to be 3, was 1/],
      ["autoscale deploy app --min=1 --max=3", /autoscaled/],
      ["get hpa app", /app +Deployment\/app +cpu: <unknown>\/80% +1 +3 /],
      ["delete hpa app", /deleted/],
      ["wait deploy/app --for=jsonpath={.status.replicas}=1 --timeout=30s", /condition met/],
    ],
  ],
  [
    "generators make objects that work",
    [
      ["create ns team", /namespace\/team created/],
      ["!create ns team", /\(AlreadyExists\): namespaces "team" already exists/],
      ["create deployment d -n team --image=nginx --port=80", /deployment.apps\/d created/],
      ["expose deploy d -n team --type=NodePort", /service\/d exposed/],
      ["create cm c -n team --from-literal=a=1", /configmap\/c created/],
      ["create secret generic s -n team --from-literal=a=1", /secret\/s created/],
      ["create sa robot -n team", /serviceaccount\/robot created/],
      ["create token robot -n team", /^ey[\w-]+\.[\w-]+\.[\w-]+$/],
      ["create job j -n team --image=busybox -- echo hi", /job.batch\/j created/],
      ["create cronjob cj -n team --image=busybox --schedule='0 0 1 1 *' -- echo hi", /cronjob.batch\/cj created/],
      ["create job from -n team --from=cronjob/cj", /job.batch\/from created/],
      ["create role r -n team --verb=get --resource=pods", /r created/],
      ["create rolebinding rb -n team --role=r --serviceaccount=team:robot", /rb created/],
      ["create quota q -n team --hard=pods=50", /q created/],
      ["create pdb p -n team --selector=app=d --min-available=1", /p created/],
      ["create ingress i -n team --rule=foo.com/bar=d:80 --class=nginx", /i created/],
      ["create pc high --value=1000", /high created/],
      ["create service clusterip sc -n team --tcp=80:8080", /service\/sc created/],
      ["create service loadbalancer sl -n team --tcp=80:8080", /service\/sl created/],
      ["create service externalname se -n team --external-name=foo.com", /service\/se created/],
      [
        "get svc -n team",
        [
          /d +NodePort +\S+ +<none> +80:3\d{4}\/TCP/,
          /sl +LoadBalancer +\S+ +<pending>/,
          /se +ExternalName +<none> +foo.com/,
        ],
      ],
      [
        "wait job/j job/from -n team --for=condition=complete --timeout=30s",
        /job.batch\/j condition met\njob.batch\/from condition met/,
      ],
      ["get job j -n team", /j +Complete +1\/1 /],
      ["describe job j -n team", /Selector: +batch.kubernetes.io\/controller-uid=/],
      ["logs job/j -n team", /is simulated/],
      ["delete job j -n team", /deleted/],
      ["~get pods -n team -l job-name=j", /No resources found/],
      ["!create deployment d -n nowhere --image=nginx", /namespaces "nowhere" not found/],
      [
        `!patch svc d -n team -p '{"spec":{"clusterIP":"1.2.3.4"}}'`,
        /spec.clusterIPs\[0\]: Invalid value: .*: may not change once set/,
      ],
      ["create -f -", /me created/, REQUEST],
      ["get csr me", /me +\d+s +kubernetes.io\/kube-apiserver-client +kubernetes-admin +<none> +Pending/],
      ["certificate approve me", /me approved/],
      ["get csr me", / Approved\n/],
      [
        "!run Bad_Name --image=nginx",
        /The Pod "Bad_Name" is invalid: \n\* metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 sub/,
      ],
      ["run p --image=nginx --dry-run=server -o jsonpath={.spec.dnsPolicy}", /^ClusterFirst$/],
    ],
  ],
  [
    "logs come in parts, and following them ends with the pod",
    [
      ["run talker --image=nginx", /created/],
      ["wait pod/talker --for=condition=Ready --timeout=30s", /condition met/],
      [
        "logs talker",
        /^nodeless: container talker \(image nginx\) is simulated; no process runs, so it prints nothing\n$/,
      ],
      ["logs talker --tail=0", /^$/],
      ["logs talker --timestamps", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z nodeless: /],
      ["!logs talker --previous", /\(BadRequest\): previous terminated container "talker" in pod "talker" not found/],
      ["!logs talker -c other", /container other is not valid for pod talker/],
      ["logs -l run=talker --prefix --all-containers", /^\[pod\/talker\/talker\] nodeless: /],
      ["!logs nobody", /pods "nobody" not found/],
      [
        "run once --image=busybox --restart=Never --rm -i -- echo hi",
        [/falling back to streaming logs/, /pod "once" deleted/],
      ],
      ["set image pod/talker talker=nginx:2", /image updated/],
      ["~get pod talker", /talker +1\/1 +Running +1 \(/],
      ["~logs talker --previous", /is simulated/],
      ["!exec talker -- ls", /pods\/exec is not implemented by this server: containers are simulated/],
      ["!port-forward talker 8080:80", /pods\/portforward is not implemented by this server/],
      ["!top pods", /error: Metrics API not available/],
    ],
  ],
  [
    "StatefulSets go in order, DaemonSets to every node",
    [
      ["apply -f -", [/statefulset.apps\/db created/, /daemonset.apps\/agent created/], SETS],
      ["rollout status sts/db --timeout=30s", /partitioned roll out complete: 3 new pods have been updated/],
      ["get pods -l app=db -o name", /^pod\/db-0\npod\/db-1\npod\/db-2\n$/],
      ["rollout status ds/agent --timeout=30s", /daemon set "agent" successfully rolled out/],
      ["get ds agent", /NODE SELECTOR +AGE\nagent +(\d) +\1 +\1 +\1 +\1 +<none>/],
      ["set image sts/db c=nginx:2", /image updated/],
      ["rollout status sts/db --timeout=30s", /complete/],
      ["rollout undo sts/db", /rolled back/],
      ["rollout status sts/db --timeout=30s", /complete/],
      ["scale sts db --replicas=1", /scaled/],
      ["wait pod/db-1 pod/db-2 --for=delete --timeout=30s", /^/],
      ["delete -f - --timeout=30s", [/service "db" deleted/, /statefulset.apps "db" deleted/], SETS],
      ["~get pods,controllerrevisions -l 'app in (db,agent)'", /No resources found/],
    ],
  ],
  [
    "a definition of one's own is a kind like the others",
    [
      ["apply -f -", /widgets.ex.io created/, WIDGETS],
      ["wait crd/widgets.ex.io --for=condition=Established --timeout=10s", /condition met/],
      ["apply -f -", /widget.ex.io\/w created/, widget("size: 3")],
      ["apply -f -", /widget.ex.io\/w unchanged/, widget("size: 3")],
      ["get wd", /^NAME +SIZE\nw +3\n$/],
      ["get wd -o wide", /^NAME +SIZE +COLOR\nw +3 +red\n$/],
      ["get all", /widget.ex.io\/w +3/],
      [
        "!apply -f -",
        /The Widget "w" is invalid: spec.size: Invalid value: 30: spec.size in body should be less than or equal to 10/,
        widget("size: 30"),
      ],
      [
        "!create -f -",
        [/spec.size: Required value/, /spec.color: Unsupported value: "blue": supported values: "red", "green"/],
        widget("color: blue", "v"),
      ],
      ["!create -f -", /strict decoding error: unknown field "spec.colour"/, widget("size: 1, colour: red", "v")],
      [`patch wd w --type=merge -p '{"spec":{"size":5}}'`, /patched/],
      [
        `!patch wd w -p '{"spec":{"size":5}}'`,
        /strategic-merge-patch\+json is not supported by ex.io\/v1, Kind=Widget/,
      ],
      ["scale wd w --replicas=3", /scaled/],
      ["wait wd/w --for=jsonpath={.spec.replicas}=3 --timeout=5s", /condition met/],
      ["explain widget.spec", [/size\t<integer> -required-\n +How big it is\./]],
      ["delete wd w", /widget.ex.io "w" deleted/],
      ["delete crd widgets.ex.io", /deleted/],
      ["!create -f -", /webhooks: Forbidden: admission webhooks are not called by this server/, WEBHOOK],
    ],
  ],
  [
    "deletion cascades as asked, waits for finalizers and takes namespaces with their content",
    [
      ["create deployment gc --image=nginx --replicas=2", /created/],
      ["rollout status deploy/gc --timeout=30s", /successfully/],
      ["delete deploy gc --cascade=orphan", /deleted/],
      ["get rs -l app=gc", /gc-\w+ +2 +2 +2/],
      ["delete rs -l app=gc --cascade=foreground", /deleted/],
      ["get rs,pod -l app=gc", /No resources found/],
      ["create cm held", /created/],
      [`patch cm held --type=merge -p '{"metadata":{"finalizers":["ex.io/hold"]}}'`, /patched/],
      ["!delete cm held --timeout=1s", /timed out waiting for the condition on configmaps\/held/],
      [`patch cm held --type=merge -p '{"metadata":{"finalizers":null}}'`, /patched/],
      ["!get cm held", /NotFound/],
      ["create cm held -n team", /created/],
      [`patch cm held -n team --type=merge -p '{"metadata":{"finalizers":["ex.io/hold"]}}'`, /patched/],
      ["delete ns team --wait=false", /deleted/],
      ["~get ns team -o yaml", /has finalizers remaining: ex.io\/hold in\s+1/],
      ["!create cm late -n team", /unable to create new content in namespace team because it is being terminated/],
      [`patch cm held -n team --type=merge -p '{"metadata":{"finalizers":null}}'`, /patched/],
      ["wait ns/team --for=delete --timeout=30s", /^/],
      [
        "!delete ns kube-system",
        /\(Forbidden\): namespaces "kube-system" is forbidden: this namespace may not be deleted/,
      ],
      ["delete pod talker --force", /force deleted/],
      ["!delete pod nobody", /pods "nobody" not found/],
      ["delete pod nobody --ignore-not-found", /^$/],
      ["delete svc -l no=body", /No resources found/],
      ["!wait pod/nobody --for=condition=Ready --timeout=1s", /pods "nobody" not found/],
      ["!wait pod/nobody --for=create --timeout=1s", /timed out/],
    ],
  ],
  [
    "the server introduces itself",
    [
      ["version", /Server Version: v1\.35\./],
      ["cluster-info", [/control plane.* is running at https:/, /CoreDNS is running at/]],
      ["api-versions", [/^apps\/v1$/m, /^karpenter.sh\/v1$/m, /^v1$/m]],
      [
        "api-resources",
        [/^deployments +deploy +apps\/v1 +true +Deployment$/m, /^nodepools .*karpenter.sh\/v1 +false +NodePool$/m],
      ],
      ["explain pod.spec.containers", /KIND: +Pod\n[\s\S]+terminationMessagePath\t<string>/],
      ["auth can-i delete pods", /^yes\n$/],
      ["auth whoami", /Username +kubernetes-admin/],
      ["get events", /LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n/],
    ],
  ],
];

describe("kubectl", { skip: (await kubectlPath()) === undefined }, () => {
  let nodeless: RunningNodeless;
  before(async () => {
    nodeless = await startNodeless();
  });
  after(() => dispose(nodeless));

  /** What the command printed, if it ended as it should and printed what is wanted. */
  async function step([command, want, input]: Step): Promise<void> {
    const fails = command.startsWith("!");
    const words = command.replace(/^[!~]/, "");
    const { stdout, stderr, exitCode } = await nodeless.kubectl(words, input);
    const printed = `$ kubectl ${words}\n${stdout}${stderr}(exit ${exitCode})`;
    assert.equal(exitCode !== 0, fails, printed);
    for (const one of [want].flat() as readonly RegExp[])
      assert.ok(one.test(`${stdout}${stderr}`), `${printed}\nprints nothing like ${one}`);
  }

  for (const [rule, steps] of RULES)
    test(rule, async () => {
      for (const one of steps)
        if (one[0].startsWith("~"))
          await nodeless.eventually(one[0], async () => {
            await step(one);
            return true;
          });
        else await step(one);
    });

  /** Another tool, or kubectl with another environment. */
  async function tool(path: string, args: string, environment: NodeJS.ProcessEnv = {}): Promise<string> {
    const env = {
      PATH: process.env["PATH"],
      HOME: nodeless.home,
      KUBECONFIG: join(nodeless.home, "kubeconfig"),
      ...environment,
    };
    const { stdout, stderr } = await promisify(execFile)(path, args.split(" "), { env, timeout: 60_000 });
    return stdout + stderr;
  }

  test("edit writes what the editor leaves, and nothing when it leaves everything", async () => {
    const kubectl = (await kubectlPath()) ?? "";
    const editor = join(nodeless.home, "editor");
    await writeFile(editor, `#!/bin/sh\nsed -i 's/replicas: 1/replicas: 2/' "$1"\n`, { mode: 0o755 });
    assert.match(await tool(kubectl, "edit deploy app", { KUBE_EDITOR: editor }), /deployment.apps\/app edited/);
    assert.match(await tool(kubectl, "edit deploy app", { KUBE_EDITOR: "true" }), /Edit cancelled, no changes made/);
    await nodeless.ok("wait deploy/app --for=jsonpath={.status.readyReplicas}=2 --timeout=30s");
  });

  test("a followed log and a watch end or go on as the pod does", async () => {
    await nodeless.ok("run short --image=nginx");
    await nodeless.ok("wait pod/short --for=condition=Ready --timeout=30s");
    const [followed, watched] = await Promise.all([
      nodeless.ok("logs -f short"),
      nodeless.kubectl("get pod short --watch --request-timeout=2s"),
      nodeless.ok("delete pod short"),
    ]);
    assert.match(followed, /simulated/);
    assert.match(watched.stdout, /^NAME +READY +STATUS[\s\S]+short +1\/1 +Terminating/);
  });

  test("a drained node keeps what a disruption budget protects until it may go", async () => {
    await nodeless.ok("create pdb app --selector=app=app --min-available=2");
    await nodeless.eventually("the budget counts", async () =>
      /app +2 +N\/A +0 /.test(await nodeless.ok("get pdb app")) ? true : undefined,
    );
    const pod = await nodeless.ok("get pods -l app=app -o jsonpath={.items[0].spec.nodeName}");
    const refused = await nodeless.kubectl(`drain ${pod} --ignore-daemonsets --force --timeout=1s`);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /Cannot evict pod as it would violate the pod's disruption budget/);
    assert.match(await nodeless.ok(`get node ${pod}`), /Ready,SchedulingDisabled/);
    await nodeless.ok("delete pdb app");
    assert.match(await nodeless.ok(`drain ${pod} --ignore-daemonsets --force --timeout=60s`), /node\/\S+ drained/);
    await nodeless.ok("wait deploy/app --for=condition=Available --timeout=60s");
    const taint = await nodeless.kubectl(`taint node ${pod} a=b:Nonsense`);
    assert.match(taint.stderr, /invalid taint effect: Nonsense/);
  });

  test("helm installs, upgrades, rolls back and uninstalls without server-side apply, and says so when asked with it", async (t) => {
    const helm = await helmPath();
    if (helm === undefined) {
      t.skip("helm is not available");
      return;
    }
    const chart = join(nodeless.home, "chart");
    await mkdir(join(chart, "templates"), { recursive: true });
    await writeFile(join(chart, "Chart.yaml"), "apiVersion: v2\nname: tiny\nversion: 0.1.0\n");
    await writeFile(join(chart, "values.yaml"), "image: nginx:1\n");
    const template = APP("{{ .Values.image }}", 1).replaceAll(/\bapp\b(?=[,\s}])/g, "{{ .Release.Name }}");
    await writeFile(join(chart, "templates", "all.yaml"), template);
    const client = "--server-side=false --wait --timeout=30s";
    assert.match(await tool(helm, `install tiny ${chart} ${client}`), /STATUS: deployed/);
    assert.match(await tool(helm, `upgrade tiny ${chart} --set image=nginx:2 ${client}`), /has been upgraded/);
    assert.equal(await nodeless.ok("get deploy tiny -o jsonpath={..image}"), "nginx:2");
    assert.match(await tool(helm, `rollback tiny 1 ${client}`), /Rollback was a success/);
    assert.equal(await nodeless.ok("get deploy tiny -o jsonpath={..image}"), "nginx:1");
    assert.match(await tool(helm, "uninstall tiny --wait --timeout=30s"), /release "tiny" uninstalled/);
    await assert.rejects(tool(helm, `install tiny ${chart}`), /server-side apply not available on the server/);
  });
});
