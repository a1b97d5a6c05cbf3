// Whether the server answers, as far as the last requests tell.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { OfflineError } from "../api/client";

export function useOnline(): boolean {
  const queries = useQueryClient();
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const lost = () => setOnline(false);
    const back = () => {
      setOnline(true);
      void queries.invalidateQueries();
    };
    addEventListener("offline", lost);
    addEventListener("online", back);
    const stop = queries.getQueryCache().subscribe(({ type, query }) => {
      if (type !== "updated") return;
      const { status, error, fetchFailureReason } = query.state;
      if (error instanceof OfflineError || fetchFailureReason instanceof OfflineError) setOnline(false);
      else if (status === "success" && query.state.fetchStatus === "idle") setOnline(true);
    });
    return () => {
      removeEventListener("offline", lost);
      removeEventListener("online", back);
      stop();
    };
  }, [queries]);
  // Nothing else may be asking: look again until there is an answer.
  useEffect(() => {
    if (online) return;
    const timer = setInterval(() => void queries.invalidateQueries({ queryKey: ["projects"] }), 3000);
    return () => clearInterval(timer);
  }, [online, queries]);
  return online;
}
