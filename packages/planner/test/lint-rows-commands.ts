import { CONFIG, policy, type Row } from "./lint-rows.ts";

const SHELL_ROWS: readonly Omit<Row, "format">[] = [
  {
    rule: "eksctl-no-approve",
    bad: "eksctl create iamserviceaccount --cluster=c --name=n <<",
    good: "eksctl create iamserviceaccount --cluster=c --name=n --approve",
  },
  {
    rule: "oidc-provider-missing",
    bad: "eksctl create iamserviceaccount --cluster=c --name=n --approve <<",
    good: "eksctl utils associate-iam-oidc-provider --cluster c --approve\neksctl create iamserviceaccount --cluster=c --name=n --approve",
  },
  {
    rule: "eksctl-delete-what",
    bad: "eksctl delete -f cluster.yaml <<",
    good: "eksctl delete cluster -f cluster.yaml",
  },
  {
    rule: "eksctl-flags-with-file",
    bad: "eksctl create fargateprofile -f p.yaml --name a <<",
    good: "eksctl create fargateprofile -f p.yaml --cluster c",
  },
  {
    rule: "eksctl-random-name",
    bad: "eksctl create cluster --fargate <<",
    good: "eksctl create cluster --fargate --name c",
  },
  {
    rule: "eksctl-default-profile",
    bad: "eksctl create cluster --name c --fargate <<",
    good: "eksctl create cluster -f cluster.yaml",
  },
  {
    rule: "eksctl-role-name",
    bad: "eksctl create iamserviceaccount --cluster=c1 --name=n --role-name LbRole --approve <<",
    good: 'eksctl create iamserviceaccount --cluster=c1 --name=n --role-name "LbRole-$CLUSTER" --approve',
  },
  {
    rule: "kubeconfig-again",
    bad: "eksctl create cluster -f c.yaml\naws eks update-kubeconfig --name c <<",
    good: "aws eks update-kubeconfig --name c",
  },
  {
    rule: "profile-command-selectors",
    bad: "aws eks create-fargate-profile --cluster-name c <<\\\n  --fargate-profile-name p --subnets subnet-1 subnet-2",
    good: "aws eks create-fargate-profile --cluster-name c \\\n  --fargate-profile-name p --selectors namespace=a,labels={k=v}",
  },
  {
    rule: "profile-command-wait",
    bad: "aws eks create-fargate-profile --fargate-profile-name p --selectors namespace=a <<\nkubectl apply -f a.yaml",
    good: "aws eks create-fargate-profile --fargate-profile-name p --selectors namespace=a\naws eks wait fargate-profile-active --fargate-profile-name p\nkubectl apply -f a.yaml",
  },
  {
    rule: "account-id",
    bad: "aws iam get-role --role-name arn:aws:iam::123456789:role/a <<",
    good: "aws iam get-role --role-name arn:aws:iam::123456789012:role/a",
  },
  {
    rule: "security-group-all-traffic",
    bad: "aws ec2 authorize-security-group-ingress --group-id $SG --protocol '-1' --cidr 10.0.0.1/32 <<",
    good: "aws ec2 authorize-security-group-ingress --group-id $SG --protocol tcp --port 443 --cidr 10.0.0.1/32",
  },
  {
    rule: "cidr-mask",
    bad: "aws ec2 authorize-security-group-ingress --group-id $SG --protocol tcp --port 443 --cidr 10.0.0.1 <<",
    good: "aws ec2 authorize-security-group-ingress --group-id $SG --protocol tcp --port 443 --cidr $IP/32",
  },
  {
    rule: "region-from-configure-list",
    bad: 'AWS_REGION="$(aws configure list | grep region | cut -d" " -f3)" <<',
    good: 'AWS_REGION="$(aws configure get region)"',
  },
  {
    rule: "policy-arn-by-grep",
    bad: "ARN=`aws iam list-policies | grep Arn | awk -F\\\" '{print $4}'` <<",
    good: 'ARN=$(aws iam list-policies --scope Local --query "Policies[0].Arn")',
  },
  {
    rule: "vpc-by-tag-query",
    bad: "ID=$(aws ec2 describe-vpcs --query 'Vpcs[?contains(Tags[?Key==`Name`].Value[], `'$NAME'`)].[VpcId]') <<",
    good: "ID=$(aws ec2 describe-vpcs --filters Name=tag:Name,Values=$NAME --query 'Vpcs[0].VpcId')",
  },
  {
    rule: "node-role-ecr-policy",
    bad: "aws iam attach-role-policy --role-name r --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly <<",
    good: "aws iam attach-role-policy --role-name r --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
  },
  {
    rule: "partition-mixed",
    bad: "AWS_PARTITION=aws\naws eks describe-cluster --role-arn arn:aws:iam::111122223333:role/a <<",
    good: `AWS_PARTITION=aws\naws eks describe-cluster --role-arn arn:\${AWS_PARTITION}:iam::111122223333:role/a`,
  },
  {
    rule: "json-patch-path",
    bad: `kubectl patch deployment coredns --type=json -p='[{"op": "remove", "path": "/spec/template/metadata/annotations", "value": "a/b"}]' <<`,
    good: `kubectl patch deployment coredns --type=json -p='[{"op": "remove", "path": "/spec/template/metadata/annotations/a~1b"}]'`,
  },
  {
    rule: "json-patch-path",
    bad: `kubectl patch deployment coredns --type json -p '[{"op": "add", "path": "/metadata/labels/a/b", "value": "c"}]' <<`,
    good: `kubectl patch deployment coredns --type json -p '[{"op": "add", "path": "/metadata/labels/a~1b", "value": "c"}]'`,
  },
  {
    rule: "json-patch-absent",
    bad: `kubectl patch deployment coredns --type=json -p='[{"op": "remove", "path": "/spec/template/metadata/annotations/eks.amazonaws.com~1compute-type"}]' <<`,
    good: `kubectl patch deployment coredns --type=merge -p='{"spec":{"template":{"metadata":{"annotations":{"eks.amazonaws.com/compute-type":"fargate"}}}}}'`,
  },
  {
    rule: "create-not-idempotent",
    bad: "kubectl create namespace karpenter <<",
    good: "kubectl create namespace karpenter --dry-run=client -o yaml | kubectl apply -f -",
  },
  {
    rule: "aws-auth-edit",
    bad: "kubectl edit configmap aws-auth -n kube-system <<",
    good: "kubectl get configmap aws-auth -n kube-system -o yaml",
  },
  {
    rule: "lb-controller-region",
    bad: "helm install lb eks/aws-load-balancer-controller --set clusterName=c --set vpcId=v <<",
    good: "helm install lb eks/aws-load-balancer-controller --set clusterName=c,vpcId=v,region=r",
  },
  {
    rule: "lb-controller-version",
    bad: "curl -O https://raw.githubusercontent.com/x/aws-load-balancer-controller/v2.4.7/docs/install/iam_policy.json\nhelm install lb eks/aws-load-balancer-controller <<",
    good: "curl -O https://raw.githubusercontent.com/x/aws-load-balancer-controller/v3.5.0/docs/install/iam_policy.json\nhelm install lb eks/aws-load-balancer-controller --version 3.5.0",
  },
  {
    rule: "helm-repo-missing",
    bad: "helm install a grafana/loki <<",
    good: "helm repo add grafana https://grafana.github.io/helm-charts\nhelm install a grafana/loki\nhelm install b shop/chart\nhelm install c ./shop",
  },
  {
    rule: "karpenter-chart-values",
    bad: `V=v0.27.3\nhelm template karpenter oci://public.ecr.aws/karpenter/karpenter --version \${V} \\\n  --set clusterName=c <<`,
    good: "helm template karpenter oci://public.ecr.aws/karpenter/karpenter --version v0.27.3 --set settings.aws.clusterName=c",
  },
  {
    rule: "karpenter-chart-values",
    bad: "helm upgrade --install karpenter oci://public.ecr.aws/karpenter/karpenter --version 1.14.1 --set settings.aws.clusterName=c <<",
    good: "helm upgrade --install karpenter oci://public.ecr.aws/karpenter/karpenter --version 1.14.1 --set settings.clusterName=c",
  },
  {
    rule: "karpenter-old-chart",
    bad: "helm template karpenter oci://public.ecr.aws/karpenter/karpenter --version v0.27.3 <<",
    good: "helm template karpenter oci://public.ecr.aws/karpenter/karpenter --version 1.14.1",
  },
  { rule: "slash-comment", bad: "NAME=vpc // the name <<", good: "NAME=vpc # the name\ncurl https://a.example//b" },
  {
    rule: "variable-unset",
    bad: `A=1\nhelm template x y --set e=\${CLUSTER_ENDPOINT} --set a=$A <<`,
    good: `A=1\nexport B=2\nread -r C\nfor D in 1 2; do echo "$A $B $C $D $HOME \${E:-} \\$F" '$G'; done`,
  },
];

const POLICY_ROWS: readonly Row[] = [
  {
    rule: "policy-old-lb-controller",
    bad: `{ <<\n"Statement": [{ "Effect": "Allow", "Action": ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup", "cognito-idp:DescribeUserPoolClient"], "Resource": "*" }] }`,
    good: `{\n"Statement": [{ "Effect": "Allow", "Action": ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup", "cognito-idp:DescribeUserPoolClient", "ec2:*", "elasticloadbalancing:*"], "Resource": "*" }] }`,
  },
  {
    rule: "trust-source-arn",
    bad: policy('{ "Service": "eks-fargate-pods.amazonaws.com" }', ', "Condition": {}'),
    good: policy(
      '{ "Service": "eks-fargate-pods.amazonaws.com" }',
      ', "Condition": { "ArnLike": { "aws:SourceArn": "arn:aws:eks:r:111122223333:fargateprofile/c/*" } }',
    ).replace(" <<", ""),
  },
  {
    rule: "trust-fargate-service",
    bad: policy('{ "Service": "eks-fargate.amazonaws.com" }'),
    good: policy('{ "Service": "ec2.amazonaws.com" }').replace(" <<", ""),
  },
  {
    rule: "trust-any-service-account",
    bad: policy('{ "Federated": "arn:aws:iam::111122223333:oidc-provider/o" }'),
    good: policy(
      '{ "Federated": "arn:aws:iam::111122223333:oidc-provider/o" }',
      ', "Condition": { "StringEquals": { "o:sub": "system:serviceaccount:a:b" } }',
    ).replace(" <<", ""),
  },
  {
    rule: "policy-old-karpenter-tag",
    bad: policy("{}", ', "Condition": { "StringLike": { "ec2:ResourceTag/karpenter.sh/provisioner-name": "*" } }'),
    good: policy("{}", ', "Condition": { "StringLike": { "ec2:ResourceTag/karpenter.sh/nodepool": "*" } }').replace(
      " <<",
      "",
    ),
  },
];

const said = (rule: string, bad: string, good: string): readonly Row[] => [
  { rule, format: "markdown", bad: `# Notes\n\n${bad} <<\n`, good: `# Notes\n\n${good}\n` },
  { rule, bad: `# ${bad} <<\n${CONFIG}`, good: `# ${good}\n${CONFIG}` },
];

const STATEMENT_ROWS: readonly Row[] = [
  ...said(
    "statement-fargate-maximum",
    "Fargate pods have at most 4 vCPU and 30 GB of memory.",
    "Fargate pods have at most 16 vCPU and 120 GB. With 4 vCPU they have 8 to 30 GB.",
  ),
  ...said(
    "statement-one-container",
    "There is one container per VM on Fargate.",
    "There is one pod per VM on Fargate.",
  ),
  ...said(
    "statement-no-nlb",
    "An NLB is impossible with Fargate.",
    "An NLB works with Fargate by IP targets; a classic load balancer is impossible.",
  ),
  ...said(
    "statement-no-stateful",
    "Stateful services are not supported on Fargate.",
    "Stateful services keep their data on EFS there.",
  ),
  ...said(
    "statement-no-kubelet",
    "The kubelet is not installed on Fargate.",
    "The kubelet of a micro-VM belongs to AWS.",
  ),
  ...said(
    "statement-pay-for-use",
    "You pay only for what you use.",
    "You pay for the size that the requests round up to.",
  ),
  ...said(
    "statement-tolerations-decide",
    "Pods without tolerations or affinity go to Fargate.",
    "Pods that a profile selects go to Fargate.",
  ),
  ...said(
    "statement-scheduler-calls",
    "The default-scheduler asks Karpenter for a node.",
    "Karpenter watches pods that the scheduler could not place.",
  ),
];

export const COMMAND_ROWS: readonly Row[] = [
  ...SHELL_ROWS.map((row): Row => ({ ...row, format: "shell" })),
  ...POLICY_ROWS,
  ...STATEMENT_ROWS,
];
