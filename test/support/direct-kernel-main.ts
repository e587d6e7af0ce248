import { randomUUID } from 'node:crypto'
import { DirectHost } from '../../src/kernel/direct-host.ts'
import { Cells } from './cells.ts'

// A process of its own with a kernel of its own, to be killed: prints the number of the kernel's process.
// node direct-kernel-main.ts PYTHON FOLDER
const [python = '', folder = ''] = process.argv.slice(2)
const signal = AbortSignal.timeout(60_000)
const host = new DirectHost({ python, environment: process.env })
const kernelId = await host.start({ kernelName: 'python3', folder, environment: {} }, signal)
const cells = new Cells(await host.connect(kernelId, randomUUID(), signal))
process.stdout.write((await cells.run('import os; print(os.getpid())')).text)
