import type { SettingReader } from './setting-reader.ts'

export type KernelsConfig =
  | { readonly kind: 'none' }
  /** `shared`: by everybody who signs in, as one user of the operating system. */
  | { readonly kind: 'local'; readonly shared: boolean }
  | { readonly kind: 'server'; readonly url: string; readonly token: string }
  | {
      readonly kind: 'hub'
      /** `…/hub/api`. */
      readonly apiUrl: string
      readonly token: string
      /** How people reach it. No slash at the end of either. */
      readonly url: string
      readonly server: 'default' | 'workspace' | 'fresh'
      /** Starts a person's server while they fill in a form. */
      readonly prestart: boolean
      /** How many servers the platform lets a person have up: `person` and `workspace` are one for each. */
      readonly oneServer: 'no' | 'person' | 'workspace'
    }

export function readKernels(read: SettingReader): KernelsConfig {
  const kind = read.oneOf('KERNELS', ['none', 'local', 'local-shared', 'server', 'hub']) ?? 'none'
  if (kind === 'hub') return readHub(read)
  if (kind === 'none') return { kind }
  if (kind !== 'server') return { kind: 'local', shared: kind === 'local-shared' }
  const url = read.url('JUPYTER_SERVER_URL', ['http:', 'https:'], { required: true }) ?? ''
  return { kind, url: url.replace(/\/+$/, ''), token: read.required('JUPYTER_SERVER_TOKEN') }
}

/** Of the hub, and what we show there. */
export function readHubAddress(read: SettingReader): {
  readonly apiUrl: string
  readonly token: string
  readonly url: string
} {
  const protocols = ['http:', 'https:']
  const apiUrl = (read.url('JUPYTERHUB_API_URL', protocols, { required: true }) ?? '').replace(/\/+$/, '')
  if (apiUrl !== '' && !apiUrl.endsWith('/hub/api')) {
    read.fault('JUPYTERHUB_API_URL', `must end with /hub/api; got "${apiUrl}"`)
  }
  const url = read.url('JUPYTERHUB_URL', protocols) ?? apiUrl.replace(/\/hub\/api$/, '')
  return { apiUrl, token: read.required('JUPYTERHUB_API_TOKEN'), url: url.replace(/\/+$/, '') }
}

function readHub(read: SettingReader): KernelsConfig {
  const server = read.oneOf('JUPYTERHUB_SERVER', ['default', 'workspace', 'fresh']) ?? 'default'
  const oneServer = read.oneOf('JUPYTERHUB_ONE_SERVER', ['no', 'person', 'workspace']) ?? 'no'
  if (server === 'fresh' && oneServer !== 'no') {
    // Or the runs of a sweep would end each other.
    read.fault(
      'JUPYTERHUB_SERVER',
      `can’t be fresh with JUPYTERHUB_ONE_SERVER=${oneServer}: the server of each run would be stopped for that of the next. Use default or workspace`,
    )
  }
  const prestart = read.oneOf('JUPYTERHUB_PRESTART', ['no', 'yes']) === 'yes'
  return { kind: 'hub', ...readHubAddress(read), server, prestart, oneServer }
}
