/** `GET /v1/models`: what there is, in the API's words. */
import { findModel, type ModelAbilities, models } from './models.ts';

export function modelList() {
  const data = models.map(modelInfo);
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
}

/** One model's entry; undefined if there is none with this id. */
export function modelEntry(id: string) {
  const model = findModel(id);
  return model === undefined ? undefined : modelInfo(model);
}

function modelInfo(model: ModelAbilities) {
  return {
    type: 'model',
    id: model.id,
    display_name: `${model.name} (simulated)`,
    created_at: '2026-01-01T00:00:00Z',
    lifecycle: 'active',
    line: model.id.split('-')[1] ?? null,
    max_input_tokens: model.window,
    max_tokens: model.maxOutput,
    capabilities: null,
    deprecated_at: null,
    retires_at: null,
  };
}
