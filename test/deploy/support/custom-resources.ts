import { join } from 'node:path'
import type { ApiServer } from './api-server.ts'
import { goModule } from './tools.ts'

const NAMESPACE = join(import.meta.dirname, '../../../deploy/components/namespace/namespace.yaml')

/** What a cluster of the platform has besides: custom resources, and the namespace with its Pod Security. */
export async function defineResources(server: ApiServer): Promise<void> {
  for (const file of await customResources()) await server.kubectl('apply', '--server-side', '-f', file)
  await server.kubectl('wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all')
  await server.kubectl('apply', '--server-side', '-f', NAMESPACE)
}

/** The definitions of what is not Kubernetes' own, as the operators publish them. */
async function customResources(): Promise<string[]> {
  const gateway = await goModule('sigs.k8s.io/gateway-api', 'v1.6.3')
  const prometheus = await goModule('github.com/prometheus-operator/prometheus-operator', 'v0.85.0')
  const keda = await goModule('github.com/kedacore/keda/v2', 'v2.20.2')
  return [
    `${gateway}/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml`,
    `${prometheus}/example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml`,
    `${prometheus}/example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml`,
    `${keda}/config/crd/bases/keda.sh_scaledobjects.yaml`,
  ]
}
