// The address without a page: to the project that was looked at last, to signing in, or to the first start.
import { Navigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";

import { api, ApiError, data } from "../api/client";
import { lastProject, projectsQuery } from "./project";
import { Failure, Loading } from "./parts";

export function Home() {
  const setup = useQuery({ queryKey: ["setup"], queryFn: () => data(api.GET("/v3/setup")) });
  const projects = useQuery({ ...projectsQuery, enabled: setup.data?.done === true });
  if (setup.data?.done === false) return <Navigate to="/setup" replace />;
  if (projects.error instanceof ApiError && projects.error.status === 401) return <Navigate to="/sign-in" replace />;
  const error = setup.error ?? projects.error;
  if (error) return <Failure error={error} retry={() => void setup.refetch()} />;
  if (!projects.data) return <Loading />;
  const project = projects.data.find(({ id }) => id === lastProject()) ?? projects.data[0];
  if (!project) return <Navigate to="/sign-in" replace />;
  return <Navigate to="/p/$projectId/overview" params={{ projectId: project.id }} replace />;
}
