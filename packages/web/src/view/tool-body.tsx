import type { ToolResult } from '../transcript/card.ts'
import { type Fields, fieldsOf, textOf } from '../transcript/fields.ts'
import { Clamp } from './clamp.tsx'
import { readDiff } from './diff.ts'
import { DiffView } from './diff-view.tsx'

interface Props {
  name: string
  input: Fields
  result: ToolResult | undefined
  writing: boolean
}

const LINE_NUMBER = /^ *\d+[→\t]/gm

/** The input and the result of a tool, each kind of tool in its own way. */
export function ToolBody(props: Props) {
  switch (props.name) {
    case 'Bash':
      return <BashBody {...props} />
    case 'Read':
      return <ReadBody {...props} />
    case 'Write':
      return <WriteBody {...props} />
    case 'Edit':
      return <EditBody {...props} />
    default:
      return <AnyBody {...props} />
  }
}

function BashBody({ input, result }: Props) {
  const command = textOf(input['command'])
  const stdout = textOf(result?.details['stdout'])
  const stderr = textOf(result?.details['stderr'])
  const apart = stdout !== undefined || stderr !== undefined
  return (
    <>
      {command !== undefined && <Clamp text={`$ ${command}`} lines={8} />}
      {stdout !== undefined && <Clamp text={stdout} />}
      {stderr !== undefined && <Clamp text={stderr} label="stderr" tone="bad" />}
      {!apart && result !== undefined && <Result result={result} empty="no output" />}
    </>
  )
}

function ReadBody({ result }: Props) {
  if (result === undefined) return null
  const content = textOf(fieldsOf(result.details['file'])['content'])
  const text = content ?? result.text.replace(LINE_NUMBER, '')
  return <Result result={{ ...result, text: result.failed ? result.text : text }} empty="empty file" />
}

function WriteBody({ input, result }: Props) {
  const content = textOf(input['content'])
  return (
    <>
      {content !== undefined && <Clamp text={content} />}
      {result?.failed === true && <Result result={result} />}
    </>
  )
}

function EditBody({ input, result }: Props) {
  return (
    <>
      <DiffView lines={readDiff(input, result?.details ?? {})} />
      {result?.failed === true && <Result result={result} />}
    </>
  )
}

function AnyBody({ input, result, writing }: Props) {
  const hasInput = Object.keys(input).length > 0
  return (
    <>
      {hasInput && (
        <Clamp text={JSON.stringify(input, null, 2)} label={writing ? 'input so far' : 'input'} lines={8} />
      )}
      {result !== undefined && <Result result={result} empty="no result" />}
    </>
  )
}

function Result({ result, empty }: { result: ToolResult; empty?: string }) {
  return (
    <>
      {result.images.map((url, index) => (
        <img key={index} class="image" src={url} alt="Result of the tool" />
      ))}
      {result.text !== '' && (
        <Clamp
          text={result.text}
          label={result.failed ? 'error' : undefined}
          tone={result.failed ? 'bad' : undefined}
        />
      )}
      {result.text === '' && result.images.length === 0 && empty !== undefined && (
        <p class="muted">({empty})</p>
      )}
    </>
  )
}
