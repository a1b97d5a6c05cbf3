// The keys of a server that was just set up: in memory alone, so that they are gone with the tab.
import type { Schemas } from "../../api/client";

let made: Schemas["SetupDoneBody"] | undefined;

export const keepNewKeys = (keys: Schemas["SetupDoneBody"]) => {
  made = keys;
};
export const newKeys = (project: string) => (made?.projectId === project ? made : undefined);
