// Texts that the team writes again and again.
import { useQuery } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../api/client";
import { useProjectId } from "../../shell/project";

export type Template = Schemas["MessageTemplateBody"];

/** More than this a project cannot have. */
const TEMPLATES_MAX = 1000;

/** All that the viewer sees, in their order. */
export function useTemplates(enabled = true) {
  const project = useProjectId();
  return useQuery({
    queryKey: ["templates", project],
    enabled,
    queryFn: async () => (await data(api.GET("/v3/message-templates", { params: { header: { project }, query: { limit: TEMPLATES_MAX } } }))) as Template[],
    staleTime: 30_000,
  });
}
