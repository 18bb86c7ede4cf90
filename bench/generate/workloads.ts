import { createTemplate } from './template.ts';

/** The kinds of workloads that are generated, by the plural of their paths. */
export type WorkloadPlural = keyof typeof SHAPES;

/** What tells one object from the others of its kind. */
export type WorkloadSpec = {
  readonly namespace: string;
  readonly name: string;
  /** Pull spec of its one container; for builds and their like the tag (`stream:tag`) that they start from. */
  readonly image: string;
};

/** Writes one object of a kind, of the size that such objects have: 3 to 6 kB. */
export const writeWorkload = (plural: WorkloadPlural, { namespace, name, image }: WorkloadSpec): string =>
  TEMPLATES[plural]({ namespace, name, image });

const CREATED = '2026-11-01T09:00:00Z';
const LABELS = { app: '{name}', 'app.kubernetes.io/part-of': 'team', 'app.kubernetes.io/managed-by': 'Helm' };
const SELECTOR = { matchLabels: { app: '{name}' } };

const variable = (name: string): object => ({
  name,
  valueFrom: { secretKeyRef: { name: 'settings', key: name.toLowerCase().replace('_', '-') } },
});

const probe = (path: string): object => ({
  httpGet: { path, port: 'http', scheme: 'HTTP' },
  initialDelaySeconds: 10,
  timeoutSeconds: 3,
  periodSeconds: 10,
  successThreshold: 1,
  failureThreshold: 3,
});

const CONTAINER = {
  name: 'main',
  image: '{image}',
  ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
  env: ['DB_HOST', 'DB_NAME', 'DB_USER', 'DB_PASSWORD', 'CACHE_URL', 'API_URL', 'LOG_LEVEL'].map(variable),
  resources: { limits: { cpu: '500m', memory: '512Mi' }, requests: { cpu: '50m', memory: '256Mi' } },
  volumeMounts: [{ name: 'files', mountPath: '/opt/app-root/data' }],
  livenessProbe: probe('/health/live'),
  readinessProbe: probe('/health/ready'),
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'IfNotPresent',
};

const POD_SPEC = {
  volumes: [{ name: 'files', persistentVolumeClaim: { claimName: '{name}' } }],
  containers: [CONTAINER],
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  serviceAccountName: 'default',
  securityContext: { seLinuxOptions: { level: 's0:c29,c4' }, fsGroup: 1000820000 },
  schedulerName: 'default-scheduler',
};

const POD_TEMPLATE = { metadata: { labels: LABELS }, spec: POD_SPEC };

/** The fields of an object as its managers list them: about as long as the object itself. */
const fieldsOf = (value: object): object =>
  Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => {
      const [first]: readonly unknown[] = Array.isArray(inner) ? inner : [];
      if (isNamed(first))
        return [`f:${key}`, { [`k:{"name":"${first.name}"}`]: { '.': {}, ...fieldsOf(first) } }];
      return [
        `f:${key}`,
        typeof inner === 'object' && inner !== null && first === undefined ? fieldsOf(inner) : {},
      ];
    }),
  );

const isNamed = (value: unknown): value is { readonly name: string } =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';

/** An object with all that the API adds. */
const shape = (spec: object, status: object = {}): object => ({
  metadata: {
    name: '{name}',
    namespace: '{namespace}',
    uid: '0b4c1f35-234f-41db-97db-878a9daf67ea',
    resourceVersion: '1234567',
    generation: 3,
    creationTimestamp: CREATED,
    labels: LABELS,
    annotations: { 'deployment.kubernetes.io/revision': '3', 'meta.helm.sh/release-name': '{name}' },
    managedFields: [
      {
        manager: 'helm',
        operation: 'Update',
        apiVersion: 'v1',
        time: CREATED,
        fieldsType: 'FieldsV1',
        fieldsV1: fieldsOf({ metadata: { labels: LABELS }, spec }),
      },
    ],
  },
  spec,
  status,
});

const CONDITIONS = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
const POD_STATUS = {
  phase: 'Running',
  conditions: CONDITIONS.map((type) => ({
    type,
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: CREATED,
  })),
  hostIP: '192.0.2.17',
  podIP: '198.51.100.23',
  startTime: CREATED,
  containerStatuses: [
    {
      name: 'main',
      state: { running: { startedAt: CREATED } },
      lastState: {},
      ready: true,
      restartCount: 0,
      image: '{image}',
      imageID: '{image}',
      containerID: `cri-o://${'0f9e8d7c'.repeat(8)}`,
      started: true,
    },
  ],
  qosClass: 'Burstable',
};

const templated = (more: object = {}): object =>
  shape({ replicas: 1, selector: SELECTOR, template: POD_TEMPLATE, ...more });

const FROM = { kind: 'ImageStreamTag', name: '{image}' };
const BUILD = {
  serviceAccount: 'builder',
  runPolicy: 'Serial',
  source: {
    type: 'Git',
    git: { uri: 'https://git.example.test/team/app.git', ref: 'main' },
    contextDir: 'app',
  },
  strategy: {
    type: 'Docker',
    dockerStrategy: { from: FROM, env: [{ name: 'PROXY', value: 'http://192.0.2.80' }] },
  },
  output: { to: { kind: 'ImageStreamTag', name: '{name}:latest' } },
  resources: { limits: { cpu: '1', memory: '2Gi' } },
  postCommit: {},
  nodeSelector: null,
};

const SHAPES = {
  pods: shape({ ...POD_SPEC, nodeName: 'worker-17.example.test' }, POD_STATUS),
  deployments: templated({ strategy: { type: 'RollingUpdate' }, revisionHistoryLimit: 10 }),
  replicasets: templated(),
  statefulsets: templated({ serviceName: '{name}', podManagementPolicy: 'OrderedReady' }),
  daemonsets: templated({ updateStrategy: { type: 'RollingUpdate' } }),
  jobs: templated({ backoffLimit: 6, completionMode: 'NonIndexed' }),
  cronjobs: shape({ schedule: '0 3 * * *', jobTemplate: { spec: { template: POD_TEMPLATE } } }),
  deploymentconfigs: templated({ strategy: { type: 'Rolling' }, triggers: [{ type: 'ConfigChange' }] }),
  replicationcontrollers: templated(),
  buildconfigs: shape({ ...BUILD, triggers: [{ type: 'ImageChange', imageChange: { from: FROM } }] }),
  builds: shape({ ...BUILD, triggeredBy: [{ message: 'Image change' }] }, { phase: 'Complete' }),
} as const;

const TEMPLATES = {
  pods: createTemplate(SHAPES.pods),
  deployments: createTemplate(SHAPES.deployments),
  replicasets: createTemplate(SHAPES.replicasets),
  statefulsets: createTemplate(SHAPES.statefulsets),
  daemonsets: createTemplate(SHAPES.daemonsets),
  jobs: createTemplate(SHAPES.jobs),
  cronjobs: createTemplate(SHAPES.cronjobs),
  deploymentconfigs: createTemplate(SHAPES.deploymentconfigs),
  replicationcontrollers: createTemplate(SHAPES.replicationcontrollers),
  buildconfigs: createTemplate(SHAPES.buildconfigs),
  builds: createTemplate(SHAPES.builds),
};
