import { ApiError } from '../errors.ts'

/** Model ids that the server lists by default. Any model is answered to, listed or not. */
export const defaultModels: readonly string[] = [
  'claude-opus-5-5',
  'claude-sonnet-5-5',
  'claude-haiku-5-5',
  'claude-opus-4-5',
  'claude-sonnet-4-5',
  'claude-haiku-4-5',
]

/** `GET /v1/models`: all on one page. */
export function listModels(models: readonly string[]): object {
  return {
    data: models.map(describeModel),
    has_more: false,
    first_id: models[0] ?? null,
    last_id: models.at(-1) ?? null,
  }
}

/** `GET /v1/models/:id`: one that is listed, else 404. */
export function findModel(models: readonly string[], id: string): object {
  if (!models.includes(id)) throw new ApiError({ status: 404, message: `model: ${id}` })
  return describeModel(id)
}

function describeModel(id: string): object {
  return { type: 'model', id, display_name: `Scripted ${id}`, created_at: '2026-01-01T00:00:00Z' }
}
