// What a template does with the ticket when it is sent. Actions that other clients know stay as they are.
import type { Schemas } from "../../api/client";

type Action = Schemas["TemplateAction"];

/** The fields of a ticket that an action of the same name sets: `{ "type": "status", "data": { "to": "DONE" } }`. */
export const SET = ["status", "priority", "processingTeam"] as const;

export type Changes = Partial<Record<(typeof SET)[number], string>>;

const fieldOf = ({ type }: Action) => SET.find((field) => field === type);

/** What of actions the dashboard does. */
export function changesOf(actions: Action[]): Changes {
  const changes: Changes = {};
  for (const action of actions) {
    const field = fieldOf(action);
    const to = (action.data as { to?: unknown } | null | undefined)?.to;
    if (field && typeof to === "string") changes[field] = to;
  }
  return changes;
}

/** The actions with these changes in place of those that the dashboard knows. */
export function actionsWith(actions: Action[], changes: Changes): Action[] {
  const set = SET.flatMap((field) => (changes[field] === undefined ? [] : [{ type: field, data: { to: changes[field] } }]));
  return [...actions.filter((action) => !fieldOf(action)), ...set];
}
