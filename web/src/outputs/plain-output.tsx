import { AnsiText } from './ansi-text.tsx'
import { isPicture, type PictureType, shownTypes } from './mime.ts'
import { type Output, type ShownOutput, textOf } from './output.ts'
import { sizeText } from './size-text.ts'

/** A page with more text of one output than this is slow: the end is what tells most. */
const MAX_TEXT = 200_000
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/

/** Text, an error or a picture, as part of the page: none of them can do anything. */
export function PlainOutput({ output }: { readonly output: Output }) {
  switch (output.output_type) {
    case 'stream':
      return (
        <>
          <LeftOut output={output} what="Earlier text is not shown" />
          <Text text={output.text} kind={output.name === 'stderr' ? 'stderr' : 'stdout'} />
        </>
      )
    case 'error': {
      const trace = output.traceback.join('\n')
      return (
        <div className="cell-outputs-error">
          <p className="cell-outputs-headline">
            {output.ename}: {output.evalue}
          </p>
          {trace !== '' && <Text text={trace} kind="traceback" />}
        </div>
      )
    }
    case 'other':
      return (
        <p className="cell-outputs-note">An output of the kind {output.kind}, which is not known here.</p>
      )
    default:
      return <Shown output={output} />
  }
}

/** The address of the picture that an output is shown as; undefined where it is shown as something else. */
export function pictureOf(output: Output): string | undefined {
  if (!('data' in output)) return undefined
  const [type] = shownTypes(output.data)
  const text = type === undefined ? undefined : textOf(output.data[type])
  return isPicture(type) && text !== undefined ? pictureSource(type, text) : undefined
}

function Shown({ output }: { readonly output: ShownOutput }) {
  const { data, metadata } = output
  const types = shownTypes(data)
  for (const type of types) {
    const text = textOf(data[type])
    if (text === undefined) continue
    if (type === 'text/plain') return <Text text={text} kind="result" />
    if (!isPicture(type)) continue
    const source = pictureSource(type, text)
    if (source !== undefined) return <Picture source={source} alt={altOf(data)} size={metadata[type]} />
  }
  return (
    <>
      <LeftOut output={output} what="Too large for this page" />
      {output.leftOut === undefined && (
        <p className="cell-outputs-note">
          {Object.keys(data).length === 0
            ? 'An output without content.'
            : `An output of the type ${Object.keys(data).join(', ')}: JupyterLab can show it.`}
        </p>
      )}
    </>
  )
}

function LeftOut({ output, what }: { readonly output: Pick<ShownOutput, 'leftOut'>; readonly what: string }) {
  if (output.leftOut === undefined) return null
  return (
    <p className="cell-outputs-note">
      {what}: {output.leftOut.map(({ type, bytes }) => `${type}, ${sizeText(bytes)}`).join('; ')}. The
      notebook has it whole.
    </p>
  )
}

function Text({ text, kind }: { readonly text: string; readonly kind: string }) {
  const shown = text.length > MAX_TEXT ? text.slice(-MAX_TEXT) : text
  const isScrolled = kind === 'traceback' || shown.length > 800 || shown.split('\n').length > 20
  return (
    // What is scrolled is scrolled by keys as well.
    <pre className={`cell-outputs-text cell-outputs-${kind}`} {...(isScrolled && { tabIndex: 0 })}>
      {shown.length < text.length && '…\n'}
      <AnsiText text={shown} />
    </pre>
  )
}

interface PictureProps {
  readonly source: string
  readonly alt: string
  /** Metadata of the output for this type. */
  readonly size: unknown
}

function Picture({ source, alt, size }: PictureProps) {
  return (
    <img className="cell-outputs-picture" src={source} alt={alt} {...dimensions(size)} decoding="async" />
  )
}

function altOf(data: Readonly<Record<string, unknown>>): string {
  const plain = textOf(data['text/plain'])?.trim() ?? ''
  return plain === '' || plain.length > 200 ? 'Picture' : plain
}

/** A picture in its own address: what is no picture shows nothing. */
function pictureSource(type: PictureType, text: string): string | undefined {
  if (type === 'image/svg+xml') return `data:${type};charset=utf-8,${encodeURIComponent(text)}`
  return BASE64.test(text) ? `data:${type};base64,${text.replace(/\s/g, '')}` : undefined
}

function dimensions(size: unknown): { width?: number; height?: number } {
  if (typeof size !== 'object' || size === null) return {}
  const { width, height } = { width: undefined, height: undefined, ...size }
  return {
    ...(typeof width === 'number' && { width }),
    ...(typeof height === 'number' && { height }),
  }
}
