import * as v from 'valibot'
import { ask } from './client.ts'
import { limitsSchema } from './limits.ts'

const meSchema = v.object({
  user: v.string(),
  workspaces: v.array(v.string()),
  executes: v.boolean(),
  /** Of a run: where nothing is chosen, and the most that may be chosen of each. */
  limits: v.optional(v.object({ usual: limitsSchema, most: limitsSchema })),
  /** Whether there is a session of this browser to end. */
  session: v.boolean(),
})
export type Me = v.InferOutput<typeof meSchema>

/** Who is signed in, and what the service does for them (src/http/routes/me.ts). */
export const meQuery = {
  queryKey: ['me'],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask(meSchema, '/me', signal),
  staleTime: 60_000,
}
