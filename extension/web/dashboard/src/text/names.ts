import { maybe } from "./index";

/** What a step of a visit is called: an event's type, or where a session ended. */
export const stepName = (name: string): string => maybe(`event.${name}`, name);
