import type { LintRule } from "../model.ts";

/** What is no longer so, or never was, with the words in which it is said. */
interface OutdatedStatement {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly remedy: string;
  readonly source: string;
  /** English and Korean; each must match within one line. */
  readonly patterns: readonly RegExp[];
}

const CONSIDERATIONS = "EKS user guide, Fargate considerations";

const STATEMENTS: readonly OutdatedStatement[] = [
  {
    id: "statement-fargate-maximum",
    title: "says that Fargate ends at 4 vCPU and 30 GB",
    why: "That was the largest size until 2022.",
    remedy: "the largest size is 16 vCPU and 120 GB",
    source: "EKS user guide, Fargate pod configuration",
    patterns: [
      /\b(max\w*|up to|limit\w*|largest|at most)\b\D{0,40}\b4 ?v?cpus?\b/i,
      /(?<!\d ?)\b4 ?v?cpus?\s*(,|\/|and|&|\+)\s*30 ?gi?b\b/i,
      /4 ?vCPU.{0,30}최대|최대.{0,30}4 ?vCPU/i,
    ],
  },
  {
    id: "statement-one-container",
    title: "says that a Fargate VM holds one container",
    why: "A micro-VM holds one pod, with all its containers.",
    remedy: "one pod per VM; sidecars run beside the main container",
    source: CONSIDERATIONS,
    patterns: [/\b(one|single|1) container (per|in each|for each) (micro-?)?vm\b/i, /VM에 (한|1) ?개의 컨테이너/],
  },
  {
    id: "statement-no-nlb",
    title: "says that Fargate has no network load balancer",
    why: "Network load balancers reach Fargate pods as IP targets; only classic ones cannot.",
    remedy: "aws-load-balancer-type: external with aws-load-balancer-nlb-target-type: ip",
    source: "EKS user guide, network load balancing",
    patterns: [
      /\b(nlb|network load balancer)s?\b.{0,60}\b(impossible|not supported|unsupported|not possible|cannot be used|do(es)? not work)\b.*/i,
      /\b(no|cannot use|can't use) (an? )?(nlb|network load balancer)s?\b(?=.*fargate)/i,
      /NLB.{0,20}(불가|안 ?됩니다|지원하지)/,
    ],
  },
  {
    id: "statement-no-stateful",
    title: "says that stateful pods are impossible on Fargate",
    why: "EFS volumes of a static PersistentVolume work; EBS does not.",
    remedy: "use static EFS volumes, or let the pods run on EC2",
    source: CONSIDERATIONS,
    patterns: [
      /\bstateful\w*\b.{0,60}\b(impossible|not supported|unsupported|not possible|cannot run|can't run)\b(?=.*|$)/i,
      /\b(no|cannot run|can't run) stateful\b/i,
      /State?ful.{0,20}(사용이 안|불가|안 ?됩니다)/i,
    ],
  },
  {
    id: "statement-no-kubelet",
    title: "says that Fargate has no kubelet and kube-proxy",
    why: "Both run in every micro-VM, and 256 MiB of each are for them; only DaemonSets are absent.",
    remedy: "they are there and belong to AWS",
    source: "EKS user guide, Fargate pod configuration",
    patterns: [
      /\b(no|without( an?)?) kubelet\b(?=.*\b(fargate|kube-proxy)\b)/i,
      /\bkubelet\b.{0,40}\b(is|are) not (installed|running|present)\b/i,
      /kubelet.{0,30}설치되지 않/,
    ],
  },
  {
    id: "statement-pay-for-use",
    title: "says that Fargate bills what is used",
    why: "Billed is the size that the requests round up to, from the image pull until the pod is gone, idle or not.",
    remedy: "pay for the rounded size: keep requests just below one, and equal to the limits",
    source: "AWS Fargate pricing",
    patterns: [
      /\bpay\w*\b.{0,30}\b(only )?(for )?(what (you|it|they) (actually )?uses?|actual(ly)? us(e|ed|age))\b(?=.*)/i,
      /사용된 vCPU.{0,40}요금/i,
    ],
  },
  {
    id: "statement-tolerations-decide",
    title: "says that tolerations or affinity decide about Fargate",
    why: "They never do: the namespace and labels of a profile's selectors decide when the pod is created.",
    remedy: "select by namespace and pod labels",
    source: "EKS user guide, Fargate profiles",
    patterns: [
      /\bpods?\b.{0,40}\bwithout\b.{0,30}\b(tolerations?|affinity)\b.{0,60}\bfargate\b/i,
      /톨레이션.{0,60}Fargate/i,
      /톨러레이션.{0,60}Fargate/i,
    ],
  },
  {
    id: "statement-scheduler-calls",
    title: "says that the scheduler asks Karpenter for a node",
    why: "Nobody calls it: Karpenter watches pods that are marked unschedulable, launches a node, and the scheduler binds them when it is ready.",
    remedy: "Karpenter watches unschedulable pods",
    source: "Karpenter, concepts",
    patterns: [
      /\b(default-)?scheduler\b.{0,30}\b(asks|calls|requests|tells)\b.{0,30}\bkarpenter\b/i,
      /\bkarpenter\b.{0,30}\b(tells|notifies|informs)\b.{0,30}\bscheduler\b/i,
      /scheduler.{0,10}Karpenter API/i,
      /Karpenter.{0,40}scheduler에/i,
    ],
  },
];

/** Sentences in comments and texts that mislead; each is advice. */
export const STATEMENT_RULES: readonly LintRule[] = [
  ...STATEMENTS.map(
    ({ id, title, why, remedy, source, patterns }): LintRule => ({
      id,
      severity: "advice",
      title,
      why,
      source,
      check: function* ({ statements }) {
        for (const { file, line, text } of statements)
          if (patterns.some((pattern) => pattern.test(text)))
            yield { at: { file, line }, object: undefined, message: `${title}: ${shortened(text)}`, remedy };
      },
    }),
  ),
];

const SHOWN_CHARACTERS_MAX = 90;

function shortened(text: string): string {
  const plain = text.trim().replaceAll(/\s+/g, " ");
  return JSON.stringify(plain.length <= SHOWN_CHARACTERS_MAX ? plain : `${plain.slice(0, SHOWN_CHARACTERS_MAX)}…`);
}
