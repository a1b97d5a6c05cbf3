import { useQuery, useQueryClient } from "@tanstack/react-query";

import { api, data, raw, type Import } from "../../api/client";

const LOOK_AGAIN_MS = 700;
const UNFINISHED = ["queued", "running", "undoing"];

export const isUnfinished = ({ status }: Import) => UNFINISHED.includes(status);

/** The imports so far; asked for again while one is at work. */
export function useImports(project: string) {
  return useQuery({
    queryKey: ["imports", project],
    queryFn: () => data(api.GET("/v3/imports", { params: { header: { project }, query: { limit: 50 } } })),
    refetchInterval: (query) => (query.state.data?.some(isUnfinished) ? LOOK_AGAIN_MS : false),
  });
}

export interface Order {
  file: File;
  mapping: Record<string, string> | undefined;
  partial: boolean;
  dryRun: boolean;
}

/** Sends a file; the answer comes when the server has it. */
export async function startImport(project: string, { file, mapping, partial, dryRun }: Order): Promise<Import> {
  const query = new URLSearchParams({ name: file.name.slice(0, 200), partial: String(partial), dryRun: String(dryRun) });
  if (mapping) {
    query.set("mapping", JSON.stringify(mapping));
    query.set("format", "csv");
  }
  const headers = { "Content-Type": mapping ? "text/csv" : "application/octet-stream" };
  return (await raw(`/v3/imports?${query}`, project, { method: "POST", body: file, headers })).json() as Promise<Import>;
}

export function useImportActions(project: string) {
  const queries = useQueryClient();
  const params = (importId: string) => ({ params: { path: { importId }, header: { project } } });
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: ["imports", project] });
    void queries.invalidateQueries({ queryKey: ["sessions", project] });
  };
  return {
    refresh,
    cancel: async (id: string) => {
      await api.POST("/v3/imports/{importId}/cancel", params(id));
      refresh();
    },
    undo: async (id: string) => {
      await api.POST("/v3/imports/{importId}/undo", params(id));
      refresh();
    },
  };
}
