import { HTMLManager } from '@jupyter-widgets/html-manager/lib/htmlmanager'
import * as v from 'valibot'

const viewSchema = v.object({ model_id: v.string() })

type Json = string | number | boolean | null | Json[] | { [name: string]: Json }
const jsonSchema: v.GenericSchema<Json> = v.lazy(() =>
  v.union([
    v.string(),
    v.number(),
    v.boolean(),
    v.null(),
    v.array(jsonSchema),
    v.record(v.string(), jsonSchema),
  ]),
)

/** Format 2 of https://github.com/jupyter-widgets/ipywidgets/tree/main/packages/schema */
const statesSchema = v.object({
  version_major: v.literal(2),
  version_minor: v.number(),
  state: v.record(
    v.string(),
    v.object({
      model_name: v.string(),
      model_module: v.string(),
      model_module_version: v.string(),
      state: v.record(v.string(), jsonSchema),
      buffers: v.exactOptional(
        v.array(
          v.object({
            data: v.string(),
            path: v.array(v.union([v.string(), v.number()])),
            encoding: v.literal('base64'),
          }),
        ),
      ),
    }),
  ),
})

/** A widget as its state was kept, with those in it. Nothing answers when it is moved: there is no kernel behind it. */
export async function widgetView(view: unknown, states: unknown): Promise<HTMLElement> {
  const { model_id: id } = v.parse(viewSchema, view)
  const manager = new HTMLManager()
  await manager.set_state(v.parse(statesSchema, states))
  const element = document.createElement('div')
  await manager.display_view(await manager.create_view(await manager.get_model(id)), element)
  return element
}
