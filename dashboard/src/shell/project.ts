import { queryOptions, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { api, data, type Project } from "../api/client";

const STORED = "hark-project";

export const projectsQuery = queryOptions({ queryKey: ["projects"], queryFn: () => data(api.GET("/v3/projects")), staleTime: 60_000 });

/** The project that was looked at last in this browser. */
export const lastProject = () => localStorage.getItem(STORED);
export const rememberProject = (id: string) => localStorage.setItem(STORED, id);

/** The id of the project that the address names. */
export function useProjectId(): string {
  return useParams({ strict: false }).projectId ?? "";
}

export function useProject(): Project | undefined {
  const id = useProjectId();
  return useQuery(projectsQuery).data?.find((project) => project.id === id);
}

/** Whether the caller has a right in the project. */
export function useMay(right: string): boolean {
  return useProject()?.permissions.includes(right) ?? false;
}

/** The person who is signed in. */
export const useMe = () => useQuery({ queryKey: ["me"], queryFn: () => data(api.GET("/v3/users/me")), staleTime: 60_000 });

/** The people of the project. */
export function useMembers() {
  const project = useProjectId();
  return useQuery({ queryKey: ["members", project], queryFn: () => data(api.GET("/v3/projects/users", { params: { header: { project } } })), staleTime: 60_000 });
}

/** The teams of the project. */
export function useTeams() {
  const project = useProjectId();
  return useQuery({ queryKey: ["teams", project], queryFn: () => data(api.GET("/v3/teams", { params: { header: { project } } })), staleTime: 60_000 });
}

/** What a member is called. */
export const nameOfMember = ({ firstName, lastName, email }: { firstName?: string; lastName?: string; email?: string }) =>
  [firstName, lastName].filter(Boolean).join(" ") || email || "";
