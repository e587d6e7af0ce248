import type { JsonObject } from '../notebook/json.ts'
import { textOf } from './message.ts'

/** How long a kernel refuses what was sent ahead: longer than anything is on its way to it. */
const REFUSE_SECONDS = 10

/**
 * Source that makes an ipykernel refuse, for some time after an error, every execute request that comes in. By itself
 * it refuses only what has arrived by then, so a cell that was sent ahead and is still on its way would run after the
 * error (in ipykernel 7 whatever `stop_on_error_timeout` says). Fails where the kernel has no such queue; leaves no name
 * behind.
 */
const SOURCE = `exec('''
def install(kernel):
    if "_refuses_after_error" in vars(kernel):
        return
    if not isinstance(kernel._aborting, bool):
        raise TypeError
    abort_subshell = kernel._abort_queues
    errors = []
    def accept(error):
        if errors[-1] is error:
            kernel._aborting = False
    def refuse(subshell_id=None):
        if subshell_id is not None:
            return abort_subshell(subshell_id)
        kernel._aborting = True
        errors[:] = [object()]
        kernel.io_loop.call_later(${REFUSE_SECONDS}, accept, errors[0])
    kernel._abort_queues = refuse
    kernel._refuses_after_error = True
install(get_ipython().kernel)
''', {"get_ipython": get_ipython})`

/**
 * What is to be run silently before cells may be sent ahead to this kernel, by its `kernel_info_reply`; a reply with
 * the status `ok` then says that it refuses what is queued after an error. Undefined for kernels not known to do that.
 */
export function abortGuard(info: JsonObject): string | undefined {
  return textOf(info, 'implementation') === 'ipython' ? SOURCE : undefined
}
