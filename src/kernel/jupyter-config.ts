import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Where a child Jupyter server finds and keeps everything: nothing of the person's own Jupyter is read or written. */
export interface JupyterFolders {
  readonly config: string
  readonly data: string
  readonly runtime: string
  readonly ipython: string
}

export const jupyterFolders = (folder: string): JupyterFolders => ({
  config: join(folder, 'config'),
  data: join(folder, 'data'),
  runtime: join(folder, 'runtime'),
  ipython: join(folder, 'ipython'),
})

/** Writes the settings of the server: loopback only, and nothing that asks an outside host. The token is not in here. */
export async function writeJupyterConfig(
  { config }: JupyterFolders,
  { rootDir, port }: { readonly rootDir: string; readonly port: number },
): Promise<void> {
  await writeJson(join(config, 'jupyter_server_config.json'), {
    ServerApp: {
      ip: '127.0.0.1',
      port,
      // Links name the port: better not to start than to start on another.
      port_retries: 0,
      open_browser: false,
      allow_root: process.getuid?.() === 0,
      root_dir: rootDir,
      quit_button: false,
      log_level: 'WARN',
      // Looks for language servers at start, also by asking npm.
      jpserver_extensions: { jupyter_lsp: false },
    },
    // A kernel that died is missed within a second, not three.
    KernelRestarter: { time_to_dead: 1 },
    FileContentsManager: { delete_to_trash: false },
    LabApp: {
      extension_manager: 'readonly',
      check_for_updates_class: 'jupyterlab.handlers.announcements.NeverCheckForUpdate',
      news_url: null,
    },
  })
  await writeJson(join(config, 'labconfig/page_config.json'), {
    buildAvailable: false,
    buildCheck: false,
    disabledExtensions: {
      '@jupyterlab/apputils-extension:announcements': true,
      '@jupyterlab/extensionmanager-extension': true,
      '@jupyterlab/lsp-extension': true,
    },
  })
}

async function writeJson(path: string, value: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`)
}

/** Holds what of the server's settings is code. */
const OUR_CONFIG = join(import.meta.dirname, '../../runtime/jupyter')

/** What notebooks need of our environment, and no more: our own secrets are in there. */
const PASSED_ON =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|LANG|LC_\w+|TZ|TMPDIR|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|SSL_CERT_(FILE|DIR)|(CURL|REQUESTS)_CA_BUNDLE|(LD|DYLD)_LIBRARY_PATH|(OMP|OPENBLAS|MKL)_\w+|(GDAL|CPL|VSI|PROJ)_\w+)$/

/** The environment of the server and its kernels, from ours. */
export function jupyterEnvironment(
  outer: Readonly<Record<string, string | undefined>>,
  { config, data, runtime, ipython }: JupyterFolders,
  { python, token }: { readonly python: string; readonly token: string },
): Record<string, string> {
  return {
    ...passedOn(outer),
    // Terminals and `!commands` find the same Python.
    PATH: `${dirname(python)}:${outer['PATH'] ?? '/usr/bin:/bin'}`,
    PYTHONNOUSERSITE: '1',
    JUPYTER_CONFIG_DIR: config,
    JUPYTER_CONFIG_PATH: OUR_CONFIG,
    JUPYTER_DATA_DIR: data,
    JUPYTER_RUNTIME_DIR: runtime,
    IPYTHONDIR: ipython,
    // Not on the command line, which every user of the machine can read.
    JUPYTER_TOKEN: token,
  }
}

/** What a process that runs other people's code gets of our environment. */
export function passedOn(outer: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed = Object.entries(outer).flatMap(([name, value]) =>
    value !== undefined && PASSED_ON.test(name) ? [[name, value] as const] : [],
  )
  return Object.fromEntries(passed)
}
