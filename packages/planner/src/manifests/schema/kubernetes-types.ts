/**
 * The fields of what the planner reads, in a notation of their own: `Type = field:type …`; `!` is required, `[T]` a list, `{T}` a mapping
 * from free keys, `A|B` one of these words, `any` is not looked into. Indented lines continue. A type named like a kind leaves out what every
 * object has (apiVersion, kind, metadata, status).
 * Source: the stable types of Kubernetes 1.36; what cannot change a placement is `any`.
 */
export const KUBERNETES_TYPES = `
Pod = spec!:PodSpec
ReplicationController = spec!:ReplicationControllerSpec
Node = spec:NodeSpec status:NodeStatus
PersistentVolumeClaim = spec!:PersistentVolumeClaimSpec
PersistentVolume = spec!:PersistentVolumeSpec
Namespace = spec:NamespaceSpec
Service = spec!:ServiceSpec
LimitRange = spec!:LimitRangeSpec
Deployment = spec!:DeploymentSpec
ReplicaSet = spec!:ReplicaSetSpec
StatefulSet = spec!:StatefulSetSpec
DaemonSet = spec!:DaemonSetSpec
Job = spec!:JobSpec
CronJob = spec!:CronJobSpec
PodDisruptionBudget = spec!:PodDisruptionBudgetSpec
StorageClass = allowVolumeExpansion:bool allowedTopologies:[TopologySelectorTerm] mountOptions:[text] parameters:{text} provisioner!:text
  reclaimPolicy:text volumeBindingMode:Immediate|WaitForFirstConsumer
PriorityClass = description:text globalDefault:bool preemptionPolicy:text value:int
HorizontalPodAutoscaler = spec!:HorizontalPodAutoscalerSpec
HorizontalPodAutoscalerV1 = spec!:HorizontalPodAutoscalerSpecV1
CSINode = spec!:CSINodeSpec
RuntimeClass = handler!:text overhead:Overhead scheduling:Scheduling
ObjectMeta = annotations:{text} creationTimestamp:any deletionGracePeriodSeconds:int deletionTimestamp:any finalizers:[text] generateName:text
  generation:int labels:{text} managedFields:[any] name:text namespace:text ownerReferences:[OwnerReference] resourceVersion:text selfLink:text
  uid:text
PodSpec = activeDeadlineSeconds:int affinity:Affinity automountServiceAccountToken:bool containers!:[Container] dnsConfig:any dnsPolicy:text
  enableServiceLinks:bool ephemeralContainers:[any] hostAliases:[any] hostIPC:bool hostNetwork:bool hostPID:bool hostUsers:bool hostname:text
  hostnameOverride:text imagePullSecrets:[LocalObjectReference] initContainers:[Container] nodeName:text nodeSelector:{text} os:PodOS
  overhead:{quantity} preemptionPolicy:text priority:int priorityClassName:text readinessGates:[any] resourceClaims:[any]
  resources:ResourceRequirements restartPolicy:Always|OnFailure|Never runtimeClassName:text schedulerName:text schedulingGates:[PodSchedulingGate]
  schedulingGroup:any securityContext:PodSecurityContext serviceAccount:text serviceAccountName:text setHostnameAsFQDN:bool
  shareProcessNamespace:bool subdomain:text terminationGracePeriodSeconds:int tolerations:[Toleration]
  topologySpreadConstraints:[TopologySpreadConstraint] volumes:[Volume]
ReplicationControllerSpec = minReadySeconds:int replicas:int selector:{text} template!:PodTemplateSpec
NodeSpec = configSource:any externalID:text podCIDR:text podCIDRs:[text] providerID:text taints:[Taint] unschedulable:bool
NodeStatus = addresses:[any] allocatable:{quantity} capacity:{quantity} conditions:[any] config:any daemonEndpoints:any declaredFeatures:[text]
  features:any images:[any] nodeInfo:any phase:text runtimeHandlers:[any] volumesAttached:[any] volumesInUse:[text]
PersistentVolumeClaimSpec = accessModes:[text] dataSource:any dataSourceRef:any resources:VolumeResourceRequirements selector:LabelSelector
  storageClassName:text volumeAttributesClassName:text volumeMode:text volumeName:text
PersistentVolumeSpec = accessModes:[text] awsElasticBlockStore:any azureDisk:any azureFile:any capacity:{quantity} cephfs:any cinder:any
  claimRef:any csi:any fc:any flexVolume:any flocker:any gcePersistentDisk:any glusterfs:any hostPath:HostPathVolumeSource iscsi:any local:any
  mountOptions:[text] nfs:any nodeAffinity:VolumeNodeAffinity persistentVolumeReclaimPolicy:text photonPersistentDisk:any portworxVolume:any
  quobyte:any rbd:any scaleIO:any storageClassName:text storageos:any volumeAttributesClassName:text volumeMode:text vsphereVolume:any
NamespaceSpec = finalizers:[text]
ServiceSpec = allocateLoadBalancerNodePorts:bool clusterIP:text clusterIPs:[text] externalIPs:[text] externalName:text externalTrafficPolicy:text
  healthCheckNodePort:int internalTrafficPolicy:text ipFamilies:[text] ipFamilyPolicy:text loadBalancerClass:text loadBalancerIP:text
  loadBalancerSourceRanges:[text] ports:[ServicePort] publishNotReadyAddresses:bool selector:{text} sessionAffinity:text sessionAffinityConfig:any
  trafficDistribution:text type:text
LimitRangeSpec = limits!:[LimitRangeItem]
DeploymentSpec = minReadySeconds:int paused:bool progressDeadlineSeconds:int replicas:int revisionHistoryLimit:int selector!:LabelSelector
  strategy:any template!:PodTemplateSpec
ReplicaSetSpec = minReadySeconds:int replicas:int selector!:LabelSelector template!:PodTemplateSpec
StatefulSetSpec = minReadySeconds:int ordinals:StatefulSetOrdinals persistentVolumeClaimRetentionPolicy:any podManagementPolicy:text replicas:int
  revisionHistoryLimit:int selector!:LabelSelector serviceName:text template!:PodTemplateSpec updateStrategy:any
  volumeClaimTemplates:[ClaimTemplate]
DaemonSetSpec = minReadySeconds:int revisionHistoryLimit:int selector!:LabelSelector template!:PodTemplateSpec updateStrategy:any
JobSpec = activeDeadlineSeconds:int backoffLimit:int backoffLimitPerIndex:int completionMode:NonIndexed|Indexed completions:int managedBy:text
  manualSelector:bool maxFailedIndexes:int parallelism:int podFailurePolicy:any podReplacementPolicy:text selector:LabelSelector successPolicy:any
  suspend:bool template!:PodTemplateSpec ttlSecondsAfterFinished:int
CronJobSpec = concurrencyPolicy:text failedJobsHistoryLimit:int jobTemplate!:JobTemplateSpec schedule!:text startingDeadlineSeconds:int
  successfulJobsHistoryLimit:int suspend:bool timeZone:text
PodDisruptionBudgetSpec = maxUnavailable:intOrText minAvailable:intOrText selector:LabelSelector unhealthyPodEvictionPolicy:text
TopologySelectorTerm = matchLabelExpressions:[TopologySelectorLabelRequirement]
HorizontalPodAutoscalerSpec = behavior:any maxReplicas!:int metrics:[any] minReplicas:int scaleTargetRef!:CrossVersionObjectReference
HorizontalPodAutoscalerSpecV1 = maxReplicas!:int minReplicas:int scaleTargetRef!:CrossVersionObjectReference targetCPUUtilizationPercentage:int
CSINodeSpec = drivers!:[CSINodeDriver]
Overhead = podFixed:{quantity}
Scheduling = nodeSelector:{text} tolerations:[Toleration]
CSINodeDriver = allocatable:VolumeNodeResources name!:text nodeID!:text topologyKeys:[text]
VolumeNodeResources = count:int
OwnerReference = apiVersion!:text blockOwnerDeletion:bool controller:bool kind!:text name!:text uid!:text
Affinity = nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
Container = args:[text] command:[text] env:[EnvVar] envFrom:[EnvFromSource] image:text imagePullPolicy:text lifecycle:any livenessProbe:any
  name!:text ports:[ContainerPort] readinessProbe:any resizePolicy:[any] resources:ResourceRequirements restartPolicy:Always|OnFailure|Never
  restartPolicyRules:[any] securityContext:SecurityContext startupProbe:any stdin:bool stdinOnce:bool terminationMessagePath:text
  terminationMessagePolicy:text tty:bool volumeDevices:[any] volumeMounts:[VolumeMount] workingDir:text
LocalObjectReference = name:text
PodOS = name!:text
ResourceRequirements = claims:[ResourceClaim] limits:{quantity} requests:{quantity}
PodSchedulingGate = name!:text
PodSecurityContext = appArmorProfile:any fsGroup:int fsGroupChangePolicy:text runAsGroup:int runAsNonRoot:bool runAsUser:int
  seLinuxChangePolicy:text seLinuxOptions:any seccompProfile:any supplementalGroups:[int] supplementalGroupsPolicy:text sysctls:[any]
  windowsOptions:any
Toleration = effect:NoSchedule|PreferNoSchedule|NoExecute|"" key:text operator:Exists|Equal|Lt|Gt|"" tolerationSeconds:int value:text
TopologySpreadConstraint = labelSelector:LabelSelector matchLabelKeys:[text] maxSkew!:int minDomains:int nodeAffinityPolicy:Honor|Ignore
  nodeTaintsPolicy:Honor|Ignore topologyKey!:text whenUnsatisfiable!:DoNotSchedule|ScheduleAnyway
Volume = awsElasticBlockStore:any azureDisk:any azureFile:any cephfs:any cinder:any configMap:any csi:any downwardAPI:any
  emptyDir:EmptyDirVolumeSource ephemeral:EphemeralVolumeSource fc:any flexVolume:any flocker:any gcePersistentDisk:any gitRepo:any glusterfs:any
  hostPath:HostPathVolumeSource image:any iscsi:any name!:text nfs:any persistentVolumeClaim:PersistentVolumeClaimVolumeSource
  photonPersistentDisk:any portworxVolume:any projected:any quobyte:any rbd:any scaleIO:any secret:any storageos:any vsphereVolume:any
PodTemplateSpec = metadata:ObjectMeta spec!:PodSpec
Taint = effect!:NoSchedule|PreferNoSchedule|NoExecute key!:text timeAdded:any value:text
VolumeResourceRequirements = limits:{quantity} requests:{quantity}
LabelSelector = matchExpressions:[LabelSelectorRequirement] matchLabels:{text}
HostPathVolumeSource = path!:text type:text
VolumeNodeAffinity = required:NodeSelector
ServicePort = appProtocol:text name:text nodePort:int port!:int protocol:text targetPort:intOrText
LimitRangeItem = default:{quantity} defaultRequest:{quantity} max:{quantity} maxLimitRequestRatio:{quantity} min:{quantity}
  type!:Container|Pod|PersistentVolumeClaim
StatefulSetOrdinals = start:int
JobTemplateSpec = metadata:ObjectMeta spec!:JobSpec
TopologySelectorLabelRequirement = key!:text values!:[text]
CrossVersionObjectReference = apiVersion:text kind!:text name!:text
NodeAffinity = preferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm] requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
PodAffinity = preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
  requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]
PodAntiAffinity = preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
  requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]
EnvVar = name!:text value:text valueFrom:any
EnvFromSource = configMapRef:ConfigMapEnvSource prefix:text secretRef:SecretEnvSource
ContainerPort = containerPort!:int hostIP:text hostPort:int name:text protocol:TCP|UDP|SCTP
SecurityContext = allowPrivilegeEscalation:bool appArmorProfile:any capabilities:Capabilities privileged:bool procMount:text
  readOnlyRootFilesystem:bool runAsGroup:int runAsNonRoot:bool runAsUser:int seLinuxOptions:any seccompProfile:any windowsOptions:any
VolumeMount = mountPath!:text mountPropagation:text name!:text readOnly:bool recursiveReadOnly:text subPath:text subPathExpr:text
ResourceClaim = name!:text request:text
EmptyDirVolumeSource = medium:text sizeLimit:quantity
EphemeralVolumeSource = volumeClaimTemplate:PersistentVolumeClaimTemplate
PersistentVolumeClaimVolumeSource = claimName!:text readOnly:bool
LabelSelectorRequirement = key!:text operator!:In|NotIn|Exists|DoesNotExist values:[text]
NodeSelector = nodeSelectorTerms!:[NodeSelectorTerm]
PreferredSchedulingTerm = preference!:NodeSelectorTerm weight!:int
WeightedPodAffinityTerm = podAffinityTerm!:PodAffinityTerm weight!:int
PodAffinityTerm = labelSelector:LabelSelector matchLabelKeys:[text] mismatchLabelKeys:[text] namespaceSelector:LabelSelector namespaces:[text]
  topologyKey!:text
ConfigMapEnvSource = name:text optional:bool
SecretEnvSource = name:text optional:bool
Capabilities = add:[text] drop:[text]
ClaimTemplate = apiVersion:text kind:text metadata:ObjectMeta spec!:PersistentVolumeClaimSpec status:any
PersistentVolumeClaimTemplate = metadata:ObjectMeta spec!:PersistentVolumeClaimSpec
NodeSelectorTerm = matchExpressions:[NodeSelectorRequirement] matchFields:[NodeSelectorRequirement]
NodeSelectorRequirement = key!:text operator!:In|NotIn|Exists|DoesNotExist|Gt|Lt values:[text]
`;
